import { describe, expect, it } from 'vitest';
import { loadDevice, probeDevices } from './ladder';

describe('the device ladder', () => {
  it('lists every rung with its reason and marks one default', async () => {
    const devices = await probeDevices();
    expect(devices.map(({ name }) => name)).toEqual(['tensorflow', 'wasm', 'cpu']);
    expect(devices.filter(({ isDefault }) => isDefault)).toHaveLength(1);
    expect(devices.every(({ detail }) => detail.length > 0)).toBe(true);
    expect(devices.find(({ name }) => name === 'cpu')?.available).toBe(true);
  });

  it.each(['wasm', 'cpu'] as const)('%s multiplies and differentiates', async (name) => {
    const device = await loadDevice(name);
    const { tf } = device;
    expect(tf.getBackend()).toBe(name);
    const x = device.tensor(Float64Array.of(1, 2, 3, 4), [2, 2]);
    const gradient = tf.grad((z) => tf.sum(tf.matMul(z, z)))(x);
    // d sum(XX)/dX = 1 xᵀ + xᵀ 1: row and column sums.
    expect([...(await device.read(gradient))]).toEqual([7, 11, 9, 13]);
    expect(device.packages['@tensorflow/tfjs-core']).toMatch(/^4\./);
  });

  it('refuses a device that cannot be had instead of taking another', async () => {
    await expect(loadDevice('simd65' as 'cpu')).rejects.toMatchObject({ code: 'device-unavailable' });
    const tensorflow = (await probeDevices()).find(({ name }) => name === 'tensorflow');
    if (!tensorflow?.available)
      await expect(loadDevice('tensorflow')).rejects.toMatchObject({
        code: 'device-unavailable',
        problem: { what: expect.stringContaining('not installed') },
      });
  });
});
