import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RecordBatchReader } from 'apache-arrow';
import { clocks, type Clock, type MetricSummary } from '@shared/run';
import { readClock } from './metricReader';
import { metricColumns, type MetricColumn } from './metricSchema';
import type { RunDirectory } from './runDirectory';
import { listSegments, segmentFile, sumFile, type SegmentName } from './segment';
import { readSums } from './segmentTail';
import { areaAxis, summariseSeries } from './summaries';

/** Columns that a segment declares; none where its schema cannot be read. */
function declared(directory: string, name: SegmentName): MetricColumn[] {
  const schema = readSums(join(directory, sumFile(name)))[0];
  if (schema?.kind !== 'schema') return [];
  const bytes = new Uint8Array(schema.length);
  const file = openSync(join(directory, segmentFile(name)), 'r');
  try {
    if (readSync(file, bytes, 0, bytes.length, schema.offset) < bytes.length) return [];
    const reader = RecordBatchReader.from(bytes).open();
    return metricColumns(reader.schema);
  } catch {
    return []; // named as damage where the run is listed
  } finally {
    closeSync(file);
  }
}

/**
 * Metrics that the run declared on a clock, in the order of its tables. Reads two schemas, not the data: a run declares its
 * tables once an attempt, so the first and the last segment have all there is.
 */
export const recordedMetrics = (run: RunDirectory, clock: Clock): string[] =>
  recordedColumns(run, clock).map(({ key }) => key);

/** The same with kinds and lengths; the newest attempt says how long a vector is. */
export function recordedColumns(run: RunDirectory, clock: Clock): MetricColumn[] {
  const segments = listSegments(run.metricsDirectory, clock);
  const ends = segments.length > 1 ? [segments[0], segments[segments.length - 1]] : segments;
  const columns = ends.flatMap((name) => declared(run.metricsDirectory, name));
  return [...new Map(columns.map((column) => [column.key, column])).values()];
}

/**
 * Segments that end before their sums say, in words. Reads the sums, not the data: what lies behind a whole length is
 * checked when it is read.
 */
export function tornSegments(run: RunDirectory): string[] {
  return listSegments(run.metricsDirectory).flatMap((name) => {
    const last = readSums(join(run.metricsDirectory, sumFile(name))).findLast((record) => record !== null);
    const size = statSync(join(run.metricsDirectory, segmentFile(name)), { throwIfNoEntry: false })?.size;
    if (!last || size === undefined || size >= last.offset + last.length) return [];
    return [
      `metrics/${segmentFile(name)} is cut off at byte ${size} of ${last.offset + last.length}: rows after it are lost`,
    ];
  });
}

/** Aggregates of all scalar metrics from the full data on disk. */
export function summariseRun(run: RunDirectory): Record<string, MetricSummary> {
  const summaries: Record<string, MetricSummary> = {};
  for (const clock of clocks) {
    const table = readClock(run, clock);
    for (const [key, column] of table.columns) {
      if (column.kind !== 'scalar') continue;
      const summary = summariseSeries(table.index[areaAxis[clock]], column.values, column.valid);
      if (summary) summaries[key] = summary;
    }
  }
  return summaries;
}
