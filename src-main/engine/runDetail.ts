import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { RunDetail } from '@shared/contract';
import { clocks, type RunSummary } from '@shared/run';
import { recordedMetrics, tornSegments } from '../store/recorded';
import type { RunDirectory } from '../store/runDirectory';
import { changedSettings, type Experiment } from '../training/experiment';

/** Everything about one run that fits into one answer. */
export function runDetail(run: RunDirectory, summary: RunSummary): RunDetail {
  const manifest = run.manifest();
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
    recorded: Object.fromEntries(clocks.map((clock) => [clock, recordedMetrics(run, clock)])),
    changed: changedSettings(manifest.experiment as Experiment),
    directory: run.path,
    bytes: directoryBytes(run.path),
    yaml: manifest.source ?? stringify(manifest.experiment),
  };
}

function directoryBytes(path: string): number {
  let bytes = 0;
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  return bytes;
}
