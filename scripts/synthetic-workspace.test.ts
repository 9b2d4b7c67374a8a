import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readClock } from '../src-main/store/metricReader';
import { RunIndex } from '../src-main/store/runIndex';
import { summariseSeries } from '../src-main/store/summaries';
import { openWorkspace } from '../src-main/store/workspace';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'adjoint-synthetic-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const make = (...options: string[]) =>
  spawnSync(process.execPath, ['--import', at('./runTypescript.mjs'), at('./synthetic-workspace.ts'), ...options], {
    encoding: 'utf8',
  });

it('makes runs that list and read like real ones', () => {
  const { stdout, stderr, status } = make(directory, '--runs', '4', '--metrics', '20', '--points', '500');
  expect([stderr, status]).toEqual(['', 0]);
  expect(stdout).toMatch(/wrote 4 runs of 20 metrics × 500 points/);
  expect(stdout).toMatch(/open and list 4 runs, index deleted: \d+ ms/);
  const workspace = openWorkspace(directory);
  const index = new RunIndex(workspace);
  const runs = index.list();
  index.close();
  expect(runs.length).toBe(4);
  for (const { id, name, damage, metrics, settings } of runs) {
    expect(damage).toEqual([]);
    expect(name).toContain(`${settings['optimizer.kind']} ${settings['optimizer.learningRate']}`);
    const series = readClock(workspace.run(id), 'step');
    expect([series.rows, series.columns.size, series.cut]).toEqual([500, 20, []]);
    const { values, valid } = series.columns.get('loss')!;
    expect(metrics.loss).toEqual(summariseSeries(series.index.step, values, valid));
  }
});

it('says how it is used', () => {
  for (const options of [[], [directory, '--runs', 'many']]) {
    const { stderr, status } = make(...options);
    expect(status).toBe(2);
    expect(stderr).toContain('usage: npm run synthetic-workspace');
  }
});
