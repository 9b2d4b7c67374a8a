import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeDataset } from '../store/dataset';
import { encodeArrays } from '../store/datasetFile';
import { problemForms } from '../training/fixtures/evaluation';
import { flat } from '../training/fixtures/reference';
import { pickRows } from '../training/labelledSet';

const bundle = resolve('out/node/adjoint.mjs');
const [{ dataset, expected }] = problemForms;
const { N, n, splits } = dataset;
const outputs = flat(expected.predictions);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'adjoint-evaluate-'));
  writeDataset(join(folder, 'small.npz'), dataset);
  save('all.npz', 'predictions', outputs);
  save('test.npz', 'Y', pickRows(outputs, splits.test, n));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function save(name: string, array: string, data: Float64Array, width = n): void {
  const shape = [data.length / width, width];
  writeFileSync(join(folder, name), encodeArrays(name, new Map([[array, { dtype: 'float64', shape, data }]])));
}

function evaluate(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bundle, 'evaluate', 'small.npz', ...args], {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, ADJOINT_WORKSPACE: join(folder, 'workspace') },
  });
  return { code: status, out: stdout, err: stderr };
}

it('predictions get the scores that numpy gives them, for all instances as for the split alone', () => {
  for (const file of ['all.npz', 'test.npz']) {
    const { code, out, err } = evaluate('--predictions', file, '--json');
    expect(code, err).toBe(0);
    const result = JSON.parse(out) as { split: string; instances: number; metrics: Record<string, number> };
    expect(result).toMatchObject({ dataset: 'small', split: 'test', instances: splits.test.length });
    for (const [key, value] of Object.entries(expected.metrics.test))
      expect(result.metrics[key], key).toBeCloseTo(value, 12);
  }
});

it('without --json a table says what each metric means', () => {
  const { code, out } = evaluate('--predictions', 'all.npz', '--split', 'all');
  expect(code).toBe(0);
  expect(out).toContain(`all instances: ${N} instances`);
  expect(out).toMatch(/^valid\/gap_mean +\S+ +Optimality gap, mean$/m);
});

it('what cannot be scored is refused in words, with exit code 2', () => {
  save('turned.npz', 'Y', outputs, N);
  save('named.npz', 'y', outputs);
  save('nan.npz', 'Y', outputs.with(5 * n, NaN));
  const refused = (...args: string[]) => {
    const { code, out, err } = evaluate(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    return err;
  };
  expect(refused('-p', 'turned.npz')).toContain(`[${N}, ${n}] for all instances, or [4, ${n}] for split test`);
  expect(refused('-p', 'named.npz')).toContain('neither predictions nor Y; it has y');
  expect(refused('-p', 'nan.npz')).toContain('Instance 0 of split test has NaN at variable 0');
  expect(refused('-p', 'none.npz')).toContain('none.npz');
  expect(refused('-p', 'all.npz', '--split', 'validation')).toContain('Allowed choices are test, valid, train, all');
  expect(refused()).toContain('Either predictions or a run are scored');
}, 120_000);
