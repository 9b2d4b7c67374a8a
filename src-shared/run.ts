import { z } from 'zod';
import { problemSchema } from './errors';

/** Clocks along which metrics are recorded; one table (and one chain of segments) each. */
export const clocks = ['step', 'epoch', 'inner', 'diagnostics', 'system'] as const;
export type Clock = (typeof clocks)[number];

/** Columns that every table has beside its metrics, in this order. */
export const indexColumns = ['sequence', 'step', 'epoch', 'activeSeconds', 'wallTime'] as const;
export type IndexColumn = (typeof indexColumns)[number];

export const runStates = ['queued', 'starting', 'running', 'paused', 'done', 'failed', 'cancelled', 'crashed'] as const;
export type RunState = (typeof runStates)[number];
export const liveStates: readonly RunState[] = ['starting', 'running', 'paused'];
export const resumableStates: readonly RunState[] = ['failed', 'cancelled', 'crashed'];
export const isFinalState = (state: RunState): boolean => state !== 'queued' && !liveStates.includes(state);

/** What a run process reports of itself in `state.json`. */
export const processPhases = ['starting', 'running', 'paused', 'done', 'failed', 'cancelled'] as const;
export type ProcessPhase = (typeof processPhases)[number];

export const progressSchema = z.object({
  done: z.number(),
  total: z.number(),
  unit: z.string(),
  /** Units per active second, smoothed. */
  rate: z.number().nullable(),
  secondsLeft: z.number().nullable(),
});
export type Progress = z.infer<typeof progressSchema>;

/** Aggregates of the full, undecimated series of one metric. */
export const metricSummarySchema = z.object({
  last: z.number().nullable(),
  min: z.number().nullable(),
  max: z.number().nullable(),
  count: z.number().int(),
  /** Mean of the last 10 % of the samples (at least one, at most 100,000). */
  tailMean: z.number().nullable(),
  /** Trapezoidal area under the series over the clock's own axis (step or epoch). */
  area: z.number().nullable(),
});
export type MetricSummary = z.infer<typeof metricSummarySchema>;

/** Which point of which sweep a run is. */
export const sweepMembershipSchema = z.object({
  /** Of the sweep, the same for all its runs. */
  id: z.string(),
  name: z.string(),
  /** What the sweep varies, by setting path and flattened like `settings`; runs of one point differ in their seed only. */
  point: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  /** Which repeat of the point, from 0. */
  repeat: z.number().int().nonnegative(),
  /** Number of runs in the whole sweep when this one was made. */
  size: z.number().int().positive(),
});
export type SweepMembership = z.infer<typeof sweepMembershipSchema>;

export const datasetReferenceSchema = z.object({
  name: z.string(),
  path: z.string(),
  /** SHA-256 of the file's bytes, so that a dataset that changed under a saved run is noticed. */
  sha256: z.string(),
});

