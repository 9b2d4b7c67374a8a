import { createHash } from 'node:crypto';
import { cpus } from 'node:os';
import type { Queue } from '@shared/contract';
import { AdjointError, problemText, toProblem, type Problem } from '@shared/errors';
import { liveStates, type ControlCommand, type RunSummary } from '@shared/run';
import type { RunDirectory } from '../store/runDirectory';
import type { RunIndex } from '../store/runIndex';
import type { Workspace } from '../store/workspace';
import { isFinal, makeActiveRun, processId, readHeartbeat, takesSlot, type ActiveRun } from './activeRun';
import type { Spawner } from './api';
import { settle, type Exit } from './ending';
import type { EventHub } from './events';
import { launchRun } from './launch';

const tickMilliseconds = 200;
/** How long a run may take to obey `cancel` (finish its step, write a checkpoint) before it is killed. */
const cancelGraceMilliseconds = 30_000;
const looksAtOnce = 50;

export interface SupervisorOptions {
  workspace: Workspace;
  index: RunIndex;
  events: EventHub;
  spawner: Spawner;
  runEntry: string;
  resources: string;
  slots: number;
  log: (line: string) => void;
  /** False for the command line, which starts its own run beside an engine that may own the queue. */
  ownsQueue: boolean;
}

/** Run life cycle: queue with slots, start, pause, resume, cancel, and what happens when a process ends. */
export class Supervisor {
  slots: number;
  private readonly active = new Map<string, ActiveRun>();
  private readonly options: SupervisorOptions;
  /** Digest of what clients were last told of each run. */
  private readonly shown = new Map<string, string>();
  private known = new Set<string>();
  private lookedAt = 0;
  /** When each waiting run was put into the queue. */
  private readonly queued = new Map<string, string>();
  private timer: NodeJS.Timeout | null = null;
  private ticks = 0;
  private launching = false;
  private stopped = false;
  private shownQueue = '';

  constructor(options: SupervisorOptions) {
    this.options = options;
    this.slots = options.slots;
  }

  /** Finds what earlier engines left: runs still going on are adopted, dead ones are put in order. */
  start(): void {
    if (this.options.ownsQueue) {
      for (const summary of this.options.index.list()) {
        this.known.add(summary.id);
        this.shown.set(summary.id, digest(summary));
        this.noteQueued(summary);
        if (liveStates.includes(summary.state)) this.adopt(summary.id);
        else if (summary.state === 'crashed' && summary.endedAt === null) this.settleAbandoned(summary.id);
      }
    }
    this.timer = setInterval(() => this.tick(), tickMilliseconds);
  }

  stop(): void {
    this.stopped = true;
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }

  isLive(id: string): boolean {
    return this.active.has(id);
  }

  /** The run that is going on, for whoever shows live data. */
  liveAttempt(id: string): { run: RunDirectory; attempt: number } | null {
    return this.active.get(id) ?? null;
  }

  summary(id: string): RunSummary | null {
    const summary = this.options.index.get(id);
    return summary && this.overlay(summary);
  }

  list(): RunSummary[] {
    return this.options.index.list().map((summary) => this.overlay(summary));
  }

  /** What only the supervisor knows on top of what the files say. */
  private overlay(summary: RunSummary): RunSummary {
    const active = this.active.get(summary.id);
    if (!active) return summary;
    // It is over when its process is gone, not when that says so: only then can it be resumed or moved.
    const state = liveStates.includes(summary.state)
      ? summary.state
      : summary.state === 'queued'
        ? 'starting'
        : 'running';
    return { ...summary, state, endedAt: null, pending: active.pending, resumable: false };
  }

  queue(): Queue {
    const all = [...this.active.values()];
    const running = all.filter(takesSlot);
    const waiting = this.waiting().map((run) => run.id);
    const left = running.map((active) => active.state?.progress?.secondsLeft ?? null);
    return {
      slots: this.slots,
      running: running.map((active) => active.run.id),
      waiting,
      paused: all.filter((active) => !takesSlot(active)).map((active) => active.run.id),
      secondsLeft:
        waiting.length === 0 && left.length > 0 && left.every((seconds) => seconds !== null)
          ? Math.max(...(left as number[]))
          : null,
    };
  }

  setSlots(slots: number): void {
    this.slots = slots;
    this.announceQueue();
    void this.fillSlots();
  }

  /** Puts a run into the queue, to begin or to go on from its last checkpoint. */
  enqueue(run: RunDirectory, resume: boolean): void {
    run.setRequest({ at: new Date().toISOString(), resume, direct: false });
    this.announce(run.id);
    this.announceQueue();
    void this.fillSlots();
  }

