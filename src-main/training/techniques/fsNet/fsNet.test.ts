import { describe, expect, it } from 'vitest';
import { generateQcqp, qcqpSettings } from '../../../modelling/families/qcqp';
import type { Qcqp } from '../../problem';
import {
  expectLayerGradient,
  largestDifference,
  layerOn,
  normals,
  saved,
  savedProblem,
  trainBriefly,
} from '../fixtures/layers';
import { ViolationEnergy } from '../violationEnergy';

const [y, X] = [Float64Array.from(saved.y), Float64Array.from(saved.x)];
const { n, e, B } = saved.dims;
const short = { kind: 'fsNet', iterations: 12, memory: 5 };

function dense(problem: Qcqp): Qcqp {
  const { n, m } = problem;
  const H = new Float64Array(m * n * n);
  problem.H.forEach((value, at) => (H[at * n + (at % n)] = value));
  return { ...problem, H };
}

describe.each(['affine', 'curved'] as const)('FSNet on %s rows', (rows) => {
  const problem = savedProblem(rows);

  it('goes where numpy’s L-BFGS goes', async () => {
    for (const given of [problem, dense(problem)])
      expect(largestDifference(await layerOn(given, short).outputs(y, X), saved[rows].fsnet)).toBeLessThan(1e-8);
  });

  it('has the gradient of central differences through all iterations, curvature pairs included', async () => {
    // The tolerances are out of reach, so that no iteration is added or left out between two points of a difference.
    const fixed = { ...short, scale: 1, memory: 3, tolerance: 1e-300 };
    for (const iterations of [1, 2, 3, 6])
      await expectLayerGradient(problem, { ...fixed, iterations }, y, X, { step: 1e-6, tolerance: 1e-5 });
    await expectLayerGradient(dense(problem), { ...fixed, iterations: 4 }, y, X, { step: 1e-6, tolerance: 1e-5 });
  });

  it('lets the gradient go through the differentiated iterations alone', async () => {
    const { pass, technique } = layerOn(problem, { ...short, differentiated: 0, distance: 0 });
    const { tf } = pass.device;
    const raw = pass.device.tensor(y, [B, n]);
    const x = pass.device.tensor(X, [B, e]);
    const gradient = tf.grad((given) => tf.sum(technique.layer!(pass, given, x)))(raw);
    expect([...(await pass.device.read(gradient))]).toEqual(new Array(B * n).fill(1));
  });

  it('finds feasible points in validation, each instance by itself', async () => {
    const { pass, technique } = layerOn(problem, short);
    const all = technique.evaluate!(pass, y, X).outputs;
    const alone = technique.evaluate!(pass, y.subarray(0, n), X.subarray(0, e)).outputs;
    expect([...all.subarray(0, n)]).toEqual([...alone]);
    const energy = new ViolationEnergy(problem, 1);
    for (let i = 0; i < B; i++)
      expect(Math.sqrt(energy.value(all.subarray(i * n, (i + 1) * n), X, i * e))).toBeLessThan(1e-6);
  });

  it('learns, and is nearly feasible in every validation', async () => {
    const { before, after, steps } = await trainBriefly(rows, { kind: 'fsNet' }, { epochs: 40 });
    for (const { 'valid/eq_max': eq, 'valid/ineq_max': ineq } of [before, after])
      expect(Math.max(eq, ineq)).toBeLessThan(1e-5);
    expect(Math.abs(after['valid/gap_mean'])).toBeLessThan(0.3 * Math.abs(before['valid/gap_mean']));
    expect(steps[0]['inner/iterations']).toBeGreaterThan(1);
  });
});

/** Of a size that is computed in WebAssembly, with bounds. */
function larger(): Qcqp {
  const { family } = generateQcqp(qcqpSettings.parse({ n: 37, m: 14, e: 9, instances: 2, seed: 3 }));
  return { ...family, lower: new Float64Array(37).fill(-0.8), upper: new Float64Array(37).fill(1) };
}
const linear = (problem: Qcqp): Qcqp => ({ ...problem, H: new Float64Array(problem.H.length) });

it('has the gradient of central differences where it is computed in WebAssembly, with more pairs than it remembers', async () => {
  const fixed = { ...short, scale: 1, memory: 3, tolerance: 1e-300 };
  for (const problem of [larger(), dense(larger()), linear(larger())])
    for (const iterations of [1, 9])
      await expectLayerGradient(problem, { ...fixed, iterations }, normals(74), normals(18, 5), {
        ...{ step: 1e-6, tolerance: 1e-5, entries: 12 },
      });
});

it('φ has the gradient and the Hessian of differences', () => {
  const [small, large] = [savedProblem('curved'), larger()];
  for (const problem of [small, dense(small), large, dense(large), linear(large)]) {
    const { n } = problem;
    const X = normals(problem.e, 5);
    const energy = new ViolationEnergy(problem, 3);
    const [at, v] = [normals(n), normals(n, 6)];
    const gradient = (point: Float64Array) => {
      const out = new Float64Array(n);
      energy.gradient(point, X, 0, out);
      return out;
    };
    const product = new Float64Array(n);
    gradient(at);
    energy.addHessianHere(v, product);
    const along = (by: number) => at.map((value, j) => value + by * v[j]);
    const [above, below] = [gradient(along(1e-5)), gradient(along(-1e-5))];
    expect(
      largestDifference(
        product,
        above.map((value, j) => (value - below[j]) / 2e-5),
      ),
    ).toBeLessThan(1e-6);
    const slope = (energy.value(along(1e-5), X, 0) - energy.value(along(-1e-5), X, 0)) / 2e-5;
    expect(Math.abs(slope - gradient(at).reduce((sum, value, j) => sum + value * v[j], 0))).toBeLessThan(1e-6);
  }
});
