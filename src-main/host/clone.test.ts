import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readDataset, writeDataset } from '../store/dataset';
import { experiment, Office, reach, type Desk } from './fixtures/desk';

let office: Office;
let desk: Desk;

beforeEach(async () => {
  office = new Office();
  desk = await office.open();
});
afterEach(() => office.dispose());

it('a clone is told when the dataset has changed under its source, is recorded with the new data, and refused without any', async () => {
  const stored = resolve('resources/datasets/qcqp-n20.npz');
  const own = join(office.workspace, 'datasets', 'own.npz');
  mkdirSync(join(office.workspace, 'datasets'), { recursive: true });
  copyFileSync(stored, own);
  const yaml = experiment(1).replace('qcqp-n20', 'own');
  const [source] = (await desk.client.runs.create({ yaml })).ids;
  await reach(desk, source, 'done');
  const now = () => desk.client.runs.datasetNow({ id: source });
  expect(await now()).toEqual({ dataset: 'own', state: 'same' });

  const dataset = readDataset(stored);
  writeDataset(own, { ...dataset, p: dataset.p.map((value) => 2 * value) });
  expect(await now()).toEqual({ dataset: 'own', state: 'changed' });
  const [clone] = (await desk.client.runs.create({ yaml, clonedFrom: source })).ids;
  await reach(desk, clone, 'done');
  const [before, after] = await Promise.all([source, clone].map((id) => desk.client.runs.get({ id })));
  expect(after.manifest.clonedFrom).toBe(source);
  expect(after.manifest.dataset!.sha256).not.toBe(before.manifest.dataset!.sha256);

  rmSync(own);
  expect(await now()).toEqual({ dataset: 'own', state: 'missing' });
  await expect(desk.client.runs.create({ yaml, clonedFrom: source })).rejects.toThrow('There is no dataset "own"');
});
