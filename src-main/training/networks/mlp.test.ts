import { expect, it } from 'vitest';
import { loadDevice } from '../../numerics/devices/ladder';
import { Generator } from '@shared/random/generator';
import { bindNetwork } from '../bound';
import { upload } from '../tensors';
import type { NetworkPass } from './network';

const device = await loadDevice('wasm');
const network = (dropout: number) =>
  bindNetwork({ kind: 'mlp', hidden: [50, 3], activation: 'relu', batchNorm: false, dropout });

it('dropout zeroes the asked share of each hidden layer and scales what stays, so that the mean is kept', () => {
  const masks = network(0.2).noise(2000, new Generator(3));
  expect(Object.entries(masks).map(([name, { shape }]) => [name, ...shape])).toEqual([
    ['layer1/mask', 2000, 50],
    ['layer2/mask', 2000, 3],
  ]);
  const values = Array.from(masks['layer1/mask'].values);
  expect(new Set(values)).toEqual(new Set([0, 1.25]));
  // 10⁵ draws: the share has a standard deviation of 0.0013.
  expect(Math.abs(values.filter((value) => value === 0).length / values.length - 0.2)).toBeLessThan(0.006);
  expect(network(0).noise(10, new Generator(3))).toEqual({});
});

it('masks multiply the activations of their layer; without them nothing is dropped', async () => {
  const small = bindNetwork({ kind: 'mlp', hidden: [2], activation: 'relu', batchNorm: false, dropout: 0.5 });
  const weights = upload(device, {
    'layer1/kernel': { shape: [1, 2], values: [1, 3] },
    'layer1/bias': { shape: [2], values: [1, -1] },
    'layer2/kernel': { shape: [2, 1], values: [10, 100] },
    'layer2/bias': { shape: [1], values: [5] },
  });
  const x = device.tensor([1, 2], [2, 1]);
  const noise = upload(device, { 'layer1/mask': { shape: [2, 2], values: [2, 0, 0, 2] } });
  // Hidden layers (2, 2) and (3, 5).
  const output = (training: NetworkPass['training']) =>
    device.read(small.apply(device, { weights, buffers: {}, training }, x).y);
  expect([...(await output(null))]).toEqual([225, 535]);
  expect([...(await output({ noise }))]).toEqual([45, 1005]);
});
