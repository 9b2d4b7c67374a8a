import { eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';
import { applicabilityAskSchema, applicabilitySchema } from './applicability';
import { bilevelCaseSchema, bilevelPreviewAskSchema, bilevelPreviewSchema } from './bilevel';
import {
  comparisonInfoSchema,
  comparisonSchema,
  comparisonSpecSchema,
  runContextSchema,
  tradeOffMoments,
  tradeOffPointSchema,
} from './comparisons';
import { datasetInfoSchema, datasetName, generateDatasetSchema } from './datasets';
import { purgeDatasetsSchema, refusedFilesSchema, restoreDatasetSchema, trashedDatasetSchema } from './datasetTrash';
import { diagnosisAskSchema, diagnosisSchema } from './diagnostics';
import { findingSchema, problemSchema } from './errors';
import { figureInfoSchema, savedFigureSchema, saveFigureSchema } from './figures/library';
import { figureSchema } from './figures/spec';
import { changesSchema, filmAskSchema, filmPartSchema, outputPlaneAskSchema, outputPlaneSchema } from './film';
import { landscapeAskSchema, landscapeSchema } from './landscape';
import { layerAuditAskSchema, layerAuditSchema, layerPathAskSchema, layerPathSchema } from './layerAudit';
import { openProblemSchema, ownProblemSchema } from './ownProblem';
import {
  familyPreviewSchema,
  familySchema,
  previewDatasetSchema,
  previewFamilySchema,
  problemViewSchema,
} from './problems';
import {
  annotationsSchema,
  attemptSchema,
  checkpointInfoSchema,
  manifestSchema,
  metricSummarySchema,
  runSummarySchema,
  weightsFormats,
} from './run';
import { studyAskSchema, studyInfoSchema, studyPlanSchema, studyResultSchema, studyStartedSchema } from './studies';
import { auditedSchema, solveAuditSchema, solveCasesSchema, solveReportSchema, solveRunSchema } from './solve';
import { sweepPreviewSchema, sweepRecordSchema, sweepStartedSchema } from './sweeps';

export type { DatasetInfo } from './datasets';

/** Every failure of a request is this one typed error; `data` says what, where and what to do. */
const request = oc.errors({ ADJOINT: { status: 422, data: problemSchema } });
const runId = z.object({ id: z.string() });
const runIds = z.object({ ids: z.array(z.string()).min(1) });
const sweepId = z.object({ id: z.string() });
const sweepText = z.object({ yaml: z.string() });
const done = z.object({});

/** A request that acts on many runs never fails as a whole: one bad run does not spoil the others. */
const perRun = z.object({ refused: z.array(z.object({ id: z.string(), problem: problemSchema })) });

export const queueSchema = z.object({
  slots: z.number().int(),
  running: z.array(z.string()),
  waiting: z.array(z.string()),
  paused: z.array(z.string()),
  /** Until the queue is empty, if every run tells. */
  secondsLeft: z.number().nullable(),
});
export type Queue = z.infer<typeof queueSchema>;

export const appInfoSchema = z.object({
  version: z.string(),
  commit: z.string().nullable(),
  launcher: z.enum(['electron', 'serve', 'cli']),
  workspace: z.string(),
  platform: z.string(),
  node: z.string(),
  cpu: z.object({ model: z.string(), cores: z.number().int() }),
  /** How run processes are made here, in words. */
  spawner: z.string(),
});
export type AppInfo = z.infer<typeof appInfoSchema>;

export const deviceSchema = z.object({
  name: z.string(),
  label: z.string(),
  dtype: z.enum(['float32', 'float64']),
  available: z.boolean(),
  /** Why it is not available, or what it runs on. */
  detail: z.string(),
  isDefault: z.boolean(),
});
export type DeviceInfo = z.infer<typeof deviceSchema>;

export const methodSchema = z.object({
  /** Which registry: `technique`, `optimizer`, `network`, `experiment`. */
  family: z.string(),
  kind: z.string(),
  title: z.string(),
  summary: z.string(),
  reference: z.string().nullable(),
  /** JSON Schema of its settings, with defaults and descriptions. */
  settings: z.record(z.string(), z.unknown()),
  metrics: z.array(z.string()),
});
export type MethodInfo = z.infer<typeof methodSchema>;

export const runDetailSchema = z.object({
  summary: runSummarySchema,
  manifest: manifestSchema,
  annotations: annotationsSchema,
  attempts: z.array(
    attemptSchema.extend({
      phase: z.string(),
      endedAt: z.string().nullable(),
      error: problemSchema.nullable(),
      activeSeconds: z.number(),
    }),
  ),
  checkpoints: z.array(checkpointInfoSchema),
  /** Metrics that have at least one sample, by clock. */
  recorded: z.record(z.string(), z.array(z.string())),
  /** Names of the entries of recorded vectors, by metric; each is a series of its own (metrics/vectors.ts). */
  vectors: z.record(z.string(), z.array(z.string())),
  /** Paths of settings that differ from their defaults. */
  changed: z.array(z.string()),
  directory: z.string(),
  bytes: z.number(),
  yaml: z.string(),
});
export type RunDetail = z.infer<typeof runDetailSchema>;

/** Values [row][entry] of some vectors; null where a row was not measured. */
export const vectorRowsSchema = z.object({
  step: z.array(z.number()),
  epoch: z.array(z.number()),
  /** Rows that there are in all. */
  total: z.number().int(),
  values: z.record(z.string(), z.array(z.array(z.number()).nullable())),
});
export type VectorRows = z.infer<typeof vectorRowsSchema>;

export const appEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('run'), run: runSummarySchema }),
  z.object({ type: z.literal('removed'), id: z.string() }),
  z.object({ type: z.literal('queue'), queue: queueSchema }),
  z.object({ type: z.literal('notice'), level: z.enum(['info', 'warning', 'error']), problem: problemSchema }),
]);
export type AppEvent = z.infer<typeof appEventSchema>;

