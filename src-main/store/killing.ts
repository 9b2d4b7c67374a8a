import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Clock } from '@shared/run';
import { exampleAttempt, exampleManifest } from './fixtures';
import { killRow } from './killWriter';
import { readClock } from './metricReader';
import type { Acknowledged } from './metricWriter';
import { repairRun } from './repair';
import { RunDirectory } from './runDirectory';
import { listSegments } from './segment';
import { SegmentTail } from './segmentTail';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Starts a writer, kills it `delay` ms after its first acknowledgement, and returns the last one that it printed. */
async function writeAndKill(
  run: RunDirectory,
  attempt: number,
  firstStep: number,
  delay: number,
): Promise<Acknowledged> {
  const child = spawn(
    process.execPath,
    ['--import', at('../../scripts/runTypescript.mjs'), at('./killWriter.ts'), run.path, `${attempt}`, `${firstStep}`],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let printed = '';
  child.stdout.on('data', (text: Buffer) => (printed += text.toString()));
  await once(child.stdout, 'data');
  await new Promise((resolve) => setTimeout(resolve, delay));
  expect(run.isLocked()).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'close');
  return JSON.parse(printed.split('\n').slice(0, -1).at(-1)!) as Acknowledged;
}

/** Every row that the segments of one attempt hold, whether superseded or not, in order. */
function rowsOfAttempt(run: RunDirectory, clock: Clock, attempt: number) {
  return listSegments(run.metricsDirectory, clock)
    .filter((name) => name.attempt === attempt)
    .flatMap((name) => new SegmentTail(run.metricsDirectory, name).poll())
    .flatMap((chunk) =>
      Array.from({ length: chunk.rows }, (_, row) => ({
        sequence: chunk.index.sequence[row],
        step: chunk.index.step[row],
        a: chunk.columns.get('a')!.values[row],
        b: chunk.columns.get('b')!.valid[row] ? chunk.columns.get('b')!.values[row] : null,
        rows: chunk.columns.get('rows')!.values.slice(row * 3, row * 3 + 3),
      })),
    );
}

const files = (run: RunDirectory) =>
  readdirSync(run.metricsDirectory)
    .sort()
    .map((file) => `${file} ${readFileSync(join(run.metricsDirectory, file)).toString('base64')}`);

/**
 * Kills `kills` writers at random moments, each a new attempt that resumes from a random acknowledged step, and checks after
 * each that nothing acknowledged is lost, that the run reads without a finding, and that a second repair changes nothing.
 */
export async function killAndCheck(
  parent: string,
  kills: number,
  random: () => number,
): Promise<{ rows: number; cut: number }> {
  const run = RunDirectory.create(join(parent, 'killed'), exampleManifest('killed'));
  const acknowledged: Acknowledged[] = [];
  const starts: number[] = [];
  let cut = 0;
  let resumeStep = 0;
  for (let attempt = 1; attempt <= kills; attempt++) {
    run.beginAttempt(attempt, exampleAttempt(attempt, attempt === 1 ? null : resumeStep));
    starts.push(resumeStep);
    acknowledged.push(await writeAndKill(run, attempt, resumeStep, random() * 120));
    expect(run.isLocked()).toBe(false);
    cut += repairRun(run).cut.length;
    const repaired = files(run);
    expect(repairRun(run).cut).toEqual([]);
    expect(files(run)).toEqual(repaired);
    // Checkpoints lie at acknowledged steps; sequence k of the step clock is step resumeStep + k.
    resumeStep += Math.floor(random() * (acknowledged[attempt - 1].step! + 2));
  }
  for (let attempt = 1; attempt <= kills; attempt++)
    for (const clock of ['step', 'epoch'] as const) {
      const rows = rowsOfAttempt(run, clock, attempt);
      expect(rows.length).toBeGreaterThan(acknowledged[attempt - 1][clock] ?? -1);
      rows.forEach((row, sequence) => {
        const first = starts[attempt - 1];
        const step = clock === 'step' ? first + sequence : Math.ceil(first / 10) * 10 + sequence * 10;
        if (row.sequence !== sequence || row.step !== step)
          throw new Error(`row ${sequence} of ${clock} is out of order`);
        expect({ a: row.a, b: row.b, rows: row.rows }).toEqual(killRow(attempt, step));
      });
    }
  const history = readClock(run, 'step');
  expect(history.cut).toEqual([]);
  history.index.step.forEach((step, i) => {
    if (step !== i) throw new Error(`step ${i} appears as ${step}`);
  });
  return { rows: history.rows, cut };
}

/** A small generator with a seed, so that a failure can be repeated (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
