import { expect, it } from 'vitest';
import { Generator } from '@shared/random/generator';
import { accurateHypergradient, relativeError } from '../accurateHypergradient';
import { drawBilevel } from '../families';
import { makeLowerLevel } from '../lower/makeLowerLevel';
import { Comparison, kinkBetween, variation } from './comparison';
import { makeContestants } from './contestants';
import { hypergradientsSchema } from './experimentSchema';

const { problem, x } = drawBilevel('coupled', { d: 8, n: 8, seed: 4 });
const careful = { tolerance: 1e-11, threshold: 1e-6, differenceStep: 1e-5 };

it('all ways agree with the accurate hypergradient, each to its own error', () => {
  const { gradient } = accurateHypergradient(problem, x);
  const { direct, implicit, layer } = makeContestants(problem, careful);
  expect(relativeError(layer.at(x, { q: problem.q }).gradient, gradient)).toBeLessThan(1e-13);
  expect(relativeError(implicit.at(x, { q: problem.q }).gradient, gradient)).toBeLessThan(1e-9);
  const differenced = direct.at(x, { q: problem.q });
  expect(differenced.solves).toBe(9);
  expect(relativeError(differenced.gradient, gradient)).toBeLessThan(1e-5);
});

it('a loose tolerance costs the differences their accuracy by as much as it is larger than the step', () => {
  const { gradient } = accurateHypergradient(problem, x);
  const { direct } = makeContestants(problem, { ...careful, tolerance: 1e-3 });
  const error = relativeError(direct.at(x, { q: problem.q }).gradient, gradient);
  expect(error).toBeGreaterThan(1e-4);
});

it('asked for some coordinates, a way answers with these and solves no more than it must', () => {
  const { direct, implicit } = makeContestants(problem, careful);
  const coordinates = Int32Array.of(1, 6);
  for (const contestant of [direct, implicit]) {
    const all = contestant.at(x, { q: problem.q }).gradient.slice();
    const some = contestant.at(x, { q: problem.q, coordinates });
    expect([...some.gradient]).toEqual([all[1], all[6]]);
  }
  expect(direct.at(x, { q: problem.q, coordinates }).solves).toBe(3);
});

it('a kink between two points is found to rounding, and only the layer says so', () => {
  const kink = kinkBetween(problem, new Generator(7))!;
  expect(makeLowerLevel(problem).solve(kink).weak.length).toBeGreaterThan(0);
  const contestants = makeContestants(problem, careful);
  const refused = Object.values(contestants).map(({ at }) => at(kink, { q: problem.q }).refused);
  expect(refused).toEqual([false, false, true]);
});

it('where the active set is everywhere the same there is no kink to be found', () => {
  expect(kinkBetween(drawBilevel('V2', { d: 4, n: 4 }).problem, new Generator(7))).toBeNull();
});

it('variation is that of a hand-made sample', () => {
  // Standard deviations 1 and 2, means 3 and 4.
  const answers = [Float64Array.of(2, 2), Float64Array.of(3, 4), Float64Array.of(4, 6)];
  expect(variation(answers)).toBeCloseTo(Math.sqrt(5) / 5, 12);
});

it('measures everything that a table needs, and differences some coordinates where the budget is small', () => {
  const experiment = hypergradientsSchema.parse({
    ...{ problem: { kind: 'coupled', d: 12 }, points: 2, deltas: [1e-3], ssigdSteps: 5, budgetSeconds: 1e-6 },
  });
  const comparison = new Comparison(experiment);
  comparison.warmUp();
  const rows = comparison.tasks.map((task) => comparison.measure(task));
  expect(comparison.tasks.map(({ kind }) => kind)).toEqual([
    ...['point', 'point', 'kink', 'stability', 'consistency', 'ssigd', 'memory'],
  ]);
  expect(rows[0].direct_share).toBeCloseTo(2 / 12, 12);
  expect(rows[0].speedup).toBeGreaterThan(0);
  expect(rows[0].layer_error).toBeLessThan(1e-13);
  expect(rows[2].layer_refused).toBe(1);
  expect(rows[3].true_quotient).toBeCloseTo(rows[3].layer_quotient, 8);
  expect(rows[4].layer_variation).toBeLessThan(1e-14);
  expect(rows[5].ssigd_layer_share).toBe(1);
  expect(rows[5].ssigd_direct_share).toBeLessThan(1);
  expect(rows[5]).not.toHaveProperty('ssigd_direct_F');
  expect(rows[6].layer_bytes).toBeGreaterThan(0);
});

it('a problem whose lower level ignores x is refused unless that is wanted', () => {
  const vacuous = { problem: { kind: 'V2' } };
  expect(hypergradientsSchema.safeParse(vacuous).error?.issues[0]).toMatchObject({ path: ['problem', 'kind'] });
  expect(hypergradientsSchema.safeParse({ ...vacuous, allowVacuous: true }).success).toBe(true);
});
