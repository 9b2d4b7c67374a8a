import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { RunDetail } from '@shared/contract';
import { clocks, type RunSummary } from '@shared/run';
import type { MetricColumn } from '../store/metricSchema';
import { recordedColumns, tornSegments } from '../store/recorded';
import type { RunDirectory } from '../store/runDirectory';
import { changedSettings, experimentKind, type Experiment } from '../experiments/experiment';

/** Everything about one run that fits into one answer. */
export function runDetail(run: RunDirectory, summary: RunSummary): RunDetail {
  const manifest = run.manifest();
  const experiment = manifest.experiment as Experiment;
  const columns = clocks.map((clock) => [clock, recordedColumns(run, clock)] as const);
  return {
    summary: { ...summary, damage: [...summary.damage, ...tornSegments(run)] },
    manifest,
    annotations: run.annotations(),
    attempts: run.attempts().flatMap((k) => {
      const attempt = run.attempt(k);
      if (!attempt) return [];
      const state = run.state(k);
      return [
        {
          ...attempt,
          phase: state?.phase ?? 'starting',
          endedAt: state?.endedAt ?? null,
          error: state?.error ?? null,
          activeSeconds: state?.activeSeconds ?? 0,
        },
      ];
    }),
    checkpoints: run.checkpoints(),
    recorded: Object.fromEntries(columns.map(([clock, list]) => [clock, list.map(({ key }) => key)])),
    vectors: Object.fromEntries(
      columns.flatMap(([, list]) =>
        list.filter(isVector).map((column) => [column.key, entryNames(column, experiment)]),
      ),
    ),
    changed: changedSettings(experiment),
    directory: run.path,
    bytes: directoryBytes(run.path),
    yaml: manifest.source ?? stringify(manifest.experiment),
  };
}

const isVector = ({ kind }: MetricColumn): boolean => kind === 'vector';

/** Names that the kind of the run gives to the entries of a vector, or numbers. */
function entryNames({ key, length = 0 }: MetricColumn, experiment: Experiment): string[] {
  const names = experimentKind(experiment.kind).entryNames(key, experiment);
  return names?.length === length ? [...names] : Array.from({ length }, (_, i) => String(i + 1));
}

function directoryBytes(path: string): number {
  let bytes = 0;
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  return bytes;
}
