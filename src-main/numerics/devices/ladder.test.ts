import { describe, expect, it } from 'vitest';
import type { Device } from './device';
import { loadDevice } from './ladder';
import { probeDevices } from './probe';

describe('the device ladder', () => {
  it('lists every rung with its reason and marks one default', async () => {
    const devices = await probeDevices();
    expect(devices.map(({ name }) => name)).toEqual(['simd64', 'tensorflow', 'wasm', 'cpu']);
    expect(devices.find(({ isDefault }) => isDefault)).toMatchObject({
      name: 'simd64',
      dtype: 'float64',
      detail: expect.stringMatching(/SIMD.*1 thread/),
    });
    expect(devices.filter(({ isDefault }) => isDefault)).toHaveLength(1);
    expect(devices.every(({ detail }) => detail.length > 0)).toBe(true);
    expect(devices.find(({ name }) => name === 'cpu')?.available).toBe(true);
  });

  it.each(['simd64', 'wasm', 'cpu'] as const)('%s multiplies and differentiates', async (name) => {
    const device = await loadDevice(name);
    const { tf } = device;
    expect(tf.getBackend()).toBe(name);
    const x = device.tensor(Float64Array.of(1, 2, 3, 4), [2, 2]);
    const gradient = tf.grad((z) => tf.sum(tf.matMul(z, z)))(x);
    // d sum(XX)/dX = 1 xᵀ + xᵀ 1: row and column sums.
    expect([...(await device.read(gradient))]).toEqual([7, 11, 9, 13]);
    expect(device.packages['@tensorflow/tfjs-core']).toMatch(/^4\./);
  });

  it('float64 and float32 live side by side: each device has its own TensorFlow.js', async () => {
    const [exact, rounded] = [await loadDevice('simd64'), await loadDevice('cpu')];
    const tenth = async ({ tf, tensor, read }: Device) => (await read(tf.mul(tensor([0.1], [1]), 0.1)))[0];
    expect(await tenth(exact)).toBe(0.1 * 0.1);
    expect(await tenth(rounded)).toBe(Math.fround(Math.fround(0.1) * Math.fround(0.1)));
    expect(await tenth(exact)).toBe(0.1 * 0.1);
  });

  it.each([
    [false, true],
    [true, false],
    [true, true],
  ])('wasm multiplies transposed operands (%s, %s), single and batched, and keeps no tensor', async (first, second) => {
    const { tf, tensor, read } = await loadDevice('wasm');
    const [rows, inner, columns] = [3, 4, 2];
    for (const batch of [[], [5]]) {
      const size = batch[0] ?? 1;
      const draws = (count: number) => Float64Array.from({ length: count }, (_, i) => Math.fround(Math.sin(i + 1)));
      const [left, right] = [draws(size * rows * inner), draws(size * inner * columns)];
      const a = tensor(left, [...batch, ...(first ? [inner, rows] : [rows, inner])]);
      const b = tensor(right, [...batch, ...(second ? [columns, inner] : [inner, columns])]);
      const before = tf.engine().backend.numDataIds();
      const product = tf.matMul(a, b, first, second);
      expect(tf.engine().backend.numDataIds()).toBe(before + 1);
      const expected: number[] = [];
      for (let s = 0; s < size; s++)
        for (let i = 0; i < rows; i++)
          for (let j = 0; j < columns; j++) {
            let sum = 0;
            for (let k = 0; k < inner; k++)
              sum +=
                left[s * rows * inner + (first ? k * rows + i : i * inner + k)] *
                right[s * inner * columns + (second ? j * inner + k : k * columns + j)];
            expected.push(sum);
          }
      const found = await read(product);
      expected.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 6));
    }
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
