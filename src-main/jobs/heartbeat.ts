import type { Problem } from '@shared/errors';
import type { ProcessPhase, ProcessState } from '@shared/run';
import type { RunDirectory } from '../store/runDirectory';
import type { ActiveClock } from '@shared/activeClock';
import type { Control } from './control';
import type { Job } from './job';
import { ProgressMeter } from './progress';
import type { RunRecorder } from './runRecorder';

/** Writes state.json: what the process says of itself, about once a second and at every change of phase. */
export class Heartbeat {
  phase: ProcessPhase = 'starting';
  lastCheckpoint: ProcessState['lastCheckpoint'] = null;
  readonly #run: RunDirectory;
  readonly #attempt: number;
  readonly #job: Job;
  readonly #clock: ActiveClock;
  readonly #control: Control;
  readonly #recorder: RunRecorder;
  readonly #progress: ProgressMeter;

  constructor(parts: {
    run: RunDirectory;
    attempt: number;
    job: Job;
    clock: ActiveClock;
    control: Control;
    recorder: RunRecorder;
  }) {
    this.#run = parts.run;
    this.#attempt = parts.attempt;
    this.#job = parts.job;
    this.#clock = parts.clock;
    this.#control = parts.control;
    this.#recorder = parts.recorder;
    const { total, unit } = parts.job;
    this.#progress = new ProgressMeter(total, unit, parts.job.position().step, parts.clock.seconds);
  }

  beat(): void {
    this.#write(null);
  }

  enter(phase: ProcessPhase, error: Problem | null = null): void {
    this.phase = phase;
    this.#write(error);
  }

  #write(error: Problem | null): void {
    const now = new Date().toISOString();
    const { seconds } = this.#clock;
    const final = this.phase === 'done' || this.phase === 'failed' || this.phase === 'cancelled';
    this.#run.writeState(this.#attempt, {
      phase: this.phase,
      updatedAt: now,
      endedAt: final ? now : null,
      activeSeconds: seconds,
      progress: this.#progress.update(this.#job.position().step, seconds, this.#job.total),
      acknowledged: this.#recorder.writer.acknowledged,
      summaries: this.#recorder.writer.summaries(),
      lastCheckpoint: this.lastCheckpoint,
      error,
      controlSeen: this.#control.seen,
    });
  }
}
