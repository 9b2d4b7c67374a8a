import { describe, expect, it } from 'vitest';
import { traitsOf } from '../../modelling/traits';
import { equalityAt, inequalityAt, inequalityCount, type Qcqp } from '../problem';
import {
  device,
  expectLayerGradient,
  largestDifference,
  layerOn,
  normals,
  saved,
  savedProblem,
  trainBriefly,
} from './fixtures/layers';

const correction = { kind: 'dc3', rate: 0.02, momentum: 0.5, steps: 10 };
const [z, X] = [Float64Array.from(saved.z), Float64Array.from(saved.x)];
const { n, e, B } = saved.dims;

/** The same problem with every H_i as a matrix. */
function dense(problem: Qcqp): Qcqp {
  const H = new Float64Array(problem.m * n * n);
  problem.H.forEach((value, at) => (H[at * n + (at % n)] = value));
  return { ...problem, H };
}

const largestViolation = (problem: Qcqp, y: Float64Array, i: number): number => {
  const rows = new Float64Array(inequalityCount(problem));
  inequalityAt(problem, y, i * n, rows);
  return Math.max(0, ...rows);
};

describe.each(['affine', 'curved'] as const)('DC3 on %s rows', (rows) => {
  const problem = savedProblem(rows);

  it('gives what numpy gives, with matrices in the place of diagonals as well', async () => {
    for (const given of [problem, dense(problem)])
      expect(largestDifference(await layerOn(given, correction).outputs(z, X), saved[rows].dc3)).toBeLessThan(1e-11);
  });

  it('has the gradient of central differences, with either measure of violation', async () => {
    await expectLayerGradient(problem, correction, z, X);
    await expectLayerGradient(dense(problem), { ...correction, violation: 'norm' }, z, X);
  });

  it('takes the same steps in validation, on the host', () => {
    const { technique, pass } = layerOn(problem, { ...correction, testSteps: 10, tolerance: 0 });
    expect(largestDifference(technique.evaluate!(pass, z, X).outputs, saved[rows].dc3)).toBeLessThan(1e-11);
  });

  it('corrects an instance in validation until it is within the tolerance, each by itself, and always gives Ay = x', () => {
    const test = { ...correction, rate: 0.01, testSteps: 2000, tolerance: 1e-2 };
    const outputs = (change: object, Z: Float64Array, given: Float64Array) => {
      const { technique, pass } = layerOn(problem, { ...test, ...change });
      return technique.evaluate!(pass, Z, given).outputs;
    };
    const y = outputs({}, z, X);
    expect([...y.subarray(0, n)]).toEqual([...outputs({}, z.subarray(0, n - e), X.subarray(0, e))]);
    const few = outputs({ testSteps: 3 }, z, X);
    const residual = new Float64Array(e);
    let before = 0;
    for (let i = 0; i < B; i++) {
      equalityAt(problem, y, i * n, X, i * e, residual);
      expect(Math.max(...residual.map(Math.abs))).toBeLessThan(1e-12);
      expect(largestViolation(problem, y, i)).toBeLessThanOrEqual(1e-2);
      before = Math.max(before, largestViolation(problem, few, i));
    }
    expect(before).toBeGreaterThan(0.1);
  });

  it('learns, with Ay = x in every validation', async () => {
    const { before, after } = await trainBriefly(rows, { ...correction, rate: 1e-2, steps: 5 });
    for (const metrics of [before, after]) expect(metrics['valid/eq_max']).toBeLessThan(1e-10);
    expect(Math.abs(after['valid/gap_mean'])).toBeLessThan(0.3 * Math.abs(before['valid/gap_mean']));
    expect(after['valid/ineq_mean']).toBeLessThan(0.05);
  });
});

it('the gradient of the squared violation is that of differences', async () => {
  for (const problem of [savedProblem('curved'), dense(savedProblem('curved'))]) {
    const { pass } = layerOn(problem, correction);
    const y = normals(n);
    const found = await device.read(pass.problem.violationGradient(device.tensor(y, [1, n])));
    const squared = (at: Float64Array) => {
      const values = new Float64Array(inequalityCount(problem));
      inequalityAt(problem, at, 0, values);
      return values.reduce((sum, value) => sum + Math.max(0, value) ** 2, 0);
    };
    for (let j = 0; j < n; j++) {
      const moved = (by: number) => squared(y.map((value, k) => value + (k === j ? by : 0)));
      expect(Math.abs((moved(1e-5) - moved(-1e-5)) / 2e-5 - found[j])).toBeLessThan(1e-7);
    }
  }
});

it('is refused where rows of A are dependent', () => {
  const problem = savedProblem('affine');
  const { technique, settings } = layerOn(problem, correction);
  expect(technique.refusal!(settings, traitsOf(problem))).toBeNull();
  const A = problem.A.slice().copyWithin(n, 0, n);
  expect(technique.refusal!(settings, traitsOf({ ...problem, A }))).toContain('it has 3 rows and rank 2');
});
