import { describe, expect, it } from 'vitest';
import { loadDevice } from '../numerics/devices/ladder';
import { flat, problemOf, reference, relativeError } from './fixtures/reference';
import { checkQcqp, deviceProblem, equalityAt, inequalityAt, objectiveAt } from './problem';
import { validationMetrics } from './validation';

const device = await loadDevice('wasm');

describe.each(reference.cases)('QCQP with dense H $dense ($activation)', (expected) => {
  const problem = problemOf(expected);
  const { n, m, e } = problem;
  const [X, Y] = [flat(expected.X), flat(expected.Y)];
  const count = expected.X.length;

  it('in float64 equals numpy', () => {
    for (let i = 0; i < count; i++) {
      const [c, r] = [new Float64Array(m), new Float64Array(e)];
      inequalityAt(problem, Y, i * n, c);
      equalityAt(problem, Y, i * n, X, i * e, r);
      expect(objectiveAt(problem, Y, i * n)).toBeCloseTo(expected.objective[i], 13);
      expect(relativeError(c, expected.inequality[i])).toBeLessThan(1e-14);
      expect(relativeError(r, expected.equality[i])).toBeLessThan(1e-14);
    }
  });

  it('on the device equals its float64 twin to the device’s precision', async () => {
    const batched = deviceProblem(device, problem);
    const y = device.tensor(Y, [count, n]);
    const x = device.tensor(X, [count, e]);
    expect(relativeError(await device.read(batched.objective(y)), expected.objective)).toBeLessThan(1e-6);
    expect(relativeError(await device.read(batched.inequality(y)), flat(expected.inequality))).toBeLessThan(1e-6);
    expect(relativeError(await device.read(batched.equality(y, x)), flat(expected.equality))).toBeLessThan(1e-6);
  });

  it('has gradients that agree with central differences of the float64 twin', async () => {
    const batched = deviceProblem(device, problem);
    const { tf } = device;
    const y = device.tensor(Y, [count, n]);
    const gradient = await device.read(tf.grad((z) => tf.sum(batched.objective(z)))(y));
    const rowGradient = await device.read(tf.grad((z) => tf.sum(batched.inequality(z)))(y));
    const total = (values: Float64Array, offset: number) => {
      const c = new Float64Array(m);
      inequalityAt(problem, values, offset, c);
      return c.reduce((sum, value) => sum + value, 0);
    };
    const difference = (value: (values: Float64Array, offset: number) => number) =>
      Float64Array.from(Y, (_, k) => {
        const at = (step: number) => value(Y.with(k, Y[k] + step), Math.floor(k / n) * n);
        // Both functions are quadratic, so that central differences are exact up to rounding.
        return (at(0.5) - at(-0.5)) / 1;
      });
    expect(
      relativeError(
        gradient,
        difference((v, o) => objectiveAt(problem, v, o)),
      ),
    ).toBeLessThan(1e-6);
    expect(relativeError(rowGradient, difference(total))).toBeLessThan(1e-6);
  });
});

describe('validation metrics', () => {
  it('equal numpy’s to 1e-12, with maximum and median over the whole set', () => {
    const { validation } = reference;
    const set = { count: validation.X.length, X: flat(validation.X), Y: flat(validation.Y) };
    const metrics = validationMetrics(problemOf(validation), set, flat(validation.outputs));
    expect(Object.keys(metrics)).toEqual(Object.keys(validation.metrics));
    for (const [key, value] of Object.entries(validation.metrics)) expect(metrics[key], key).toBeCloseTo(value, 12);
  });

  it('an output that is no number shows in the maximum and counts as violated', () => {
    const { validation } = reference;
    const set = { count: validation.X.length, X: flat(validation.X), Y: flat(validation.Y) };
    const outputs = flat(validation.outputs).with(0, NaN);
    const metrics = validationMetrics(problemOf(validation), set, outputs);
    expect(metrics['valid/eq_max']).toBeNaN();
    expect(metrics['valid/gap_max']).toBeNaN();
    expect(metrics['valid/violated_share']).toBe(validation.metrics['valid/violated_share']);
  });
});

it('refuses arrays that do not agree with the dimensions, by name', () => {
  const problem = problemOf(reference.cases[0]);
  expect(() => checkQcqp({ ...problem, G: problem.G.slice(1) })).toThrow(/G has 23 entries/);
  expect(() => checkQcqp({ ...problem, H: problem.H.slice(1) })).toThrow(/H has 23 entries/);
});
