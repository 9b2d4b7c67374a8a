import { cpus } from 'node:os';
import type { AppEvent } from '@shared/contract';
import { isFinalState, type RunSummary } from '@shared/run';
import { RunIndex } from '../store/runIndex';
import { openWorkspace } from '../store/workspace';
import type { Spawner } from './api';
import { createRun } from './createRun';
import { EventHub } from './events';
import { Supervisor } from './supervisor';

export interface RunHereOptions {
  workspace: string;
  resources: string;
  runEntry: string;
  spawner: Spawner;
  log: (line: string) => void;
}

/** One run, started at once beside whatever engine has the workspace open: the command line's way. */
export interface RunHere {
  id: string;
  directory: string;
  cancel(force: boolean): void;
  /** Calls back with each change until the run has ended; resolves with how it ended. */
  follow(onChange: (summary: RunSummary) => void): Promise<RunSummary>;
}

type What = { yaml: string; name?: string; baseDirectory: string } | { resume: string };

/** @throws AdjointError as createRun does, or `not-found` / `conflict` for a run that cannot be resumed. */
export async function runHere(options: RunHereOptions, what: What): Promise<RunHere> {
  const workspace = openWorkspace(options.workspace, { create: true });
  const index = new RunIndex(workspace);
  const events = new EventHub();
  const supervisor = new Supervisor({ ...options, workspace, index, events, slots: cpus().length, ownsQueue: false });
  const resume = 'resume' in what;
  const run = resume
    ? workspace.run(what.resume)
    : await createRun(workspace, options.resources, { ...what, launch: 'direct' });
  if (resume) supervisor.requireResumable(run.id);
  const stop = new AbortController();
  const changes = events.subscribe([], stop.signal);
  supervisor.start();
  await supervisor.startNow(run, resume);

  return {
    id: run.id,
    directory: run.path,
    cancel: (force) => supervisor.cancel(run.id, force),
    follow: async (onChange) => {
      const ended = (event: AppEvent): event is Extract<AppEvent, { type: 'run' }> =>
        event.type === 'run' && event.run.id === run.id;
      try {
        for await (const event of changes) {
          if (!ended(event)) continue;
          onChange(event.run);
          if (isFinalState(event.run.state) && !supervisor.isLive(run.id)) return event.run;
        }
        return supervisor.summary(run.id)!;
      } finally {
        stop.abort();
        supervisor.stop();
        index.close();
      }
    },
  };
}
