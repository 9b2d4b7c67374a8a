import { expect, it } from 'vitest';
import { loadDevice } from '../../numerics/devices/ladder';
import { bindOptimizer } from '../bound';
import { resolveDefaults } from '../experimentSchema';
import { reference, relativeError } from '../fixtures/reference';
import { initSlots, updateAll } from './optimizer';

const device = await loadDevice('wasm');
const { tf } = device;

it.each(reference.optimizers)(
  '$settings.kind follows PyTorch’s update rule ($settings)',
  async ({ settings, path }) => {
    const optimizer = bindOptimizer(resolveDefaults({ dataset: 'none', optimizer: settings }).optimizer);
    let weights = { theta: device.tensor(reference.start, [4]) } as Record<string, ReturnType<typeof device.tensor>>;
    let slots = initSlots(tf, optimizer, weights);
    for (const [i, gradient] of reference.gradients.entries()) {
      ({ weights, slots } = updateAll(
        tf,
        optimizer,
        { t: i + 1, learningRate: optimizer.learningRate },
        weights,
        { theta: device.tensor(gradient, [4]) },
        slots,
      ));
      // Five float32 updates: rounding of a few units in the last place.
      expect(relativeError(await device.read(weights.theta), path[i])).toBeLessThan(4e-7);
    }
  },
);
