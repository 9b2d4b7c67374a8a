import { z } from 'zod';
import { problemSchema } from './errors';
import { clocks, metricSummarySchema } from './run';

/** What one view can show beside each other; beyond, colours and columns say nothing any more. */
export const mostEntries = 12;

export const finalStatistics = ['last', 'best', 'tailMean'] as const;
export type FinalStatistic = (typeof finalStatistics)[number];

/** Epoch at which a trade-off is read: the last one, or the one that is best in the metric of the x or y axis. */
export const tradeOffMoments = ['last', 'bestX', 'bestY'] as const;
export type TradeOffMoment = (typeof tradeOffMoments)[number];

/**
 * What is compared, and how it is looked at. Runs that are not there any more stay in the list: the view says so. Runs that fit the
 * rule join, so that a comparison of a sweep grows with it.
 */
export const comparisonSpecSchema = z.object({
  runs: z.array(z.string()).default([]),
  /** All conditions that are given must hold. */
  rule: z
    .object({
      /** As in the run table's filter. */
      filter: z.string().optional(),
      /** Identifier of a sweep. */
      sweep: z.string().optional(),
      /** Group in the annotations. */
      group: z.string().optional(),
    })
    .nullable()
    .default(null),
  /** What makes several runs one curve: nothing, being alike but for the seed, the point of a sweep, or `setting:<path>`. */
  groupBy: z.union([z.enum(['none', 'seed', 'point']), z.templateLiteral(['setting:', z.string()])]).default('none'),
  /** Identifiers of entries (runs or groups) in the order that was chosen; others follow in their own. */
  order: z.array(z.string()).default([]),
  hidden: z.array(z.string()).default([]),
  /** Entry that differences are taken to. */
  baseline: z.string().nullable().default(null),
  xAxis: z.enum(['step', 'epoch', 'activeSeconds']).default('step'),
  layout: z.enum(['overlay', 'columns']).default('overlay'),
  /** By panel, where it is not the metric's own. */
  scales: z.record(z.string(), z.enum(['linear', 'log'])).default({}),
  /** Metric that a panel of several shows, by panel. */
  metrics: z.record(z.string(), z.string()).default({}),
  statistic: z.enum(finalStatistics).default('last'),
  tradeOff: z
    .object({ x: z.string(), y: z.string(), at: z.enum(tradeOffMoments) })
    .default({ x: 'valid/ineq_max', y: 'valid/gap_mean', at: 'last' }),
});
export type ComparisonSpec = z.infer<typeof comparisonSpecSchema>;
export type GroupBy = ComparisonSpec['groupBy'];

/** `comparisons/<id>.json`. */
export const comparisonSchema = z.object({
  format: z.literal('adjoint-comparison/1'),
  id: z.string(),
  name: z.string(),
  createdAt: z.string(),
  updatedAt: z.string(),
  spec: comparisonSpecSchema,
});
export type Comparison = z.infer<typeof comparisonSchema>;

/** A saved comparison in a list; a damaged file lists with its problem. */
export const comparisonInfoSchema = z.object({
  id: z.string(),
  name: z.string(),
  updatedAt: z.string(),
  problem: problemSchema.nullable(),
});
export type ComparisonInfo = z.infer<typeof comparisonInfoSchema>;

/** What a comparison needs to know of a run beyond its summary. */
export const runContextSchema = z.object({
  id: z.string(),
  /** The data that it was trained on, told apart by their bytes. */
  dataset: z.object({ name: z.string(), sha256: z.string() }).nullable(),
  recorded: z.partialRecord(z.enum(clocks), z.array(z.string())),
  /** Aggregates of all metrics: lists of runs carry only some. */
  metrics: z.record(z.string(), metricSummarySchema),
});
export type RunContext = z.infer<typeof runContextSchema>;

/** One run in a trade-off plot; null where the run has no epoch at which both are numbers. */
export const tradeOffPointSchema = z.object({
  id: z.string(),
  x: z.number().nullable(),
  y: z.number().nullable(),
  epoch: z.number().nullable(),
});
export type TradeOffPoint = z.infer<typeof tradeOffPointSchema>;