/** `manifest.json`: what was asked. Written once, before the first attempt. */
export const manifestSchema = z.object({
  format: z.literal('adjoint-run/1'),
  id: z.string(),
  name: z.string(),
  kind: z.string(),
  createdAt: z.string(),
  /** The experiment with every default filled in. */
  experiment: z.record(z.string(), z.unknown()),
  /** The text that the user wrote, if any. */
  source: z.string().nullable(),
  seed: z.number().int(),
  dataset: datasetReferenceSchema.nullable(),
  code: z.object({ version: z.string(), commit: z.string().nullable() }),
  /** How it was first started: `queue` = by an engine's queue, `direct` = at once, by the command line. */
  launch: z.enum(['queue', 'direct']),
  clonedFrom: z.string().nullable(),
  /** Manifests from before there were sweeps have none. */
  sweep: sweepMembershipSchema.nullable().default(null),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** `annotations.json`: what people add to a run afterwards. */
export const annotationsSchema = z.object({
  name: z.string().optional(),
  tags: z.array(z.string()).default([]),
  notes: z.string().default(''),
  group: z.string().optional(),
});
export type Annotations = z.infer<typeof annotationsSchema>;

/** `attempts/<k>/attempt.json`: one process that worked on the run. Written when it starts. */
export const attemptSchema = z.object({
  attempt: z.number().int().positive(),
  resumedFrom: z.object({ checkpoint: z.string(), step: z.number().int() }).nullable(),
  pid: z.number().int(),
  startedAt: z.string(),
  host: z.string(),
  platform: z.string(),
  cpu: z.object({ model: z.string(), cores: z.number().int(), simd: z.string(), load: z.number() }),
  node: z.string(),
  /** First digits of the SHA-256 of the program; attempts from before it was recorded have none. */
  build: z.string().optional(),
  device: z.object({
    name: z.string(),
    dtype: z.enum(['float32', 'float64']),
    threads: z.number().int(),
    detail: z.string(),
  }),
  packages: z.record(z.string(), z.string()),
});
export type Attempt = z.infer<typeof attemptSchema>;

/** `attempts/<k>/state.json`: the process's heartbeat, replaced about once a second and at every change of phase. */
export const processStateSchema = z.object({
  phase: z.enum(processPhases),
  updatedAt: z.string(),
  endedAt: z.string().nullable(),
  activeSeconds: z.number(),
  progress: progressSchema.nullable(),
  /** Highest sequence number of each clock that is safely on disk (fdatasync done). */
  acknowledged: z.partialRecord(z.enum(clocks), z.number().int()),
  summaries: z.record(z.string(), metricSummarySchema),
  lastCheckpoint: z.object({ file: z.string(), step: z.number().int(), at: z.string() }).nullable(),
  error: problemSchema.nullable(),
  /** Number of the last line of control.ndjson that was obeyed. */
  controlSeen: z.number().int(),
});
export type ProcessState = z.infer<typeof processStateSchema>;

/** One line of `attempts/<k>/control.ndjson`. */
export const controlCommandSchema = z.object({
  command: z.enum(['pause', 'resume', 'cancel', 'checkpoint']),
  at: z.string(),
});
export type ControlCommand = z.infer<typeof controlCommandSchema>;

/** `request.json`: present while the run waits to be started (or resumed) by an engine's queue. */
export const startRequestSchema = z.object({
  at: z.string(),
  resume: z.boolean(),
  /** Somebody starts it at once: no engine's queue may take it. */
  direct: z.boolean().default(false),
  /** It waits until somebody lets it go on: the queue passes it over. */
  held: z.boolean().default(false),
});
export type StartRequest = z.infer<typeof startRequestSchema>;

/** A run as lists show it. */
export const runSummarySchema = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.string(),
  state: z.enum(runStates),
  /** Asked for and not yet obeyed. A queued run with a pause pending is held: it stays in the queue until it is resumed. */
  pending: z.enum(['pause', 'resume', 'cancel']).nullable(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  activeSeconds: z.number(),
  progress: progressSchema.nullable(),
  attempts: z.number().int(),
  device: z.string().nullable(),
  seed: z.number().int(),
  tags: z.array(z.string()),
  notes: z.string(),
  group: z.string().nullable(),
  dataset: z.string().nullable(),
  sweep: sweepMembershipSchema.nullable(),
  /** The experiment, flattened: `optimizer.learningRate` → .001. */
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  /** By metric key. */
  metrics: z.record(z.string(), metricSummarySchema),
  error: problemSchema.nullable(),
  /** What repair cut, missing files and other findings about the run directory. */
  damage: z.array(z.string()),
  resumable: z.boolean(),
});
export type RunSummary = z.infer<typeof runSummarySchema>;

export const checkpointInfoSchema = z.object({
  file: z.string(),
  step: z.number().int(),
  epoch: z.number().nullable(),
  bytes: z.number().int(),
  at: z.string(),
  valid: z.boolean(),
});
export type CheckpointInfo = z.infer<typeof checkpointInfoSchema>;

/** What a network's weights can be written as. */
export const weightsFormats = ['safetensors', 'npz'] as const;
export type WeightsFormat = (typeof weightsFormats)[number];
