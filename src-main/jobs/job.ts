import type { Clock, Manifest } from '@shared/run';
import type { Device, DeviceRequest } from '../numerics/devices/device';
import type { Checkpoint } from '../store/checkpoint';
import type { MetricColumn, MetricValue } from '../store/metricWriter';

/** What a job is given before it starts. */
export interface JobContext {
  manifest: Manifest;
  /** What tensors are computed on; null for a kind that asks for none. */
  device: Device | null;
  /** Threads that the run may use. */
  threads: number;
  /** The bundle of a thread that labels instances. */
  labelsEntry: string;
  /** The workspace that the run lies in, where it lies in one. */
  workspace: string | undefined;
  /** The file that the manifest names, checked to be the same as then; null if it names none. */
  dataPath: string | null;
  log(line: string): void;
}

/** Takes one row of measurements. Where the row stands is known from the job's position and the run's clock. */
export type Recorder = (clock: Clock, values: Readonly<Record<string, MetricValue>>) => void;

/**
 * The work of one run, cut into short steps: between any two of them the run process obeys commands, writes heartbeats and
 * checkpoints. All kinds of jobs are driven by the same loop, so pausing, resuming and crash safety come for free.
 */
export interface Job {
  /** The metrics that it records, by clock (`system` is recorded for every kind). */
  readonly columns: Partial<Record<Clock, readonly MetricColumn[]>>;
  /** Units of work in all, such as optimizer steps; less than planned once the job has ended early. */
  readonly total: number;
  unit: string;
  /**
   * Units done, and where that is in the work of the kind: epochs of training, lower-level solves of a bilevel run. Rows are recorded at
   * this position, and at the run's active seconds unless the job has seconds of its own.
   */
  position(): { step: number; epoch: number; seconds?: number };
  finished(): boolean;
  /** One short piece of work. @throws AdjointError; the state is then as it was before. */
  advance(record: Recorder): Promise<void>;
  /** Everything that is needed to go on bit for bit. */
  save(activeSeconds: number): Promise<Checkpoint>;
  /** Position of the best state so far, if its checkpoint is to be kept whatever newer ones there are. */
  bestStep?(): number | null;
  /** Whether the checkpoint of a step is a milestone: written when the job gets there and kept for ever. */
  isMilestone?(step: number): boolean;
  /** One line for the log when it has finished. */
  conclusion(): string;
  dispose(): void;
}

/** A kind of job, listed in `kinds.ts`. */
export interface JobKind {
  kind: string;
  /** Null where nothing is computed on tensors. */
  device(experiment: Record<string, unknown>): DeviceRequest | null;
  /** Threads that the experiment asks for, 0 for those that it is given; absent for a kind that never asks. */
  threads?(experiment: Record<string, unknown>): number;
  checkpoints(experiment: Record<string, unknown>): { seconds: number; keep: number };
  /** @throws AdjointError if experiment, dataset and checkpoint do not go together. */
  create(context: JobContext, checkpoint: Checkpoint | null): Promise<Job>;
}
