import { describe, expect, it } from 'vitest';
import { traitsOf } from '../../modelling/traits';
import { equalityAt, inequalityAt, inequalityCount } from '../problem';
import { makeCompletion } from './completion';
import {
  expectLayerGradient,
  largestDifference,
  layerOn,
  normals,
  saved,
  savedProblem,
  trainBriefly,
} from './fixtures/layers';

const hardNet = { kind: 'hardNetAff' };
const problem = savedProblem('affine');
const { n, e, B } = saved.dims;

describe('completion', () => {
  it('takes the dependent columns that scipy’s pivoted QR takes, and gives Ay = x', () => {
    for (const rows of ['affine', 'curved'] as const) {
      const given = savedProblem(rows);
      const { dependent, free, T, B: ofX } = makeCompletion(given);
      expect([...dependent]).toEqual(saved[rows].dependent);
      const [z, x] = [normals(n - e), normals(e, 7)];
      const y = Float64Array.from({ length: n }, (_, j) => {
        const fromFree = z.reduce((sum, value, i) => sum + T[j * (n - e) + i] * value, 0);
        return x.reduce((sum, value, i) => sum + ofX[j * e + i] * value, fromFree);
      });
      expect(
        largestDifference(
          Array.from(free, (j) => y[j]),
          z,
        ),
      ).toBeLessThan(1e-14);
      const residual = new Float64Array(e);
      equalityAt(given, y, 0, x, 0, residual);
      expect(Math.max(...residual.map(Math.abs))).toBeLessThan(1e-13);
    }
  });
});

describe('HardNet-Aff', () => {
  it('gives what numpy gives, on the device and on the host', async () => {
    const { outputs } = layerOn(problem, hardNet);
    expect(largestDifference(await outputs(saved.z, saved.x), saved.affine.hardnet)).toBeLessThan(1e-12);
    const { technique, pass } = layerOn(problem, hardNet);
    const onHost = technique.evaluate!(pass, Float64Array.from(saved.z), Float64Array.from(saved.x)).outputs;
    expect(largestDifference(onHost, saved.affine.hardnet)).toBeLessThan(1e-12);
  });

  it('puts every violated row onto its limit and leaves the others as they were', async () => {
    const { outputs } = layerOn(problem, hardNet);
    const completed = await layerOn(problem, { ...hardNet, softEpochs: 1 }).outputs(saved.z, saved.x);
    const y = await outputs(saved.z, saved.x);
    const X = Float64Array.from(saved.x);
    const [before, after] = [new Float64Array(inequalityCount(problem)), new Float64Array(inequalityCount(problem))];
    const residual = new Float64Array(e);
    let violated = 0;
    for (let i = 0; i < B; i++) {
      inequalityAt(problem, completed, i * n, before);
      inequalityAt(problem, y, i * n, after);
      equalityAt(problem, y, i * n, X, i * e, residual);
      expect(Math.max(...residual.map(Math.abs))).toBeLessThan(1e-13);
      // A bounded variable is one row with two limits: where it lands on one, the distance to the other is no longer what it was.
      for (let row = 0; row < saved.dims.m; row++)
        expect(Math.abs(after[row] - Math.min(before[row], 0))).toBeLessThan(1e-12);
      expect(Math.max(...after)).toBeLessThan(1e-12);
      violated += before.filter((value) => value > 0).length;
    }
    expect(violated).toBeGreaterThan(3);
  });

  it('has the gradient of central differences, in soft epochs as well', async () => {
    const [z, X] = [Float64Array.from(saved.z), Float64Array.from(saved.x)];
    await expectLayerGradient(problem, hardNet, z, X);
    await expectLayerGradient(problem, { ...hardNet, softEpochs: 1 }, z, X);
  });

  it('learns, and is feasible in every validation', async () => {
    const { before, after } = await trainBriefly('affine', hardNet);
    for (const { 'valid/eq_max': eq, 'valid/ineq_max': ineq } of [before, after])
      expect(Math.max(eq, ineq)).toBeLessThan(1e-10);
    expect(after['valid/gap_mean']).toBeGreaterThanOrEqual(0);
    expect(after['valid/gap_mean']).toBeLessThan(0.3 * before['valid/gap_mean']);
  });

  it('is refused, with the reason, where its closed form does not hold', () => {
    const { technique, settings } = layerOn(problem, hardNet);
    const refusal = (change: object) => technique.refusal!(settings, { ...traitsOf(problem), ...change });
    expect(refusal({})).toBeNull();
    expect(refusal({ curvedRows: 2 })).toContain('it has 2 quadratic rows');
    expect(refusal({ boundedVariables: 8, rank: 8 })).toContain('more than its 8 variables');
    expect(refusal({ rank: 5 })).toContain('of which only 5 are independent');
  });
});
