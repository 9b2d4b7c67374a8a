import type { RunSummary } from '@shared/run';
import type { RunDirectory } from '../store/runDirectory';
import type { Workspace } from '../store/workspace';

/** A run that its command line has not started by then was left by a command line that died. */
const directGraceMilliseconds = 30_000;

/** Runs that wait for a slot, first come first served; those of the command line start themselves. */
export class WaitingList {
  private readonly workspace: Workspace;
  /** When each was put into the queue. */
  private readonly askedAt = new Map<string, string>();

  constructor(workspace: Workspace) {
    this.workspace = workspace;
  }

  ids(): string[] {
    return [...this.askedAt].sort(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([id]) => id);
  }

  /** Learns whether a run waits. */
  note({ id, state }: RunSummary): void {
    const request = state === 'queued' ? this.workspace.run(id).request() : null;
    if (request && !request.direct) this.askedAt.set(id, request.at);
    else this.askedAt.delete(id);
  }

  delete(id: string): void {
    this.askedAt.delete(id);
  }
}

/** Takes back the request of a command line that died before it could start its run. True when there was one. */
export function dropForgotten(run: RunDirectory): boolean {
  const request = run.request();
  if (!request?.direct || Date.now() - Date.parse(request.at) < directGraceMilliseconds || run.isLocked()) return false;
  run.setRequest(null);
  return true;
}
