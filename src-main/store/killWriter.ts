import { writeSync } from 'node:fs';
import type { Clock } from '@shared/run';
import { MetricWriter, type MetricColumn } from './metricWriter';
import { RunDirectory } from './runDirectory';

/**
 * The process that the kill tests kill: writes rows whose values follow from their step, and prints what is acknowledged,
 * one JSON object a line, only after the fdatasync.
 *
 *     node --import scripts/runTypescript.mjs killWriter.ts RUN ATTEMPT FIRST_STEP
 */
export const killColumns: MetricColumn[] = [
  { key: 'a', kind: 'scalar', unit: '1' },
  { key: 'b', kind: 'scalar', unit: '1' },
  { key: 'rows', kind: 'vector', unit: '1', length: 3 },
];

/** What row `step` of attempt `attempt` holds; b is not measured at every third step. */
export function killRow(attempt: number, step: number) {
  return {
    a: Math.sin(step) + attempt,
    b: step % 3 === 0 ? null : step * 1.25,
    rows: Float64Array.of(step, attempt, 1 / (step + 1)),
  };
}

function main(path: string, attempt: number, firstStep: number): void {
  const run = RunDirectory.open(path);
  run.lock();
  // Small segments, so that kills hit openings and closings too.
  const writer = MetricWriter.open(run, attempt, { maxBytes: 60_000 });
  const tables = (['step', 'epoch'] satisfies Clock[]).map((clock) => writer.table(clock, killColumns));
  for (let step = firstStep; ; step++) {
    const at = { step, epoch: step / 100, activeSeconds: step / 1000, wallTime: Date.now() / 1000 };
    tables[0].append(at, killRow(attempt, step));
    if (step % 10 === 0) tables[1].append(at, killRow(attempt, step));
    if (step % 7 === 0) writer.flush();
    if (step % 40 === 39) writeSync(1, `${JSON.stringify(writer.sync())}\n`);
  }
}

if (import.meta.main) main(process.argv[2], Number(process.argv[3]), Number(process.argv[4]));
