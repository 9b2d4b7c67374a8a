import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exampleRun, temporaryDirectory } from './fixtures/examples';
import { ingestValue, type IngestReport } from './fixtures/ingestWriter';
import { readClock } from './metricReader';
import type { RunDirectory } from './runDirectory';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const metrics = 20;
const writers = 4;

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

async function ingest(run: RunDirectory, rate: number, seconds: number, startAt: number): Promise<IngestReport> {
  const numbers = [metrics, rate, seconds, startAt].map(String);
  const child = spawn(
    process.execPath,
    ['--import', at('../../scripts/runTypescript.mjs'), at('./fixtures/ingestWriter.ts'), run.path, ...numbers],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let text = '';
  child.stdout.on('data', (part: Buffer) => (text += part.toString()));
  await once(child, 'close');
  return JSON.parse(text) as IngestReport;
}

/** Every sample is there, once, in order and with its value. */
function verify(run: RunDirectory, report: IngestReport): void {
  const { rows, index, columns, cut } = readClock(run, 'step');
  expect(cut).toEqual([]);
  expect(rows).toBe(report.rows);
  expect(report.acknowledged).toBe(report.rows - 1);
  for (let k = 0; k < metrics; k++) {
    const { values } = columns.get(`m${k}`)!;
    for (let row = 0; row < rows; row++)
      if (values[row] !== ingestValue(row, k) || index.sequence[row] !== row)
        throw new Error(`row ${row}, metric ${k}`);
  }
}

describe('ingestion with four writer processes', () => {
  it.each([
    ['1 M samples/s', 250_000, 20],
    ['as fast as it goes', 0, 4],
  ])('loses nothing: %s', async (_, rate, seconds) => {
    const runs = Array.from({ length: writers }, (_, i) => exampleRun(directory.path, `run-${i}`));
    const startAt = Date.now() + 3000;
    const reports = await Promise.all(runs.map((run) => ingest(run, rate, seconds, startAt)));
    runs.forEach((run, i) => verify(run, reports[i]));
    const samples = reports.reduce((sum, report) => sum + report.rows * metrics, 0);
    const rateFound = reports.reduce((sum, report) => sum + (report.rows * metrics) / report.seconds, 0);
    const cpu = reports.reduce((sum, report) => sum + report.cpuSeconds / report.seconds, 0);
    console.log(
      `${(rateFound / 1e6).toFixed(2)} M samples/s over ${writers} writers for ${seconds} s (${samples} samples, none lost), ${cpu.toFixed(2)} processor seconds a second`,
    );
    // The rate reached over the whole time, opening and closing included.
    if (rate > 0) expect(rateFound).toBeGreaterThan(0.98 * rate * writers);
  });
});
