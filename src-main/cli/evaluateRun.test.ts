import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Problem } from '@shared/errors';
import type { RunSummary } from '@shared/run';

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
const evaluate = (dataset: string, ...args: string[]) => {
  const { status, last } = adjoint('evaluate', dataset, ...args);
  return { status, ...(last as { metrics: Record<string, number>; instances: number; step: number; error?: Problem }) };
};

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
  const { status, metrics, instances, step } = evaluate('qcqp-n20', '--run', run.id, '--split', 'valid');
  expect(status).toBe(0);
  expect([instances, step]).toEqual([17, 12]);
  for (const key of ['valid/gap_mean', 'valid/dist_max', 'valid/eq_max', 'valid/ineq_max', 'valid/objective'])
    expect(metrics[key], key).toBeCloseTo(run.metrics[key].last!, 12);
  for (const key of ['time/inference', 'time/exact_solver']) {
    expect(metrics[key], key).toBeGreaterThan(0);
    expect(run.metrics[key].count, key).toBe(1);
  }
});

it('other instances are scored too', () => {
  expect(evaluate('qcqp-n20', '--run', run.id, '--split', 'test').metrics['valid/objective']).not.toBe(
    run.metrics['valid/objective'].last,
  );
});

it('what cannot be scored is refused by name', () => {
  expect(evaluate('qp-n20', '--run', run.id)).toMatchObject({
    status: 2,
    error: { code: 'conflict', what: expect.stringContaining('of another problem') as string },
  });
  expect(evaluate('qcqp-n20')).toMatchObject({ status: 2, error: { code: 'bad-request' } });
  expect(evaluate('qcqp-n20', '--run', run.id, '--step', '3')).toMatchObject({ error: { code: 'not-found' } });
});
