import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { AdjointError, problemText, toProblem } from '@shared/errors';
import type { DeviceRequest } from '../numerics/devices/device';
import { loadDevice } from '../numerics/devices/ladder';
import { type Checkpoint, writeCheckpoint } from '../store/checkpoint';
import type { Lock } from '../store/lock';
import type { RunDirectory } from '../store/runDirectory';
import { repairRun } from '../store/repair';
import { ActiveClock } from '@shared/activeClock';
import { Control } from './control';
import { Heartbeat } from './heartbeat';
import type { Job, JobKind } from './job';
import { jobKind } from './kinds';
import { describeAttempt, whatChanged } from './machine';
import { Reserve } from '../store/reserve';
import { findResumePoint, type ResumePoint } from './resume';
import { checkData } from '../store/runData';
import type { RunLog } from '../store/runLog';
import { RunRecorder } from './runRecorder';

/** The event loop gets a turn this often, so that signals arrive. */
const turnMs = 50;
const pausedPollMs = 200;

export interface RunOptions {
  run: RunDirectory;
  attempt: number;
  threads: number;
  /** The right to write into the run, held until the process ends. */
  lock: Lock;
  log: RunLog;
  /** Where optional packages are looked for beside the project. */
  workspace?: string;
  labelsEntry: string;
  /** The program, as `buildOf` names it. */
  build: string;
}

export type Outcome = 'done' | 'cancelled';

/** All that may refuse to start: until this returns, the attempt has not begun and supersedes nothing. */
export async function prepare({ run, attempt, lock, log, workspace, labelsEntry, ...options }: RunOptions) {
  if (attempt > 1) for (const cut of repairRun(run, lock).cut) log.write(`Repair: ${cut}`);
  const manifest = run.manifest();
  const kind = jobKind(manifest.kind);
  const threads = kind.threads?.(manifest.experiment) || options.threads;
  const dataPath = await checkData(manifest);
  const packageFolders = workspace === undefined ? [] : [workspace];
  const resume = findResumePoint(run, (line) => log.write(line));
  const request = deviceRequest(kind.device(manifest.experiment), resume);
  const device = request && (await loadDevice(request, { threads, packageFolders }));
  if (device) log.write(`Device ${device.name} (${device.label}, ${device.dtype}): ${device.detail}.`);
  const context = {
    ...{ manifest, device, dataPath, threads, workspace, labelsEntry },
    log: (line: string) => log.write(line),
  };
  const job = await kind.create(context, resume?.checkpoint ?? null);
  return { manifest, kind, device, resume, job };
}

/** What is left to choose goes on where the checkpoint was computed, whatever would be chosen for a new run. */
function deviceRequest(request: DeviceRequest | null, resume: ResumePoint | null): DeviceRequest | null {
  if (request !== 'auto' || !resume) return request;
  const { device } = resume.checkpoint.state as { device?: DeviceRequest };
  return device ?? request;
}

/** Begins the attempt and drives the job to its end. @throws whatever stopped it; the state then says `failed`. */
export async function drive(options: RunOptions, prepared: Awaited<ReturnType<typeof prepare>>): Promise<Outcome> {
  const { run, attempt, log, build } = options;
  const { manifest, kind, device, resume, job } = prepared;
  const computing = device ?? solverThreads(options.threads);
  const description = describeAttempt(attempt, resume?.from ?? null, computing, build);
  run.beginAttempt(attempt, description);
  const reserve = new Reserve(run, attempt);
  log.write(resume ? `Attempt ${attempt}: resuming from step ${resume.from.step}.` : `Attempt ${attempt}: starting.`);
  const before = resume && run.attempt(attempt - 1);
  const changed = before ? whatChanged(before, description) : [];
  if (changed.length > 0)
    log.write(`Not what the attempt before ran on: ${changed.join(', ')}. Numbers may differ in their last bits.`);

  const clock = new ActiveClock(savedSeconds(resume));
  const control = new Control(run, attempt);
  control.listenToSignals();
  const recorder = new RunRecorder(run, attempt, job.columns, clock, job.position);
  const heartbeat = new Heartbeat({ run, attempt, job, clock, control, recorder });
  const loop = new RunLoop({
    run,
    kind,
    experiment: manifest.experiment,
    job,
    clock,
    control,
    recorder,
    heartbeat,
    log,
  });
  try {
    const outcome = await loop.run(resume);
    recorder.writer.close();
    reserve.release();
    log.write(outcome === 'done' ? `Done: ${job.conclusion()}.` : `Cancelled at step ${job.position().step}.`);
    heartbeat.enter(outcome);
    return outcome;
  } catch (error) {
    clock.pause();
    const problem = toProblem(error);
    reserve.releaseForRows();
    attemptTo(() => recorder.writer.close());
    reserve.release();
    if (problem.code === 'internal' && error instanceof Error) attemptTo(() => log.write(error.stack ?? error.message));
    if (problem.code === 'diverged') await loop.checkpoint().catch(() => undefined);
    attemptTo(() => log.write(`Failed: ${problemText(problem)}`));
    heartbeat.enter('failed', problem);
    throw error;
  } finally {
    job.dispose();
  }
}

