import { expect, it } from 'vitest';
import { liveBytes } from '../comparison/heldMemory';
import { drawBilevel } from '../families';
import { drawLogistic } from '../regression/draw';
import type { Oracle } from './estimator';
import { differences } from './differences';
import { exact } from './exact';
import { unrolled } from './unrolled';

/** Live bytes, after what is no longer used has really gone: buffers are freed a little after their collection. */
async function settledBytes(): Promise<number> {
  for (let round = 0; round < 4; round++) {
    liveBytes();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return liveBytes();
}

/**
 * What the oracle keeps alive after an estimate, measured, and what it counts. What others leave behind may go meanwhile, code that was
 * compiled for the first time above all: the middle of three is taken.
 */
async function compare(make: () => Oracle, x: Float64Array): Promise<{ counted: number; measured: number }> {
  const found: { counted: number; measured: number }[] = [];
  for (let round = 0; round < 3; round++) found.push(await measure(make, x));
  return found.sort((a, b) => a.measured - b.measured)[1];
}

async function measure(make: () => Oracle, x: Float64Array): Promise<{ counted: number; measured: number }> {
  const before = await settledBytes();
  const oracle = make();
  const counted = oracle.at(x).work.bytes;
  const measured = (await settledBytes()) - before;
  // Used once more, so that it was alive when it was measured.
  oracle.at(x);
  return { counted, measured };
}

const { problem, x } = drawBilevel('coupled', { d: 20, n: 300 });
const rows = drawBilevel('V1', { d: 20, n: 250 });
const smooth = drawLogistic({
  ...{ samples: 50, validation: 10, features: 100, classes: 4, groups: 3, bound: 0, domain: 5 },
  ...{ noise: 0.5, seed: 1, perturbation: 0 },
});

it.each<[string, () => Oracle, Float64Array]>([
  ['exact, bounds', () => exact.make(problem, { kind: 'exact' }), x],
  ['exact, rows', () => exact.make(rows.problem, { kind: 'exact' }), rows.x],
  ['exact, smooth', () => exact.make(smooth.problem, { kind: 'exact' }), smooth.x],
  ['unrolled', () => unrolled.make(problem, { kind: 'unrolled', iterations: 400 }), x],
  [
    'differences',
    () => differences.make(problem, { kind: 'differences', scheme: 'forward', step: 1e-5, warm: true }),
    x,
  ],
])('the bytes that %s counts are those that a collector finds alive', async (_name, make, at) => {
  const { counted, measured } = await compare(make, at);
  expect(counted / measured).toBeGreaterThan(0.8);
  expect(counted / measured).toBeLessThan(1.25);
});
