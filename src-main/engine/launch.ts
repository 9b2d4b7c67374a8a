import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { RunDirectory } from '../store/runDirectory';
import type { SpawnedProcess, Spawner } from './api';

export interface LaunchSettings {
  spawner: Spawner;
  runEntry: string;
  /** Folder with the example datasets. */
  resources: string;
  workspace: string;
  threads: number;
}

/** Starts the process of one attempt. It talks to the engine through files in its run directory only. */
export function launchRun(run: RunDirectory, attempt: number, settings: LaunchSettings): Promise<SpawnedProcess> {
  return settings.spawner.spawn({
    entry: settings.runEntry,
    args: ['--run', run.path, '--attempt', String(attempt), '--threads', String(settings.threads)],
    cwd: dirname(settings.runEntry),
    env: { ADJOINT_RESOURCES: settings.resources, ADJOINT_WORKSPACE: settings.workspace },
    logFile: processLog(run),
    detached: true,
  });
}

/** Where stdout and stderr of a run's processes go: next to nothing, unless one dies. */
const processLog = (run: RunDirectory): string => run.file('process.log');

export const processOutput = (run: RunDirectory): string =>
  existsSync(processLog(run)) ? readFileSync(processLog(run), 'utf8') : '';