  pause(id: string): void {
    const summary = this.require(id);
    const active = this.active.get(id);
    if (!active || summary.state === 'paused') throw this.conflict(summary, 'paused');
    active.pending = 'pause';
    this.command(active, 'pause');
  }

  resume(id: string): void {
    const summary = this.require(id);
    const active = this.active.get(id);
    if (active) {
      if (summary.state !== 'paused' && active.pending !== 'pause') throw this.conflict(summary, 'resumed');
      active.pending = 'resume';
      this.announce(id);
      void this.fillSlots();
      return;
    }
    this.requireResumable(id);
    this.enqueue(this.options.workspace.run(id), true);
  }

  cancel(id: string, force: boolean): void {
    const summary = this.require(id);
    const active = this.active.get(id);
    if (!active) {
      if (summary.state !== 'queued') throw this.conflict(summary, 'cancelled');
      this.options.workspace.run(id).setRequest(null);
      this.announce(id);
      this.announceQueue();
      return;
    }
    active.pending = 'cancel';
    active.cancelAskedAt ??= Date.now();
    if (force) this.kill(active);
    else this.command(active, 'cancel');
  }

  /** Starts a run at once, whatever the slots: the command line does. */
  async startNow(run: RunDirectory, resume: boolean): Promise<void> {
    run.setRequest({ at: new Date().toISOString(), resume, direct: true });
    await this.launch(run);
  }

  /** @throws AdjointError `not-found` or `conflict`. */
  requireResumable(id: string): void {
    const summary = this.require(id);
    if (!summary.resumable) throw this.conflict(summary, 'resumed');
  }

  private require(id: string): RunSummary {
    const summary = this.summary(id);
    if (!summary)
      throw new AdjointError('not-found', `There is no run "${id}".`, {
        where: this.options.workspace.path,
        fix: 'List the runs: it may have been moved to the trash.',
      });
    return summary;
  }

  private conflict(summary: RunSummary, verb: string): AdjointError {
    return new AdjointError('conflict', `The run cannot be ${verb}: it is ${summary.state}.`, { where: summary.name });
  }

  private command(active: ActiveRun, command: ControlCommand['command']): void {
    active.run.appendControl(active.attempt, { command, at: new Date().toISOString() });
    this.announce(active.run.id);
  }

  private kill(active: ActiveRun): void {
    active.forced = true;
    if (active.process) active.process.kill('SIGKILL');
    else {
      const pid = processId(active);
      // The lock tells that the recorded process is still the one that works on this run, so its id was not reused.
      if (pid !== null && active.run.isLocked()) process.kill(pid, 'SIGKILL');
    }
    this.announce(active.run.id);
  }

  /** A run that goes on and was not started by this engine. */
  private adopt(id: string): void {
    const run = this.options.workspace.run(id);
    const attempt = run.attempts().at(-1);
    if (attempt !== undefined) this.active.set(id, makeActiveRun(run, attempt, null));
  }

  private settleAbandoned(id: string): void {
    const run = this.options.workspace.run(id);
    const attempt = run.attempts().at(-1);
    if (attempt === undefined || run.isLocked()) return;
    try {
      settle(makeActiveRun(run, attempt, null), null);
    } catch (error) {
      this.options.log(problemText(toProblem(error, run.path)));
    }
    this.announce(id);
  }

  private tick(): void {
    this.ticks++;
    for (const active of [...this.active.values()]) {
      if (readHeartbeat(active)) this.announce(active.run.id);
      if (!active.process && (this.ticks % 5 === 0 || isFinal(active.state))) this.watchOrphan(active);
      if (
        active.cancelAskedAt !== null &&
        !active.forced &&
        Date.now() - active.cancelAskedAt > cancelGraceMilliseconds
      ) {
        active.run.appendLog(`It did not stop within ${cancelGraceMilliseconds / 1000} s of being asked.`);
        this.kill(active);
      }
    }
    if (this.options.ownsQueue && this.ticks % 10 === 0) this.discover();
    this.announceQueue();
    void this.fillSlots();
  }

  private watchOrphan(active: ActiveRun): void {
    active.unlocked = active.run.isLocked() ? 0 : active.unlocked + 1;
    if (active.unlocked >= 2) this.ended(active, null);
  }

  /** Run directories that others made or removed: the command line, an import, a file manager. */
  private discover(): void {
    const present = new Set(this.options.workspace.runs());
    for (const id of this.known) if (!present.has(id)) this.forget(id);
    const unknown = [...present].filter((id) => !this.known.has(id));
    this.known = present;
    for (const id of [...unknown, ...this.nextToLookAt()]) {
      if (this.active.has(id)) continue;
      this.announce(id);
      if (liveStates.includes(this.options.index.get(id)?.state ?? 'done')) this.adopt(id);
    }
  }

