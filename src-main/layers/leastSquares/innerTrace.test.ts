import { expect, test } from 'vitest';
import { defaultLeastSquaresSettings, gainRatioSearch } from '../../solvers/leastSquares/settings';
import { diagnose } from './diagnosis';
import { makeLayer, randomGiven } from './fixtures/random';
import { iterationsTo } from './innerTrace';

const solver = { ...defaultLeastSquaresSettings, maxIterations: 40 };

test('a trace has every iterate until the end, and nothing after it', () => {
  const given = randomGiven({ seed: 81, size: 2, weighted: true, anchorWeight: 1 });
  given.initial[0] = NaN;
  const settings = {
    solver: { ...solver, search: gainRatioSearch, maxIterations: 400, gradientTolerance: 1e-6 },
    trace: true,
  };
  const { trace, iterations, violation, status } = makeLayer(given, { ...settings, mode: 'anchored' }).forward(given);
  const { columns, gradient, objective } = trace!;
  expect(status).toEqual(['NaN', 'converged']);
  expect(iterationsTo(trace!, 0, 1e-6)).toBeNull();
  expect(iterationsTo(trace!, 1, 1e-6)).toBe(iterations[1]);
  expect(iterations[1]).toBeGreaterThan(2);
  expect(iterationsTo(trace!, 1, Infinity)).toBe(0);
  for (let k = 0; k < columns; k++) expect(Number.isNaN(gradient[columns + k])).toBe(k > iterations[1]);
  for (let k = 1; k < iterations[1]; k++)
    expect(objective[columns + k]).toBeLessThanOrEqual(objective[columns + k - 1]);
  expect(trace!.violation[columns + iterations[1]]).toBe(violation[1]);
});

test('a trace of the implicit mode ends with its last step', () => {
  const given = randomGiven({ seed: 82, size: 1 });
  const backward = { kind: 'implicit', hessian: 'gaussNewton' } as const;
  const layer = makeLayer(given, { mode: 'anchored', backward, solver: { ...solver, maxIterations: 3 }, trace: true });
  const { trace, violation, objective } = layer.forward(given);
  expect(trace!.columns).toBe(4);
  expect([...trace!.objective].every(Number.isFinite)).toBe(true);
  expect([trace!.objective[3], trace!.violation[3]]).toEqual([objective[0], violation[0]]);
});

test('a trace of the mode project goes on through the restoration', () => {
  const given = randomGiven({ seed: 83, n: 8, size: 1 });
  const { trace, restorationIterations } = makeLayer(given, { solver, trace: true }).forward(given);
  const [last] = restorationIterations;
  expect(last).toBeGreaterThan(1);
  for (let k = 1; k <= last; k++) expect(trace!.restoration[k]).toBeLessThan(trace!.restoration[k - 1]);
  expect(trace!.restoration[last]).toBeLessThanOrEqual(1e-9);
  expect(trace!.restoration[last + 1]).toBeNaN();
});

test('a diagnosis says which instance, what, and at which iteration', () => {
  const given = randomGiven({ seed: 84, anchorWeight: 0, e: 1, m: 0, size: 2 });
  const gaussNewton = { descent: { kind: 'gaussNewton' } } as const;
  const result = makeLayer(given, { mode: 'anchored', solver: { ...solver, ...gaussNewton } }).forward(given);
  expect(diagnose(result, 1)).toMatch(
    /^instance 1 met a singular normal matrix.*, at iteration 1; its rows are violated by/,
  );
  const rows = {
    n: 2,
    A: Float64Array.of(1, 1),
    H: new Float64Array(2),
    G: Float64Array.of(1, 1),
    h: Float64Array.of(0),
  };
  const empty = { ...randomGiven(), rows, rowWeights: new Float64Array(2).fill(1) };
  const infeasible = makeLayer(empty, {}).forward({
    size: 1,
    anchor: Float64Array.of(0.3, 0.2),
    x: Float64Array.of(1),
  });
  expect(diagnose(infeasible, 0)).toMatch(/^instance 0 stalled while it was restored.*at restoring iteration \d+;/);
});