interface LoopParts {
  run: RunDirectory;
  kind: JobKind;
  experiment: Record<string, unknown>;
  job: Job;
  clock: ActiveClock;
  control: Control;
  recorder: RunRecorder;
  heartbeat: Heartbeat;
  log: RunLog;
}

/** The one loop of every run: a piece of work, then whatever is due of commands, metrics, heartbeat and checkpoint. */
class RunLoop {
  readonly #parts: LoopParts;
  readonly #checkpoints: { seconds: number; keep: number };
  #lastCheckpointAt = 0;
  #best: { step: number; pending: Checkpoint | null } | null = null;
  #lastTurn = performance.now();

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#checkpoints = parts.kind.checkpoints(parts.experiment);
  }

  async run(resume: ResumePoint | null): Promise<Outcome> {
    const { job, clock, control, recorder, heartbeat } = this.#parts;
    this.#lastCheckpointAt = clock.seconds;
    heartbeat.enter('running');
    await this.#holdBest();
    if (resume) heartbeat.lastCheckpoint = { file: resume.from.checkpoint, step: resume.from.step, at: now() };
    else await this.checkpoint();
    while (!job.finished()) {
      await job.advance(recorder.record);
      await this.#holdBest();
      if (recorder.tick()) heartbeat.beat();
      if (control.due && (await this.#obey()) === 'cancel') return 'cancelled';
      const due = clock.seconds - this.#lastCheckpointAt >= this.#checkpoints.seconds;
      if (due || job.isMilestone?.(job.position().step)) await this.checkpoint();
      await this.#yieldToEvents();
    }
    await this.checkpoint();
    return 'done';
  }

  /** Holds the state in memory if it is the best so far; it goes to disk with the next checkpoint. */
  async #holdBest(): Promise<void> {
    const { job, clock } = this.#parts;
    const step = job.bestStep?.() ?? null;
    if (step === null || step === this.#best?.step) return;
    // The best state of an earlier attempt is on disk: a checkpoint that knows of it was written after it.
    const reached = step === job.position().step;
    this.#best = { step, pending: reached ? await job.save(clock.seconds) : null };
  }

  /** Saves the job's state; the metrics up to it are made safe first, so that a resume finds them all. */
  async checkpoint(): Promise<void> {
    const { run, job, clock, recorder, heartbeat } = this.#parts;
    const { step } = job.position();
    this.#lastCheckpointAt = clock.seconds;
    if (heartbeat.lastCheckpoint?.step === step) return;
    const state = await job.save(clock.seconds);
    recorder.writer.sync();
    // The best state first: a checkpoint that refers to it must never be there without it.
    const best = this.#best;
    if (best?.pending && best.step !== step) writeCheckpoint(run.checkpointPath(best.step), best.pending);
    if (best) best.pending = null;
    const path = run.checkpointPath(step);
    writeCheckpoint(path, state);
    run.pruneCheckpoints(this.#checkpoints.keep, best?.step, (at) => job.isMilestone?.(at) ?? false);
    heartbeat.lastCheckpoint = { file: path.slice(path.lastIndexOf('/') + 1), step, at: now() };
    heartbeat.beat();
  }

  async #obey(): Promise<'cancel' | 'go on'> {
    const commands = this.#parts.control.poll();
    if (commands.includes('checkpoint') || commands.includes('cancel')) await this.checkpoint();
    if (commands.includes('cancel')) return 'cancel';
    // Of a pause that was taken back before it was read, only the last word counts.
    return commands.lastIndexOf('pause') > commands.lastIndexOf('resume') ? this.#pause() : 'go on';
  }

  /** Sleeps until told to go on. Pauses do not count as active time, and cost next to nothing. */
  async #pause(): Promise<'cancel' | 'go on'> {
    const { job, clock, control, recorder, heartbeat, log } = this.#parts;
    await this.checkpoint();
    clock.pause();
    heartbeat.enter('paused');
    log.write(`Paused at step ${job.position().step}.`);
    for (;;) {
      await sleep(pausedPollMs);
      const commands = control.poll();
      if (commands.includes('cancel')) return 'cancel';
      if (commands.lastIndexOf('resume') > commands.lastIndexOf('pause')) break;
      if (recorder.tick()) heartbeat.beat();
    }
    clock.resume();
    heartbeat.enter('running');
    log.write('Going on.');
    return 'go on';
  }

  async #yieldToEvents(): Promise<void> {
    if (performance.now() - this.#lastTurn < turnMs) return;
    await nextTurn();
    this.#lastTurn = performance.now();
  }
}

/** What a run without tensors says of where it computes. */
const solverThreads = (threads: number) =>
  ({
    name: 'solver',
    dtype: 'float64',
    threads,
    detail: 'float64 solver, one thread an instance',
    packages: {},
  }) as const;

const now = () => new Date().toISOString();

function savedSeconds(resume: ResumePoint | null): number {
  const state = resume?.checkpoint.state as { activeSeconds?: unknown } | undefined;
  return typeof state?.activeSeconds === 'number' ? state.activeSeconds : 0;
}

/** On the way down one thing that fails must not keep the next from being tried. */
function attemptTo(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (error instanceof AdjointError) console.error(problemText(error.problem));
    else console.error(error);
  }
}