  /** A few of the known runs in turn: what others changed in thousands of directories is noticed within a minute, at no cost. */
  private nextToLookAt(): string[] {
    const ids = [...this.known];
    if (this.lookedAt >= ids.length) this.lookedAt = 0;
    const some = ids.slice(this.lookedAt, this.lookedAt + looksAtOnce);
    this.lookedAt += looksAtOnce;
    return some;
  }

  forget(id: string): void {
    this.shown.delete(id);
    this.known.delete(id);
    this.queued.delete(id);
    this.options.events.emit({ type: 'removed', id });
  }

  /** Runs that wait for a slot, first come first served; those of the command line start themselves. */
  private waiting(): RunDirectory[] {
    return [...this.queued.entries()]
      .filter(([id]) => !this.active.has(id))
      .sort(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([id]) => this.options.workspace.run(id));
  }

  private async fillSlots(): Promise<void> {
    if (!this.options.ownsQueue || this.launching) return;
    this.launching = true;
    try {
      for (;;) {
        // Stopping may come while a launch is under way.
        if (this.stopped) return;
        const used = [...this.active.values()].filter(takesSlot).length;
        if (used >= this.slots) return;
        const paused = [...this.active.values()].find((active) => active.pending === 'resume' && !takesSlot(active));
        if (paused) {
          this.command(paused, 'resume');
          // Counts as running from now on; the process confirms with its next heartbeat.
          if (paused.state) paused.state = { ...paused.state, phase: 'running' };
          continue;
        }
        const next = this.waiting()[0];
        if (!next) return;
        await this.launch(next);
      }
    } finally {
      this.launching = false;
    }
  }

  private async launch(run: RunDirectory): Promise<void> {
    const attempt = (run.attempts().at(-1) ?? 0) + 1;
    const { spawner, runEntry, resources, workspace } = this.options;
    const threads = Math.max(1, Math.floor(cpus().length / this.slots));
    let child;
    try {
      child = await launchRun(run, attempt, { spawner, runEntry, resources, workspace: workspace.path, threads });
    } catch (error) {
      const problem = toProblem(error, run.path);
      run.setRequest(null);
      run.appendLog(problemText(problem));
      this.notice(problem);
      this.announce(run.id);
      return;
    }
    const active = makeActiveRun(run, attempt, child);
    this.active.set(run.id, active);
    void child.exited.then((exit) => this.ended(active, exit));
    this.announce(run.id);
    this.announceQueue();
  }

  private ended(active: ActiveRun, exit: Exit | null): void {
    const { run, attempt } = active;
    if (this.active.get(run.id) !== active) return;
    if (run.isLocked()) {
      // Another process already worked on this run; ours was turned away at the lock.
      this.active.delete(run.id);
      this.adopt(run.id);
      return;
    }
    this.active.delete(run.id);
    run.setRequest(null);
    try {
      const problem = settle(active, exit);
      if (problem) this.notice({ ...problem, where: `${run.manifest().name}, attempt ${attempt}` });
    } catch (error) {
      this.notice(toProblem(error, run.path));
    }
    this.announce(run.id);
    this.announceQueue();
    void this.fillSlots();
  }

  /** Asks every live run to checkpoint and stop, and waits until they have. */
  async stopAll(): Promise<void> {
    this.stopped = true;
    for (const active of this.active.values()) {
      active.pending = 'cancel';
      active.cancelAskedAt = Date.now();
      this.command(active, 'cancel');
    }
    while (this.active.size > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  private notice(problem: Problem): void {
    this.options.log(problemText(problem));
    this.options.events.emit({ type: 'notice', level: 'error', problem });
  }

  /** Tells clients of a run if anything about it is new to them. */
  announce(id: string): void {
    const summary = this.summary(id);
    if (!summary) return this.forget(id);
    this.known.add(id);
    this.noteQueued(summary);
    const text = digest(summary);
    if (this.shown.get(id) === text) return;
    this.shown.set(id, text);
    this.options.events.emit({ type: 'run', run: summary });
  }

  private noteQueued({ id, state }: RunSummary): void {
    const request = state === 'queued' ? this.options.workspace.run(id).request() : null;
    if (request && !request.direct) this.queued.set(id, request.at);
    else this.queued.delete(id);
  }

  private announceQueue(): void {
    const queue = this.queue();
    const text = JSON.stringify(queue);
    if (text === this.shownQueue) return;
    this.shownQueue = text;
    this.options.events.emit({ type: 'queue', queue });
  }
}

const digest = (summary: RunSummary): string => createHash('sha1').update(JSON.stringify(summary)).digest('base64');
