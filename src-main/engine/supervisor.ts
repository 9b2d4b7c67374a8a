import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import type { Queue } from '@shared/contract';
import { AdjointError, problemText, toProblem } from '@shared/errors';
import { liveStates, type ControlCommand, type RunSummary } from '@shared/run';
import type { RunDirectory } from '../store/runDirectory';
import type { RunIndex } from '../store/runIndex';
import { RunLog } from '../store/runLog';
import type { Workspace } from '../store/workspace';
import {
  ask,
  deliver,
  isFinal,
  kill,
  makeActiveRun,
  nextAttempt,
  readHeartbeat,
  takesSlot,
  type ActiveRun,
} from './activeRun';
import type { Spawner } from './api';
import { settle, type Exit } from './ending';
import { Announcer } from './announcer';
import type { EventHub } from './events';
import { Rounds } from './rounds';
import { launchRun } from './launch';
import { dropForgotten, WaitingList } from './waitingList';

const tickMilliseconds = 200;
/** How long a run may take to obey `cancel` (finish its step, write a checkpoint) before it is killed. */
const cancelGraceMilliseconds = 30_000;

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
  private readonly announcer: Announcer;
  private readonly rounds: Rounds;
  /** Crashed runs that were put in order here, with the number of their attempts. */
  private readonly settled = new Map<string, number>();
  private readonly queued: WaitingList;
  private timer: NodeJS.Timeout | null = null;
  private ticks = 0;
  private launching = false;
  private stopped = false;

  constructor(options: SupervisorOptions) {
    this.options = options;
    this.slots = options.slots;
    this.queued = new WaitingList(options.workspace);
    this.rounds = new Rounds(options.workspace);
    this.announcer = new Announcer(options.events, options.log);
  }

  /** Finds what earlier engines left: runs still going on are adopted, dead ones are put in order. */
  start(): void {
    if (this.options.ownsQueue) {
      for (const summary of this.options.index.list()) {
        this.rounds.add(summary.id);
        this.announcer.isKnown(summary);
        this.queued.note(summary);
        this.guarded(() => this.takeCare(summary));
      }
    }
    this.timer = setInterval(() => this.guarded(() => this.tick()), tickMilliseconds);
  }

  stop(): void {
    this.stopped = true;
    // From here on the runs are those of whoever opens the workspace next.
    this.active.clear();
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }

  /** Whatever one run's files do must not take the others down with the engine. */
  private guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.announcer.notice(toProblem(error, this.options.workspace.path));
    }
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
    const waiting = this.waiting();
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

  /** Runs share the cores. */
  get threadsPerRun(): number {
    return Math.max(1, Math.floor(cpus().length / this.slots));
  }

  setSlots(slots: number): void {
    this.slots = slots;
    this.announceQueue();
    void this.fillSlots();
  }

  /** Puts a run into the queue, to begin or to go on from its last checkpoint. */
  enqueue(run: RunDirectory, resume: boolean): void {
    run.setRequest({ at: new Date().toISOString(), resume, direct: false, held: false });
    this.announce(run.id);
    this.announceQueue();
    void this.fillSlots();
  }

  pause(id: string): void {
    const summary = this.require(id);
    const active = this.active.get(id);
    if (!active && summary.state === 'queued' && summary.pending === null) return this.hold(id, true);
    if (!active || (summary.state === 'paused' && active.pending !== 'resume')) throw this.conflict(summary, 'paused');
    const stillPaused = !takesSlot(active);
    active.pending = stillPaused ? null : 'pause';
    if (stillPaused) this.announce(id);
    else this.command(active, 'pause');
  }

  resume(id: string): void {
    const summary = this.require(id);
    const active = this.active.get(id);
    if (active) {
      if (summary.state !== 'paused' && active.pending !== 'pause') throw this.conflict(summary, 'resumed');
      // A process that has not paused yet has its slot still, and is told at once that it need not.
      if (active.pending === 'pause') ask(active, 'resume');
      active.pending = 'resume';
      this.announce(id);
      void this.fillSlots();
      return;
    }
    if (summary.state === 'queued' && summary.pending === 'pause') return this.hold(id, false);
    this.requireResumable(id);
    this.enqueue(this.options.workspace.run(id), true);
  }

  /** Takes a waiting run out of the queue's turn, or lets it wait on from the place that it had. */
  private hold(id: string, held: boolean): void {
    const run = this.options.workspace.run(id);
    const request = run.request();
    if (!request) return; // Started by somebody else in this moment.
    run.setRequest({ ...request, held });
    this.announce(id);
    this.announceQueue();
    void this.fillSlots();
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
    // Also where it is forced: a process that is not known yet cannot be killed, but will read this.
    this.command(active, 'cancel');
    if (force) this.kill(active);
  }

  /** Starts a run at once, whatever the slots: the command line does. */
  async startNow(run: RunDirectory, resume: boolean): Promise<void> {
    run.setRequest({ at: new Date().toISOString(), resume, direct: true, held: false });
    await this.launch(run);
  }

  /** Takes care of a run that goes on and that no engine watches: the command line does, of what it left before. */
  takeOver(id: string): void {
    this.adopt(id);
    this.announce(id);
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
    // Somebody may ask for a run of the command line before the engine came upon it.
    if (this.options.ownsQueue) this.takeCare(summary);
    return summary;
  }

  private conflict(summary: RunSummary, verb: string): AdjointError {
    return new AdjointError('conflict', `The run cannot be ${verb}: it is ${summary.state}.`, { where: summary.name });
  }

  private command(active: ActiveRun, command: ControlCommand['command']): void {
    ask(active, command);
    this.announce(active.run.id);
  }

  private kill(active: ActiveRun): void {
    kill(active);
    this.announce(active.run.id);
  }

  /** A run that goes on and was not started by this engine. */
  private adopt(id: string): void {
    const run = this.options.workspace.run(id);
    const attempt = run.attempts().at(-1);
    if (attempt !== undefined) this.active.set(id, makeActiveRun(run, attempt));
  }

  /** What others left: a run that goes on is adopted, one whose process died is put in order. */
  private takeCare({ id, state, attempts }: RunSummary): void {
    if (this.active.has(id)) return;
    if (liveStates.includes(state)) this.adopt(id);
    else if (state === 'crashed' && this.settled.get(id) !== attempts) {
      // Remembered also where it fails: a directory that cannot be written is said once.
      this.settled.set(id, attempts);
      this.settleAbandoned(id);
    } else if (state === 'queued' && dropForgotten(this.options.workspace.run(id))) this.announce(id);
  }

  private settleAbandoned(id: string): void {
    const run = this.options.workspace.run(id);
    const attempt = run.attempts().at(-1);
    if (attempt === undefined || run.isLocked()) return;
    try {
      settle(makeActiveRun(run, attempt), null);
    } catch (error) {
      this.options.log(problemText(toProblem(error, run.path)));
    }
    this.announce(id);
  }

  private tick(): void {
    this.ticks++;
    for (const active of [...this.active.values()]) this.guarded(() => this.look(active));
    if (this.options.ownsQueue && this.ticks % 10 === 0) this.discover();
    this.announceQueue();
    void this.fillSlots();
  }

  private look(active: ActiveRun): void {
    deliver(active);
    if (readHeartbeat(active)) this.announce(active.run.id);
    if (!active.process && !active.spawning && (this.ticks % 5 === 0 || isFinal(active.state)))
      this.watchOrphan(active);
    if (active.cancelAskedAt === null || active.forced) return;
    if (Date.now() - active.cancelAskedAt <= cancelGraceMilliseconds) return;
    new RunLog(active.run).write(`It did not stop within ${cancelGraceMilliseconds / 1000} s of being asked.`);
    this.kill(active);
  }

  private watchOrphan(active: ActiveRun): void {
    active.unlocked = active.run.isLocked() ? 0 : active.unlocked + 1;
    if (active.unlocked >= 2) return this.ended(active, null);
    // Adopted while it was still getting ready: which attempt it is shows when that has begun.
    const latest = active.run.attempts().at(-1);
    if (latest !== undefined && latest !== active.attempt && !active.run.request()) this.adopt(active.run.id);
  }

  private discover(): void {
    const { gone, look } = this.rounds.go();
    for (const id of gone) this.forget(id);
    for (const id of look) {
      if (this.active.has(id)) continue;
      this.announce(id);
      const summary = this.options.index.get(id);
      if (summary) this.guarded(() => this.takeCare(summary));
    }
  }

  forget(id: string): void {
    this.rounds.delete(id);
    this.settled.delete(id);
    this.queued.delete(id);
    this.announcer.removed(id);
  }

  private waiting(): string[] {
    return this.queued.ids().filter((id) => !this.active.has(id));
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
          paused.goesOn = true;
          this.command(paused, 'resume');
          continue;
        }
        const next = this.waiting()[0];
        if (!next) return;
        await this.launchWaiting(next);
      }
    } catch (error) {
      this.announcer.notice(toProblem(error, this.options.workspace.path));
    } finally {
      this.launching = false;
    }
  }

  private async launchWaiting(id: string): Promise<void> {
    this.queued.delete(id);
    const summary = this.options.index.get(id);
    if (!summary) return this.forget(id); // Removed by hand while it waited.
    if (summary.state !== 'queued') return this.takeCare(summary); // Somebody else started it.
    const run = this.options.workspace.run(id);
    if (!run.isLocked()) return this.launch(run);
    // An engine that died left a process that is getting ready.
    this.active.set(id, makeActiveRun(run, nextAttempt(run)));
    this.announce(id);
  }

  private async launch(run: RunDirectory): Promise<void> {
    const active = makeActiveRun(run, nextAttempt(run));
    const { spawner, runEntry, resources, workspace } = this.options;
    const threads = this.threadsPerRun;
    active.spawning = true;
    this.active.set(run.id, active);
    let child;
    try {
      child = await launchRun(run, active.attempt, {
        ...{ spawner, runEntry, resources },
        ...{ workspace: workspace.path, threads },
      });
    } catch (error) {
      this.active.delete(run.id);
      const problem = toProblem(error, run.path);
      run.setRequest(null);
      if (existsSync(run.path)) new RunLog(run).write(problemText(problem));
      this.announcer.notice(problem);
      this.announce(run.id);
      return;
    }
    active.spawning = false;
    active.process = child;
    if (active.forced) kill(active);
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
    if (!existsSync(run.path)) return this.announce(run.id); // Removed by hand while it ran.
    // Nobody saw it start, and it did not: it waits as before.
    if (!exit && run.request() && !run.attempt(attempt)) return this.announce(run.id);
    try {
      run.setRequest(null);
      const problem = settle(active, exit);
      if (problem) this.announcer.notice({ ...problem, where: `${run.manifest().name}, attempt ${attempt}` });
    } catch (error) {
      this.announcer.notice(toProblem(error, run.path));
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

  /** Tells clients of a run if anything about it is new to them. */
  announce(id: string): void {
    const summary = this.summary(id);
    if (!summary) return this.forget(id);
    this.rounds.add(id);
    this.queued.note(summary);
    this.announcer.run(summary);
  }

  private announceQueue(): void {
    this.announcer.queue(this.queue());
  }
}
