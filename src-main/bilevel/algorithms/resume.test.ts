import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { estimators } from '../estimators/registry';
import { drawBilevel } from '../families';
import { randomBilevel } from '../fixtures/random';
import type { BilevelProblem } from '../problem';
import type { SavedState } from '../savedState';
import type { OuterAlgorithm, OuterSolver } from './algorithm';
import { outerAlgorithms } from './registry';

/** As a checkpoint keeps it: arrays as they are, the rest as JSON text. */
const throughCheckpoint = ({ arrays, values }: SavedState): SavedState => ({
  arrays: Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, array.slice()])),
  values: JSON.parse(JSON.stringify(values)) as SavedState['values'],
});

const steps = 12;
const box = drawBilevel('coupled', { d: 6, n: 9, seed: 4 });
const rows = randomBilevel({ d: 4, n: 6, m: 4, box: true }, 3);
const problems: [string, { problem: BilevelProblem; x: Float64Array }][] = [
  ['a box', box],
  ['rows that couple x and y', rows],
];
const exact = { kind: 'exact' } as const;
const exactEstimator = estimators[0];

/** x after every step; with `cut`, every step in a solver of its own that goes on from what the one before saved. */
function path(fresh: () => OuterSolver, start: Float64Array, cut: boolean): Float64Array[] {
  let solver = fresh();
  let state = solver.init(start);
  const seen: Float64Array[] = [];
  for (let k = 0; k < steps && !solver.terminate(state); k++) {
    solver.step(state);
    seen.push(state.x.slice());
    if (!cut) continue;
    const saved = throughCheckpoint(solver.save(state));
    solver = fresh();
    state = solver.restore(saved);
  }
  return seen;
}

describe.each(problems)('cut after every step, on %s,', (_, { problem, x }) => {
  const algorithms = outerAlgorithms as readonly OuterAlgorithm<string, z.ZodType>[];
  it.each(algorithms.map((algorithm) => [algorithm.title, algorithm] as const))(
    '%s takes the same path bit for bit',
    (_, algorithm) => {
      if (algorithm.refusal(problem) !== null) return;
      const settings = algorithm.settings.parse({ kind: algorithm.kind });
      const fresh = () => algorithm.make(problem, settings, exactEstimator.make(problem, exact));
      const whole = path(fresh, x, false);
      expect(whole.length).toBeGreaterThan(1);
      expect(path(fresh, x, true)).toEqual(whole);
    },
  );

  it.each(estimators.map((estimator) => [estimator.title, estimator] as const))(
    'the estimator %s gives the same path bit for bit',
    (_, estimator) => {
      if (estimator.refusal(problem) !== null) return;
      const [, ssigd] = outerAlgorithms;
      const oracle = () => estimator.make(problem, estimator.settings.parse({ kind: estimator.kind }) as never);
      const fresh = () => ssigd.make(problem, ssigd.settings.parse({ kind: 'ssigd' }), oracle()) as OuterSolver;
      expect(path(fresh, x, true)).toEqual(path(fresh, x, false));
    },
  );
});

it('a state of another problem is refused by name', () => {
  const [dsigd] = outerAlgorithms;
  const settings = dsigd.settings.parse({ kind: 'dsigd' });
  const make = (problem: BilevelProblem) => dsigd.make(problem, settings, exactEstimator.make(problem, exact));
  const solver = make(box.problem);
  const saved = solver.save(solver.init(box.x));
  const { problem: other } = drawBilevel('coupled', { d: 5, n: 9 });
  expect(() => make(other).restore(saved)).toThrow('no x that fits');
});
