import { expect, it } from 'vitest';
import { loadDevice } from '../../numerics/devices/ladder';
import { bindTechnique } from '../bound';
import type { NamedTensors } from '../tensors';
import type { Pass } from './technique';

const device = await loadDevice('wasm');
const { technique } = bindTechnique({ kind: 'pcgrad', lambda: { kind: 'constant', value: 1 } });
const pass = { device } as unknown as Pass<unknown>;

/** The direction for gradients of two weights, of two entries and of one. */
async function direction(f: number[], p: number[]): Promise<number[]> {
  const named = ([a, b, c]: number[]): NamedTensors => ({ w: device.tensor([a, b], [2]), v: device.tensor([c], [1]) });
  const { w, v } = technique.direct!(pass, named(f), named(p));
  return [...(await device.read(w)), ...(await device.read(v))];
}

it.each([
  // g_f·g_p = −2, ‖g_f‖² = 4, ‖g_p‖² = 2: g_f' = (2,0,0) + (−1,0,1) and g_p' = (−1,0,1) + (1,0,0).
  ['projects each gradient off the other where they conflict', [2, 0, 0], [-1, 0, 1], [1, 0, 2]],
  // g_f·g_p = −3, ‖g_f‖² = 3, ‖g_p‖² = 5: g_f' = (1,1,1) + 3/5 (−2,−1,0) and g_p' = (−2,−1,0) + (1,1,1).
  ['over all weights together', [1, 1, 1], [-2, -1, 0], [1 - 1.2 - 2 + 1, 1 - 0.6 - 1 + 1, 1 + 1]],
  ['adds them where they agree', [1, 2, 3], [3, 0, -1], [4, 2, 2]],
  ['adds them where they are orthogonal', [0, 2, 0], [3, 0, -1], [3, 2, -1]],
  ['cancels them where they are opposite', [1, 2, 2], [-2, -4, -4], [0, 0, 0]],
  ['takes the other where one vanishes', [0, 0, 0], [3, 0, -1], [3, 0, -1]],
])('%s', async (_, f, p, expected) => {
  const found = await direction(f, p);
  expected.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 6));
});
