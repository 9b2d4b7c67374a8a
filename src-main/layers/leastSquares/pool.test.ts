import { afterEach, expect, test } from 'vitest';
import { defaultLeastSquaresSettings, gainRatioSearch } from '../../solvers/leastSquares/settings';
import { makeLayer, randomGiven, type Given } from './fixtures/random';
import { leastSquaresData } from './leastSquaresLayer';
import { LeastSquaresPool } from './pool';
import type { LeastSquaresLayerSettings } from './settings';

const pools: LeastSquaresPool[] = [];
afterEach(() => {
  for (const pool of pools.splice(0)) pool.dispose();
});

function makePool(given: Given, settings: Partial<LeastSquaresLayerSettings>, threads: number): LeastSquaresPool {
  const pool = new LeastSquaresPool(given.rows, given.anchorWeight, settings, threads);
  pools.push(pool);
  return pool;
}

const solver = { ...defaultLeastSquaresSettings, maxIterations: 6 };
const given = randomGiven({ seed: 101, n: 34, e: 9, m: 15, size: 75, weighted: true });
const modes: Partial<LeastSquaresLayerSettings>[] = [
  { mode: 'anchored', backward: { kind: 'unroll' }, trace: true },
  {
    mode: 'anchored',
    backward: { kind: 'unroll', checkpointed: true },
    solver: { ...solver, search: gainRatioSearch },
  },
  { mode: 'anchored', backward: { kind: 'implicit', hessian: 'gaussNewton' } },
  { mode: 'anchored', backward: { kind: 'dlm', epsilon: 0.01 } },
  { mode: 'project', backward: { kind: 'unroll' } },
  { mode: 'project', backward: { kind: 'implicit', hessian: 'gaussNewton' } },
];

test.each(modes)('threads change no bit of results and derivatives: %o', { timeout: 60_000 }, (changes) => {
  const settings = { solver, ...changes };
  const layer = makeLayer(given, settings);
  const expected = layer.forward(given);
  const gradients = layer.backward(given.cotangent, leastSquaresData);
  for (const threads of [1, 2, 3]) {
    const pool = makePool(given, settings, threads);
    const until = performance.now() + 30_000;
    for (let helped = false; !helped && performance.now() < until;) {
      const result = pool.forward(given);
      expect({ ...result, trace: null }).toEqual({ ...expected, trace: null });
      expect(result.trace?.gradient).toEqual(expected.trace?.gradient);
      expect(pool.backward(given.cotangent, leastSquaresData)).toEqual(gradients);
      // A thread that has just been started takes part from some later batch on.
      helped = pool.owners.some((thread) => thread > 0) || threads === 1;
    }
    if (threads > 1) expect(pool.owners.some((thread) => thread > 0)).toBe(true);
  }
});

test('an instance that fails is reported from whichever thread had it, and an earlier batch can still be differentiated', () => {
  const broken = { ...given, initial: given.initial.slice() };
  broken.initial[70 * 34] = NaN;
  const settings = { solver, mode: 'anchored' } as const;
  const pool = makePool(given, settings, 2);
  const first = pool.forward(given);
  const gradients = pool.backward(given.cotangent);
  const result = pool.forward(broken);
  expect(result.reported).toEqual([70]);
  expect(result.status[70]).toBe('NaN');
  expect(pool.backward(given.cotangent).dropped).toEqual([70]);
  expect(pool.backward(given.cotangent, undefined, first)).toEqual(gradients);
  const strict = makePool(given, { ...settings, onFailure: 'throw' }, 2);
  expect(() => strict.forward(broken)).toThrow(/instance 70 met a number that is not finite/);
  expect(() => pool.forward({ ...given, size: 74 })).toThrow(/anchor has 2550 entries/);
  expect(() => pool.backward(given.cotangent.slice(1))).toThrow(/cotangent has 2549 entries/);
});

test('a batch that is not to be differentiated keeps nothing, has the same result, and says so when asked', () => {
  const settings = { solver, mode: 'project', backward: { kind: 'unroll' } } as const;
  const [layer, keeping] = [makeLayer(given, settings), makeLayer(given, settings)];
  const pool = makePool(given, settings, 2);
  const { y } = keeping.forward(given);
  for (const solve of [layer, pool]) {
    expect(solve.forward({ ...given, differentiated: false }).y).toEqual(y);
    expect(() => solve.backward(given.cotangent)).toThrow(/without what its derivative needs/);
  }
  expect(keeping.bytesHeld).toBeGreaterThan(3 * layer.bytesHeld);
  expect(pool.bytesHeld).toBe(0);
});
