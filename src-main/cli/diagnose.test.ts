import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '@shared/errors';
import type { ProcessState } from '@shared/run';

const bundle = resolve('out/node/adjoint.mjs');
const folder = mkdtempSync(join(tmpdir(), 'adjoint-diagnose-'));
const workspace = join(folder, 'workspace');
const dataset = join(folder, 'own.npz');
let id: string;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function adjoint(...args: string[]) {
  const { status, stdout } = spawnSync(process.execPath, [bundle, ...args, '--workspace', workspace, '--json'], {
    encoding: 'utf8',
  });
  const lines = stdout.trim().split('\n').filter(Boolean);
  return { status, last: JSON.parse(lines.at(-1)!) as Record<string, unknown> & { error: Problem } };
}

beforeAll(() => {
  copyFileSync(resolve('resources/datasets/qcqp-n20.npz'), dataset);
  const experiment = join(folder, 'experiment.yaml');
  // float32, so that it is looked at in another precision than it was trained in.
  writeFileSync(
    experiment,
    `kind: training
dataset: ${dataset}
network: { kind: mlp, hidden: [8], activation: silu }
technique: { kind: softPenalty, lambda: 10 }
training: { epochs: 2, batchSize: 32 }
device: cpu
`,
  );
  const { status, last } = adjoint('run', experiment);
  expect(status).toBe(0);
  ({ id } = last.run as { id: string });
});

describe('adjoint diagnose', () => {
  it('says what there is to be seen around a checkpoint, and leaves numbers and figures', () => {
    const out = join(folder, 'out');
    const options = ['--instances', '16', '--iterations', '20', '--count', '2', '--points', '3', '--out', out];
    const { status, last } = adjoint('diagnose', id, ...options);
    expect(status).toBe(0);
    expect(last).toMatchObject({ run: id, step: 12, epoch: 2, weights: 268, instances: 16 });
    const { hessian, rank, landscape, gradient, violations } = last as unknown as {
      hessian: { largest: { value: number; residual: number }[]; asymmetry: number };
      rank: { features: { rank: number; most: number } };
      landscape: { values: { loss: number[] } };
      gradient: { cosine: number; relativeError: number };
      violations: { equalities: number; largest: number[] };
    };
    expect(hessian.largest).toHaveLength(2);
    expect(hessian.largest[0].residual).toBeLessThan(1e-3 * hessian.largest[0].value);
    expect(hessian.asymmetry).toBeLessThan(1e-6);
    expect(rank.features.most).toBe(8);
    expect(landscape.values.loss).toHaveLength(9);
    expect(gradient.cosine).toBeCloseTo(1, 8);
    expect(gradient.relativeError).toBeLessThan(1e-5);
    // What the run itself recorded of these weights, in float32.
    const state = readFileSync(join(workspace, 'runs', id, 'attempts', '1', 'state.json'), 'utf8');
    const { summaries } = JSON.parse(state) as ProcessState;
    const worst = (rows: number[]) => Math.max(...rows);
    const { equalities, largest } = violations;
    expect(worst(largest.slice(0, equalities))).toBeCloseTo(summaries['valid/eq_max'].last!, 4);
    expect(worst(largest.slice(equalities))).toBeCloseTo(summaries['valid/ineq_max'].last!, 4);
    expect(existsSync(join(out, 'violations.pdf'))).toBe(true);
    expect(JSON.parse(readFileSync(join(out, 'diagnosis.json'), 'utf8'))).toEqual(last);
    expect(existsSync(join(out, 'landscape.svg'))).toBe(true);
    expect(adjoint('diagnose', id, '--what', 'landscape', '--line', ...options).last.landscape).toMatchObject({
      b: [0],
    });
  });

  it('names a checkpoint that is not there, one of another network, and data that are gone', () => {
    expect(adjoint('diagnose', id, '--step', '5').last.error).toMatchObject({
      code: 'not-found',
      fix: 'It has: 12, 0.',
    });

    const manifest = join(workspace, 'runs', id, 'manifest.json');
    const text = readFileSync(manifest, 'utf8');
    const other = JSON.parse(text) as { experiment: { network: { hidden: number[] } } };
    other.experiment.network.hidden = [9];
    writeFileSync(manifest, JSON.stringify(other));
    const { error } = adjoint('diagnose', id).last;
    expect(error.code).toBe('conflict');
    expect(error.what).toContain('layer1/kernel is [10, 8], where the run’s settings make [10, 9]');
    writeFileSync(manifest, text);

    renameSync(dataset, `${dataset}.away`);
    expect(adjoint('diagnose', id).last.error).toMatchObject({ code: 'not-found', where: dataset });
    renameSync(`${dataset}.away`, dataset);
  });

  it('refuses what it does not know', () => {
    expect(adjoint('diagnose', id, '--what', 'shape').last.error.what).toContain('no diagnostic “shape”');
    expect(adjoint('diagnose', id, '--points', '2.5').last.error).toMatchObject({ where: '--points' });
  });
});
