import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunSummary } from '@shared/run';
import { evaluateRun } from '../diagnostics/evaluateRun';
import { readDataset } from '../store/dataset';
import { openWorkspace } from '../store/workspace';

const bundle = resolve('out/node/adjoint.mjs');
const folder = mkdtempSync(join(tmpdir(), 'adjoint-evaluate-run-'));
let run: RunSummary;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function adjoint(...args: string[]) {
  const { status, stdout } = spawnSync(process.execPath, [bundle, ...args, '--workspace', folder, '--json'], {
    encoding: 'utf8',
  });
  return { status, last: JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, unknown> };
}

beforeAll(() => {
  const experiment = join(folder, 'experiment.yaml');
  const network = '{ kind: mlp, hidden: [8], batchNorm: true }';
  writeFileSync(
    experiment,
    `dataset: qcqp-n20\nnetwork: ${network}\ntechnique: { kind: dc3, rate: 0.01 }\ntraining: { epochs: 2 }\nthreads: 1\n`,
  );
  const { status, last } = adjoint('run', experiment);
  expect(status).toBe(0);
  run = last.run as RunSummary;
}, 60_000);

it('a run’s network gets the scores of its last validation, and its time beside the exact solver’s', () => {
  const { status, last } = adjoint('evaluate', 'qcqp-n20', '--run', run.id, '--split', 'valid');
  expect(status).toBe(0);
  expect(last).toMatchObject({ run: run.id, step: 12, split: 'valid', instances: 17 });
  const metrics = last.metrics as Record<string, number>;
  for (const key of ['valid/gap_mean', 'valid/dist_max', 'valid/eq_max', 'valid/ineq_max', 'valid/objective'])
    expect(metrics[key], key).toBeCloseTo(run.metrics[key].last!, 12);
  for (const key of ['time/inference', 'time/exact_solver']) {
    expect(metrics[key], key).toBeGreaterThan(0);
    expect(run.metrics[key].count, key).toBe(1);
  }
});

it('other instances are scored too', async () => {
  const dataset = readDataset(resolve('resources/datasets/qcqp-n20.npz'));
  const directory = openWorkspace(folder).run(run.id);
  const { metrics } = await evaluateRun(directory, dataset, 'test', { threads: 1 });
  expect(metrics['valid/objective']).not.toBe(run.metrics['valid/objective'].last);
  await expect(evaluateRun(directory, dataset, 'test', { step: 3, threads: 1 })).rejects.toMatchObject({
    code: 'not-found',
  });
});

it('a dataset of another problem is refused', async () => {
  const other = readDataset(resolve('resources/datasets/qp-n20.npz'));
  await expect(evaluateRun(openWorkspace(folder).run(run.id), other, 'test', { threads: 1 })).rejects.toMatchObject({
    code: 'conflict',
    problem: { what: expect.stringContaining('of another problem') as string },
  });
});

it('bounds are part of the problem: a dataset that has others is refused', async () => {
  const dataset = readDataset(resolve('resources/datasets/qcqp-n20.npz'));
  const other = { ...dataset, lower: new Float64Array(20).fill(-1), upper: new Float64Array(20).fill(1) };
  await expect(evaluateRun(openWorkspace(folder).run(run.id), other, 'test', { threads: 1 })).rejects.toMatchObject({
    code: 'conflict',
    problem: { what: expect.stringContaining('lower differs') as string },
  });
});
