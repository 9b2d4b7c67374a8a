import { afterEach, expect, test } from 'vitest';
import { dc3 } from '../../../modelling/families/dc3';
import { generateQcqp, qcqpSettings } from '../../../modelling/families/qcqp';
import { normals } from '../fixtures/layers';
import { fsNet } from '../fsNet/fsNet';
import { makeHostLayers, type HostLayersOf } from './layers';
import { HostPool } from './pool';

const pools: HostPool[] = [];
afterEach(() => {
  for (const pool of pools.splice(0)) pool.dispose();
});
function poolOf(of: HostLayersOf): HostPool {
  const pool = new HostPool(of);
  pools.push(pool);
  return pool;
}

const count = 61;
const { family: curved, X } = generateQcqp(qcqpSettings.parse({ n: 40, m: 12, e: 9, instances: count, seed: 3 }));
const affine = dc3.draw(dc3.settings.parse({ n: 40, m: 12, e: 9, instances: count, seed: 3 })).family;
const raw = normals(count * 40);
const settings = fsNet.settings.parse({ kind: 'fsNet' });
const cases: HostLayersOf[] = [
  { kind: 'fsNet', settings, problem: curved },
  { kind: 'convexProjection', problem: curved },
  { kind: 'convexProjection', problem: affine },
];

test.each(cases)('threads change no bit of $kind', { timeout: 60_000 }, (of) => {
  const alone = makeHostLayers(of).training(raw, X, count);
  const gradient = alone.backward(normals(count * 40, 8));
  for (const threads of [2, 3]) {
    const pool = poolOf(of);
    const until = performance.now() + 30_000;
    for (let helped = false; !helped && performance.now() < until;) {
      const batch = pool.layer('training', threads)(raw, X, count);
      const { y, iterations, failures } = alone;
      expect({ ...batch, backward: null }).toEqual({ y, iterations, failures, backward: null });
      expect(batch.backward(normals(count * 40, 8))).toEqual(gradient);
      // A thread that has just been started takes part from some later batch on.
      helped = pool.owners.some((thread) => thread > 0);
    }
    expect(pool.owners.some((thread) => thread > 0)).toBe(true);
  }
});

test('an earlier batch can still be differentiated, and instances that fail are told from whichever thread had them', () => {
  const of: HostLayersOf = { kind: 'convexProjection', problem: affine };
  const broken = raw.slice();
  for (const i of [3, 30, 60]) broken[i * 40] = NaN;
  const alone = makeHostLayers(of).training(broken, X, count);
  expect(alone.failures.filter((failure) => failure !== null)).toHaveLength(3);
  const layer = poolOf(of).layer('training', 2);
  const first = layer(raw, X, count);
  const gradient = first.backward(raw);
  expect(layer(broken, X, count).failures).toEqual(alone.failures);
  expect(first.backward(raw)).toEqual(gradient);
});
