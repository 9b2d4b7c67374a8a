import type { MetricDefinition } from './definition';

const common = { clock: 'step', kind: 'scalar', question: 'feasible' } as const;

/** Recorded while a dataset is labelled, one row a batch. */
export const labelMetrics: readonly MetricDefinition[] = [
  {
    ...common,
    key: 'labels/violation_max',
    title: 'Largest violation of a label',
    symbol: '\\max_i \\text{viol}_i',
    unit: '1',
    formula: '\\max_i\\max\\bigl(\\max_j \\text{relu}(c_j(y_i)), \\max_j |Ay_i - x_i|_j\\bigr)',
    description: 'Over the batch, from the original data. A label has at most 1e-10.',
    source: 'Adjoint',
    better: 'lower',
    scale: 'log',
    thresholds: [1e-10],
  },
  {
    ...common,
    key: 'labels/gap_max',
    title: 'Largest relative gap of a label',
    symbol: '\\max_i \\text{gap}_i',
    unit: '1',
    formula: '\\max_i \\bigl(\\textstyle\\sum_j|\\lambda_j c_j| + \\|\\nabla L\\|\\max(1,\\|y\\|)\\bigr)/\\max(1,|f|)',
    description: 'Over the batch, from the certificate. A label has at most 1e-9.',
    source: 'Adjoint',
    better: 'lower',
    scale: 'log',
    thresholds: [1e-9],
  },
  {
    ...common,
    key: 'labels/failed',
    title: 'Instances without a label',
    symbol: 'N_{\\text{failed}}',
    unit: '1',
    formula: '\\#\\{i : \\text{status}_i \\ne \\text{optimal}\\}',
    description: 'In the batch: infeasible, unbounded, or not solved to the accuracy of a label.',
    source: 'Adjoint',
    better: 'lower',
    scale: 'linear',
  },
  {
    ...common,
    key: 'labels/seconds',
    title: 'Seconds a label',
    symbol: 't_{\\text{label}}',
    unit: 's',
    formula: '\\Delta t/\\Delta N',
    description: 'Wall-clock seconds of the batch over its instances, with all threads of the run.',
    source: 'Adjoint',
    better: 'lower',
    scale: 'log',
    question: 'cost',
  },
];
