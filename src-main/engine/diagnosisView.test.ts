import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { type Diagnosis, diagnosisAskSchema, diagnosisSchema } from '@shared/diagnostics';
import { openCheckpoint } from '../diagnostics/openCheckpoint';
import { loadDevice } from '../numerics/devices/ladder';
import { writeCheckpoint } from '../store/checkpoint';
import { fileSha256, readDataset } from '../store/dataset';
import { RunDirectory } from '../store/runDirectory';
import { saveState } from '../training/checkpoint';
import { resolveDefaults } from '../training/experimentSchema';
import { labelledSet } from '../training/labelledSet';
import { createTraining } from '../training/loop';
import { HostPool } from '../training/techniques/hostPool/pool';
import { diagnosis } from './diagnosisView';

const folder = mkdtempSync(join(tmpdir(), 'adjoint-diagnosis-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A run of which there is the first checkpoint. */
async function begunRun(id = 'run', technique = {}): Promise<RunDirectory> {
  const path = resolve('resources/datasets/qcqp-n20.npz');
  const network = { kind: 'mlp', hidden: [6] };
  const experiment = resolveDefaults({ dataset: 'qcqp-n20', network, device: 'simd64', ...technique });
  const run = RunDirectory.create(join(folder, id), {
    ...{ format: 'adjoint-run/1', id, name: id, kind: 'training', createdAt: new Date().toISOString() },
    ...{
      experiment,
      source: null,
      seed: 0,
      sweep: null,
      clonedFrom: null,
      launch: 'direct',
      code: { version: '0', commit: null },
    },
    dataset: { name: 'qcqp-n20', path, sha256: await fileSha256(path) },
  });
  const dataset = readDataset(path);
  const device = await loadDevice('simd64');
  const data = { problem: dataset, train: labelledSet(dataset, 'train'), valid: labelledSet(dataset, 'valid') };
  const training = createTraining(device, experiment, data);
  const state = training.init();
  writeCheckpoint(run.checkpointPath(0), (await saveState(device, state, training.stepsPerEpoch)) as never);
  training.dispose(state);
  return run;
}

it('answers in parts, each the whole so far, and ends with everything and its cost', async () => {
  const run = await begunRun();
  const ask = diagnosisAskSchema.parse({ run: 'run', instances: 8, iterations: 6, points: 3, count: 2 });
  const parts: Diagnosis[] = [];
  for await (const part of diagnosis(ask, run.path)) parts.push(diagnosisSchema.parse(part));
  const last = parts.at(-1)!;
  expect(last).toMatchObject({ progress: null, step: 0, instances: 8, hessian: { products: 6 } });
  // Two gradients a product, one an instance and the claimed one; features, nine points of the landscape, two passes a direction and two along the gradient.
  expect(last.cost).toMatchObject({ gradients: 2 * 6 + 8 + 1, forward: 1 + 9 + 2 * (16 + 1) });
  expect(last.gradient!.cosine).toBeGreaterThan(1 - 1e-6);
  expect(last.violations).toMatchObject({ equalities: 10, instances: 17 });
  expect(last.violations!.largest).toHaveLength(20);
  expect(last.figures.map(({ name }) => name)).toEqual(['singular-values', 'landscape', 'violations']);
  expect(parts.map(({ progress }) => progress?.what)).toContain('hessian');
  await expect(diagnosis({ ...ask, step: 3 }, run.path).next()).rejects.toMatchObject({ code: 'not-found' });
});

it('a layer on the host has the threads that are given, and no others', async () => {
  const run = await begunRun('layered', { technique: { kind: 'fsNet', iterations: 2, testIterations: 2 } });
  const layer = vi.spyOn(HostPool.prototype, 'layer');
  const threads = availableParallelism() + 1;
  const opened = await openCheckpoint(run, { instances: 4, seed: 0, threads });
  await opened.probe.loss(opened.probe.weights);
  await opened.violations();
  opened.dispose();
  expect(layer.mock.calls).toEqual(
    expect.arrayContaining([
      ['training', threads],
      ['test', threads],
    ]),
  );
  expect(layer.mock.calls.every(([, given]) => given === threads)).toBe(true);
});