export const contract = {
  app: {
    /** What this is, where it runs and on which workspace. */
    info: request.output(appInfoSchema),
    /** Devices of the ladder, each with why it is or is not available. */
    devices: request.output(z.array(deviceSchema)),
  },
  methods: {
    /** Every registered method with its settings as JSON Schema. */
    list: request.output(z.array(methodSchema)),
  },
  techniques: {
    /** Every technique with its default settings on a dataset: whether it can be used, and if not, why. */
    applicability: request.input(applicabilityAskSchema).output(applicabilitySchema),
  },
  problems: {
    /** Families of problems that can be generated, each with its settings as JSON Schema. */
    families: request.output(z.array(familySchema)),
    /**
     * What generating a family with these settings would give: findings, sizes, time, and some of its instances solved. Wrong settings
     * are findings, not errors.
     */
    preview: request.input(previewFamilySchema).output(familyPreviewSchema),
    /** Reads a problem of one's own and keeps it in the workspace, for the family `matrix` to name. */
    open: request.input(openProblemSchema).output(ownProblemSchema),
  },
  datasets: {
    /** Datasets in the workspace and those that come with Adjoint. */
    list: request.output(z.array(datasetInfoSchema)),
    /** One dataset, checked: arrays, shapes, splits, provenance, labels, problems. */
    show: request.input(z.object({ name: z.string() })).output(datasetInfoSchema),
    /** Some instances of a dataset, solved again: active rows, multipliers, a slice of the feasible set. */
    preview: request.input(previewDatasetSchema).output(problemViewSchema),
    /** Puts a run of kind `dataset` into the queue: it generates, labels and writes a dataset of this name. */
    generate: request.input(generateDatasetSchema).output(z.object({ ids: z.array(z.string()) })),
    /** Checks a .npz or .pkl file and copies it into the workspace. */
    import: request
      .input(z.object({ path: z.string().min(1), name: datasetName.optional() }))
      .output(z.object({ name: z.string(), path: z.string() })),
    /** Moves a dataset of the workspace to its trash. Refused while runs use it, which `force` overrides for ended ones. */
    trash: request
      .input(z.object({ name: z.string(), force: z.boolean().default(false) }))
      .output(z.object({ path: z.string() })),
    /** Datasets in the trash, the last that went there first. */
    trashed: request.output(z.array(trashedDatasetSchema)),
    /** Brings a dataset back. Refused with `conflict` where its name is taken, unless it is given another. */
    restore: request.input(restoreDatasetSchema).output(z.object({ name: z.string(), path: z.string() })),
    /** Deletes trashed datasets for good. */
    purge: request.input(purgeDatasetsSchema).output(refusedFilesSchema),
  },
  solve: {
    /** Problems that come with Adjoint, each with what is special about it. */
    cases: request.output(solveCasesSchema),
    /** Solves one convex problem and says everything about its solution. Degenerate, infeasible and unbounded problems are answers. */
    run: request.input(solveRunSchema).output(solveReportSchema),
    /** Checks the gradient of vᵀy* against differences over a sweep of steps, the active-set formula and the adjoint identity. */
    audit: request.input(solveAuditSchema).output(auditedSchema),
  },
  bilevel: {
    /** Families of bilevel problems, each with its settings as JSON Schema. */
    families: request.output(z.array(familySchema)),
    /** Bilevel problems that come with Adjoint, from the literature, most with their known optimum. */
    cases: request.output(z.array(bilevelCaseSchema)),
    /** A bilevel problem: sizes, what would make results on it meaningless, its lower level at the start. Wrong settings are findings. */
    preview: request.input(bilevelPreviewAskSchema).output(bilevelPreviewSchema),
    /** F over a plane or along a line, from coarse to fine; a picture that is out of date when it could be taken is left out. */
    landscape: request.input(landscapeAskSchema).output(eventIterator(landscapeSchema)),
  },
  layer: {
    /** The gradient of a least-squares layer in every backward mode against the exact one; every part is the whole answer so far. */
    audit: request.input(layerAuditAskSchema).output(eventIterator(layerAuditSchema)),
    /** The inner iterates of one instance in a plane. */
    path: request.input(layerPathAskSchema).output(layerPathSchema),
  },
  diagnostics: {
    /** The loss around a checkpoint: spectrum of the Hessian, effective ranks, landscape. Every part is the whole answer so far. */
    look: request.input(diagnosisAskSchema).output(eventIterator(diagnosisSchema)),
  },
  film: {
    /** Rows of a run to be played through. */
    rows: request.input(filmAskSchema).output(filmPartSchema),
    /** Where a scalar of the step clock, such as λ, changed. */
    changes: request.input(runId.extend({ metric: z.string() })).output(changesSchema),
    /** One validation instance in the plane in which the network's outputs moved most. */
    plane: request.input(outputPlaneAskSchema).output(outputPlaneSchema),
  },
  experiments: {
    /** Example experiments that come with Adjoint. */
    examples: request.output(z.array(z.object({ name: z.string(), title: z.string(), yaml: z.string() }))),
    /** Checks an experiment file without starting it. `resolved` has every default filled in. */
    validate: request
      .input(z.object({ yaml: z.string() }))
      .output(z.object({ findings: z.array(findingSchema), resolved: z.record(z.string(), z.unknown()).nullable() })),
  },
  runs: {
    /**
     * All runs, newest first; `trash` lists the trash instead. With `metrics` only these aggregates come along: a list of
     * thousands of runs is mostly aggregates.
     */
    list: request
      .input(z.object({ trash: z.boolean().default(false), metrics: z.array(z.string()).optional() }))
      .output(z.array(runSummarySchema)),
    /** One run in full. */
    get: request.input(runId).output(runDetailSchema),
    /** Makes runs from an experiment file and puts them into the queue. */
    create: request
      .input(z.object({ yaml: z.string(), name: z.string().optional(), clonedFrom: z.string().optional() }))
      .output(z.object({ ids: z.array(z.string()) })),
    /** Whether a clone of the run would meet the data that the run met: the bytes behind its dataset's name now. */
    datasetNow: request
      .input(runId)
      .output(z.object({ dataset: z.string().nullable(), state: z.enum(['same', 'changed', 'missing', 'none']) })),
    pause: request.input(runIds).output(perRun),
    /** Goes on with a paused run, or starts a new attempt from the last checkpoint of a stopped one. */
    resume: request.input(runIds).output(perRun),
    /** Asks the run to checkpoint and stop; `force` kills it. */
    cancel: request.input(runIds.extend({ force: z.boolean().default(false) })).output(perRun),
    annotate: request.input(runId.extend({ change: annotationsSchema.partial() })).output(done),
    trash: request.input(runIds).output(perRun),
    restore: request.input(runIds).output(perRun),
    /** Deletes trashed runs for good. */
    purge: request.input(runIds).output(perRun),
    /** Part of log.txt; `offset` −1 asks for the last `limit` bytes. */
    log: request
      .input(
        runId.extend({ offset: z.number().int().default(-1), limit: z.number().int().max(1_000_000).default(65_536) }),
      )
      .output(z.object({ text: z.string(), offset: z.number().int(), end: z.number().int() })),
    /** A short, evenly decimated series of one metric for each run: what a table cell can show. */
    sparklines: request
      .input(
        z.object({
          ids: z.array(z.string()).max(200),
          metric: z.string(),
          points: z.number().int().min(2).max(200).default(40),
        }),
      )
      .output(z.record(z.string(), z.array(z.number().nullable()))),
    /** The full, undecimated series of some metrics as CSV. */
    exportSeries: request
      .input(runId.extend({ clock: z.string(), metrics: z.array(z.string()).min(1) }))
      .output(z.object({ name: z.string(), csv: z.string(), rows: z.number().int(), cut: z.array(z.string()) })),
    /** Rows of vector metrics of one clock, evenly picked where there are more than `most`; the last one is always among them. */
    vectors: request
      .input(
        runId.extend({
          clock: z.string(),
          metrics: z.array(z.string()).min(1).max(16),
          most: z.number().int().min(2).max(400).default(160),
        }),
      )
      .output(vectorRowsSchema),
    /** The network of a checkpoint, the newest unless `step` names another, as a file; its bytes come in base64. */
    exportWeights: request
      .input(runId.extend({ format: z.enum(weightsFormats), step: z.number().int().optional() }))
      .output(z.object({ name: z.string(), base64: z.string() })),
    /** Aggregates of the full data, recomputed from the segments. */
    summarise: request.input(runId).output(z.record(z.string(), metricSummarySchema)),
  },
  comparisons: {
    /** Saved comparisons, the last changed first. */
    list: request.output(z.array(comparisonInfoSchema)),
    get: request.input(z.object({ id: z.string() })).output(comparisonSchema),
    /** Saves a new comparison, or with `id` a new version of a saved one. */
    save: request
      .input(
        z.object({ id: z.string().optional(), name: z.string().trim().min(1).max(200), spec: comparisonSpecSchema }),
      )
      .output(comparisonSchema),
    rename: request
      .input(z.object({ id: z.string(), name: z.string().trim().min(1).max(200) }))
      .output(comparisonSchema),
    /** Forgets a saved comparison; its runs stay. */
    remove: request.input(z.object({ id: z.string() })).output(done),
    /** Datasets and recorded metrics of runs. What is not in the workspace any more is left out. */
    context: request.input(z.object({ ids: z.array(z.string()).max(2000) })).output(z.array(runContextSchema)),
    /** Where each run stands between two metrics of one clock. */
    tradeOff: request
      .input(
        z.object({
          ids: z.array(z.string()).max(2000),
          x: z.string(),
          y: z.string(),
          at: z.enum(tradeOffMoments),
        }),
      )
      .output(z.array(tradeOffPointSchema)),
  },
  sweeps: {
    /** Checks an experiment file with a `sweep:` block and says what starting it would do. */
    preview: request.input(sweepText).output(sweepPreviewSchema),
    /** Runs what is missing: makes and queues runs of points that have none, and goes on with stopped ones. */
    create: request.input(sweepText).output(sweepStartedSchema),
    /** Sweeps that were started in this workspace, newest first. */
    list: request.output(z.array(sweepRecordSchema)),
    get: request.input(sweepId).output(sweepRecordSchema),
    /** Pauses the running runs and holds the waiting ones. */
    pause: request.input(sweepId).output(perRun),
    /** Paused and held runs go on, and what is missing is run. */
    resume: request.input(sweepId).output(sweepStartedSchema),
    cancel: request.input(sweepId.extend({ force: z.boolean().default(false) })).output(perRun),
  },
  figures: {
    /** Figures kept in the workspace, the last saved first. */
    list: request.output(z.array(figureInfoSchema)),
    get: request.input(z.object({ id: z.string() })).output(figureSchema),
    /** Keeps a figure's specification, with its drawing and data beside it. */
    save: request.input(saveFigureSchema).output(savedFigureSchema),
    remove: request.input(z.object({ id: z.string() })).output(done),
  },
  studies: {
    /** Recipes that answer one question from runs, with their settings as JSON Schema. */
    list: request.output(z.array(studyInfoSchema)),
    /** Which runs a study needs, and which of them there are. */
    preview: request.input(studyAskSchema).output(studyPlanSchema),
    /** Runs what is missing. */
    start: request.input(studyAskSchema).output(studyStartedSchema),
    /** Reading, tables and figures from the runs that are finished. */
    result: request.input(studyAskSchema).output(studyResultSchema),
  },
  queue: {
    get: request.output(queueSchema),
    setSlots: request.input(z.object({ slots: z.number().int().min(1).max(64) })).output(queueSchema),
  },
  /** Low-rate changes of runs and queue, each run at most four times a second. Starts with the queue. */
  events: request.output(eventIterator(appEventSchema)),
};
export type Contract = typeof contract;
