/** Metrics that tell most about a run, for tables that have little room: by kind, the most telling first. */
const byKind: Record<string, readonly string[]> = {
  training: ['valid/gap_mean', 'valid/ineq_max', 'valid/eq_max', 'loss'],
  bilevel: [
    ...['bilevel/F', 'bilevel/gap', 'bilevel/gradient_norm'],
    ...['bilevel/lower_solves', 'bilevel/fall_backs'],
  ],
  hypergradients: [
    ...['hypergradient/speedup', 'hypergradient/layer_seconds'],
    ...['hypergradient/layer_error', 'hypergradient/direct_error'],
  ],
  dataset: ['labels/violation_max', 'labels/gap_max', 'labels/failed'],
};

export const kindsWithHeadlines: readonly string[] = Object.keys(byKind);

/** Nothing for a kind that is not known here. */
export const headlinesOf = (kind: string): readonly string[] => byKind[kind] ?? [];

/** Of every kind: what a list of runs is asked to bring along. */
export const headlineMetrics: readonly string[] = Object.values(byKind).flat();

/** Metrics whose course says nothing: counters only grow, and rows of a measurement are of different things. */
const withoutCourse = new Set([
  ...[
    'bilevel/lower_solves',
    'bilevel/products',
    'bilevel/seconds',
    'bilevel/measuring_seconds',
    'bilevel/kinks',
    'bilevel/fall_backs',
  ],
  ...['bilevel/fall_back_reason', 'bilevel/restorations', 'bilevel/bad_iterates', 'labels/failed'],
]);

/** Whether a small line beside the last value is worth its room. */
export const hasCourse = (key: string): boolean => !withoutCourse.has(key) && !key.startsWith('hypergradient/');
