import type { RunSummary, SweepMembership } from '@shared/run';
import type { RunDirectory } from '../store/runDirectory';
import type { Workspace } from '../store/workspace';

/** A run that its command line has not started by then was left by a command line that died. */
const directGraceMilliseconds = 30_000;

interface Waiting {
  /** Who waits: a sweep with all its runs, or a run by itself. */
  party: string;
  /** When it was put into the queue. */
  askedAt: string;
}

/**
 * Runs that wait for a slot; those of the command line start themselves, and held ones wait for somebody to let them go on.
 *
 * First come, first served, where a sweep counts as one that waits: while one of its runs is going on it stands at the end of
 * the line, and when that has ended it has come to the line anew. So a run that is started after a sweep of hundreds gets the
 * next slot, and sweeps take turns.
 */
export class WaitingList {
  private readonly workspace: Workspace;
  private readonly waiting = new Map<string, Waiting>();
  /** When each sweep had a slot last. */
  private readonly servedAt = new Map<string, string>();
  /** Runs of each sweep that have a slot now. */
  private readonly going = new Map<string, Set<string>>();
  private order: string[] | null = null;

  constructor(workspace: Workspace) {
    this.workspace = workspace;
  }

  /** In the order in which they will be started. */
  ids(): string[] {
    this.order ??= this.inTurn();
    return this.order;
  }

  private inTurn(): string[] {
    const parties = new Map<string, { id: string; askedAt: string }[]>();
    for (const [id, { party, askedAt }] of this.waiting) {
      const line = parties.get(party);
      if (line) line.push({ id, askedAt });
      else parties.set(party, [{ id, askedAt }]);
    }
    const lines = [...parties].map(([party, line]) => {
      line.sort((a, b) => compare(a.askedAt, b.askedAt));
      const served = this.servedAt.get(party) ?? '';
      const since = served > line[0].askedAt ? served : line[0].askedAt;
      return { line, since, going: (this.going.get(party)?.size ?? 0) > 0 };
    });
    lines.sort((a, b) => Number(a.going) - Number(b.going) || compare(a.since, b.since));
    const order: string[] = [];
    let left = lines.map(({ line }) => line);
    for (let round = 0; left.length > 0; round++) {
      for (const line of left) order.push(line[round].id);
      left = left.filter((line) => line.length > round + 1);
    }
    return order;
  }

  /** Learns whether a run waits, and of a sweep's whether it has a slot. */
  note({ id, state, sweep }: RunSummary): void {
    if (sweep) this.noteSlot(id, partyOf(sweep), state === 'starting' || state === 'running');
    const request = state === 'queued' ? this.workspace.run(id).request() : null;
    const askedAt = request && !request.direct && !request.held ? request.at : null;
    if (this.waiting.get(id)?.askedAt === (askedAt ?? undefined)) return;
    this.order = null;
    if (askedAt === null) this.waiting.delete(id);
    else this.waiting.set(id, { party: sweep ? partyOf(sweep) : id, askedAt });
  }

  private noteSlot(id: string, party: string, has: boolean): void {
    const going = this.going.get(party) ?? new Set();
    if (going.has(id) === has) return;
    if (has) going.add(id);
    else going.delete(id);
    this.going.set(party, going);
    this.servedAt.set(party, new Date().toISOString());
    this.order = null;
  }

  delete(id: string): void {
    if (this.waiting.delete(id)) this.order = null;
  }
}

const partyOf = (sweep: SweepMembership): string => `sweep ${sweep.id}`;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Takes back the request of a command line that died before it could start its run. True when there was one. */
export function dropForgotten(run: RunDirectory): boolean {
  const request = run.request();
  if (!request?.direct || Date.now() - Date.parse(request.at) < directGraceMilliseconds || run.isLocked()) return false;
  run.setRequest(null);
  return true;
}
