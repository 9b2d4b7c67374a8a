import { describe, expect, it, test } from 'vitest';
import type { Tensor } from '../../numerics/devices/device';
import { loadDevice } from '../../numerics/devices/ladder';
import { CompositeResidual } from '../../solvers/leastSquares/compositeResidual';
import { QcqpResidual, type QcqpGradient } from '../../solvers/leastSquares/qcqpResidual';
import type { DifferentiableResidual } from '../../solvers/leastSquares/residualModel';
import {
  defaultLeastSquaresSettings,
  gainRatioSearch,
  type LeastSquaresSettings,
} from '../../solvers/leastSquares/settings';
import { TensorResidual, type TensorGradient } from '../../solvers/leastSquares/tensorResidual';
import { makeLayer, randomGiven } from './fixtures/random';
import { ResidualLayer } from './residualLayer';
import type { BackwardMode } from './settings';

const device = await loadDevice('simd64');
const { tf } = device;
const given = randomGiven({ seed: 91, size: 3 });
const { size, anchor, x, initial, cotangent, rows, anchorWeight } = given;
const { n, A, G, H, h } = rows;
const [e, m] = [A.length / n, h.length];
const slice = (values: Float64Array, i: number) =>
  values.slice((i * values.length) / size, ((i + 1) * values.length) / size);

type Datum = 'anchor' | 'x' | 'anchorWeight' | 'A' | 'G' | 'H' | 'h';

/** The QCQP's residual, written in ops. */
const inOps = () =>
  new TensorResidual<Datum>(device, {
    ...{ n, rows: n + e + m },
    residual: (y, data) => {
      const quadratic = tf.matMul(tf.square(y), data.H, false, true);
      const c = tf.sub(tf.add(quadratic, tf.matMul(y, data.G, false, true)), data.h);
      const equality = tf.sub(tf.matMul(y, data.A, false, true), data.x);
      return tf.concat([tf.mul(data.anchorWeight, tf.sub(y, data.anchor)), equality, tf.relu(c)], 1);
    },
    data: {
      anchor: { values: slice(anchor, 0), shape: [1, n] },
      x: { values: slice(x, 0), shape: [1, e] },
      anchorWeight: { values: [anchorWeight], shape: [1, 1] },
      A: { values: A, shape: [e, n] },
      G: { values: G, shape: [m, n] },
      H: { values: H, shape: [m, n] },
      h: { values: h, shape: [1, m] },
    },
  });

const solver = { ...defaultLeastSquaresSettings, maxIterations: 5 };
const modes: [BackwardMode, Partial<LeastSquaresSettings>][] = [
  [{ kind: 'unroll' }, {}],
  [{ kind: 'unroll', checkpointed: true }, { search: gainRatioSearch }],
  [{ kind: 'unroll' }, { descent: { kind: 'levenbergMarquardt', damping: 0.3, ellipsoidal: true } }],
  [{ kind: 'unroll' }, { descent: { kind: 'dogleg', radius: 0.3 }, search: gainRatioSearch }],
  [{ kind: 'truncated', last: 2 }, {}],
  [{ kind: 'implicit', hessian: 'gaussNewton' }, {}],
  [{ kind: 'implicit', hessian: 'newton' }, { maxIterations: 30 }],
  [{ kind: 'dlm', epsilon: 1e-2 }, {}],
];

function expectClose(found: Float64Array, expected: Float64Array, what: string): void {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
  found.forEach((value, k) => expect(Math.abs(value - expected[k]), what).toBeLessThan(1e-10 * largest));
}

describe('a residual in ops has the iterates and derivatives of the analytic one', () => {
  it.each(modes)('%o, %o', (backward, changes) => {
    const settings = { ...solver, ...changes };
    const analytic = makeLayer(given, { mode: 'anchored', backward, solver: settings });
    const expected = analytic.forward(given);
    const names = ['anchor', 'x', 'initial', 'anchorWeight', 'damping', 'A', 'G', 'H', 'h'] as const;
    const { gradients } = analytic.backward(cotangent, names);
    const model = inOps();
    const layer = new ResidualLayer(model, backward, settings);
    const choose = (i: number) => {
      model.set('anchor', slice(anchor, i));
      model.set('x', slice(x, i));
    };
    const tensors = tf.memory().numTensors;
    const result = layer.forward({ size, initial, choose });
    expectClose(result.y, expected.y, 'y');
    expect(result.iterations).toEqual(expected.iterations);
    const shared: TensorGradient<Datum> = {
      anchorWeight: new Float64Array(1),
      ...{ A: new Float64Array(e * n), G: new Float64Array(m * n), H: new Float64Array(m * n), h: new Float64Array(m) },
    };
    const [dAnchor, dX] = [new Float64Array(size * n), new Float64Array(size * e)];
    const outcome = layer.backward(cotangent, (i) => ({
      ...shared,
      anchor: dAnchor.subarray(i * n, (i + 1) * n),
      x: dX.subarray(i * e, (i + 1) * e),
    }));
    expect(tf.memory().numTensors).toBe(tensors);
    const found = { ...shared, anchor: dAnchor, x: dX, initial: outcome.initial };
    for (const name of Object.keys(found) as (keyof typeof found)[]) expectClose(found[name]!, gradients[name]!, name);
    expectClose(Float64Array.of(outcome.damping), gradients.damping!, 'damping');
    model.dispose();
  });
});

test('costs of both kinds compose, and what is reported of one instance does not touch the others', () => {
  const model = new QcqpResidual(rows, anchorWeight);
  const bend = new TensorResidual(device, {
    ...{ n, rows: 2, data: { scale: { values: [0.7], shape: [1, 1] } } },
    residual: (y: Tensor, { scale }) =>
      tf.concat([tf.mul(scale, tf.sin(tf.sum(y, 1, true))), tf.mul(scale, tf.square(tf.slice(y, [0, 0], [-1, 1])))], 1),
  });
  type Gradient = QcqpGradient & { scale?: Float64Array };
  const both = new CompositeResidual<Gradient>([model, bend as DifferentiableResidual<Gradient>]);
  const layer = new ResidualLayer(both, { kind: 'unroll' }, solver);
  const run = (scale: number, start = initial) => {
    bend.set('scale', [scale]);
    const choose = (i: number) => model.setInstance(anchor, i * n, x, i * e);
    return layer.forward({ size, initial: start, choose });
  };
  const loss = (scale: number) => run(scale).y.reduce((sum, value, k) => sum + value * cotangent[k], 0);
  const difference = (loss(0.7 + 1e-5) - loss(0.7 - 1e-5)) / 2e-5;
  const whole = run(0.7);
  const dScale = new Float64Array(1);
  const { initial: dStart } = layer.backward(cotangent, () => [{}, { scale: dScale }]);
  expect(Math.abs(difference)).toBeGreaterThan(1e-3);
  expect(dScale[0]).toBeCloseTo(difference, 7);
  const broken = initial.slice();
  broken[n] = NaN;
  const part = run(0.7, broken);
  expect(part.reported).toEqual([1]);
  expect(part.status).toEqual(['iteration limit', 'NaN', 'iteration limit']);
  const again = layer.backward(cotangent, () => [{}, {}]);
  expect(again.dropped).toEqual([1]);
  for (const i of [0, 2]) {
    expect(slice(part.y, i)).toEqual(slice(whole.y, i));
    expect(slice(again.initial, i)).toEqual(slice(dStart, i));
  }
});
