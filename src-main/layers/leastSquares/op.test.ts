import { describe, expect, it } from 'vitest';
import { loadDevice } from '../../numerics/devices/ladder';
import { defaultLeastSquaresSettings, gainRatioSearch } from '../../solvers/leastSquares/settings';
import { makeLayer, randomGiven } from './fixtures/random';
import type { LeastSquaresResult } from './leastSquaresLayer';
import { leastSquaresOp } from './op';

const device = await loadDevice('simd64');
const { tf } = device;
const given = randomGiven({ seed: 71, weighted: true, size: 4 });
const {
  size,
  rows: { n, h },
} = given;
const e = given.x.length / size;
const [m] = [h.length];
const anchor = device.tensor(given.anchor, [size, n]);
const x = device.tensor(given.x, [size, e]);
const initial = device.tensor(given.initial, [size, n]);
const anchorWeight = device.tensor([given.anchorWeight], []);
const rowWeights = device.tensor(given.rowWeights, [e + m]);
const damping = device.tensor([0.2], []);
const v = device.tensor(given.cotangent, [size, n]);
const solver = { ...defaultLeastSquaresSettings, maxIterations: 5 };

const weighted = (y: typeof v) => tf.sum(tf.mul(y, v));

describe('the op', () => {
  it('has the values and gradients of the layer, for everything that may be learnt', async () => {
    const layer = makeLayer(given, { mode: 'anchored', solver });
    const op = leastSquaresOp(device, layer);
    const before = tf.memory().numTensors;
    const { value, grads } = tf.valueAndGrads((anchor, x, initial, anchorWeight, rowWeights, damping) =>
      weighted(op({ anchor, x, initial, anchorWeight, rowWeights, damping })),
    )([anchor, x, initial, anchorWeight, rowWeights, damping]);
    expect(tf.memory().numTensors - before).toBe(7);
    const alone = makeLayer(given, { mode: 'anchored', solver });
    const { y } = alone.forward({ ...given, damping: 0.2 });
    const names = ['anchor', 'x', 'initial', 'anchorWeight', 'rowWeights', 'damping'] as const;
    const { gradients } = alone.backward(given.cotangent, names);
    const sum = y.reduce((total, entry, k) => total + entry * given.cotangent[k], 0);
    expect((await device.read(value))[0]).toBeCloseTo(sum, 12);
    for (const [at, name] of names.entries())
      expect([...(await device.read(grads[at]))]).toEqual([...gradients[name]!]);
  });

  it('gives the anchor the derivative of the start too, where the solves begin there', async () => {
    const op = leastSquaresOp(device, makeLayer(given, { mode: 'anchored', solver }));
    const both = await device.read(tf.grad((a) => weighted(op({ anchor: a, x, rowWeights })))(anchor));
    const [one, other] = tf.grads((a, b) => weighted(op({ anchor: a, x, initial: b, rowWeights })))([
      anchor,
      tf.clone(anchor),
    ]);
    const sum = await device.read(tf.add(one, other));
    both.forEach((value, k) => expect(value).toBeCloseTo(sum[k], 13));
  });

  it('asks the layer for no gradient of x where x is data, and has the same one of the anchor', async () => {
    const layer = makeLayer(given, { mode: 'anchored', solver });
    const asked: unknown[] = [];
    const watched = {
      forward: layer.forward.bind(layer),
      backward(...[v, names, of]: Parameters<typeof layer.backward>) {
        asked.push(...(names ?? []));
        return layer.backward(v, names, of);
      },
    };
    const gradientOf = (op: ReturnType<typeof leastSquaresOp>) =>
      device.read(tf.grad((a) => weighted(op({ anchor: a, x })))(anchor));
    expect(await gradientOf(leastSquaresOp(device, watched, { constantX: true }))).toEqual(
      await gradientOf(leastSquaresOp(device, layer)),
    );
    expect(asked).toEqual(['anchor', 'initial']);
  });

  it('is differentiated where it was computed, whatever was computed in between', async () => {
    const layer = makeLayer(given, { mode: 'anchored', solver: { ...solver, search: gainRatioSearch } });
    const op = leastSquaresOp(device, layer);
    const gradientOf = (between: () => void) =>
      device.read(
        tf.grad((a) => {
          const y = op({ anchor: a, x });
          between();
          return weighted(y);
        })(anchor),
      );
    const alone = await gradientOf(() => undefined);
    expect(await gradientOf(() => op({ anchor: tf.zerosLike(anchor), x }))).toEqual(alone);
  });

  it('tells what became of every instance, and how long it took', () => {
    const results: LeastSquaresResult[] = [];
    const seconds: number[] = [];
    const op = leastSquaresOp(device, makeLayer(given, { mode: 'anchored', solver, trace: true }), {
      onForward: (result, s) => {
        results.push(result);
        seconds.push(s);
      },
      onBackward: (_, s) => seconds.push(s),
    });
    tf.grad((a) => weighted(op({ anchor: a, x })))(anchor);
    expect(results.map(({ status }) => status)).toEqual([new Array(size).fill('iteration limit')]);
    expect(seconds.length).toBe(2);
    const { trace, objective } = results[0];
    expect(trace!.columns).toBe(6);
    for (let i = 0; i < size; i++) expect(trace!.objective[i * 6 + 5]).toBe(objective[i]);
  });
});
