import type { MetricDefinition } from './definition';

type Entry = Omit<MetricDefinition, 'kind' | 'clock'>;
const scalar =
  (clock: MetricDefinition['clock']) =>
  (entry: Entry): MetricDefinition => ({ ...entry, clock, kind: 'scalar' });

const onStep = scalar('step');
const onEpoch = scalar('epoch');
const onSystem = scalar('system');

const penaltyMethod = 'Quadratic penalty method, Nocedal & Wright, Numerical Optimization, §17.1';
const augmented = 'Augmented Lagrangian, Nocedal & Wright, Numerical Optimization, §17.3';
const ours = 'Adjoint, docs/methods.md';

const perStep: MetricDefinition[] = [
  onStep({
    key: 'loss',
    title: 'Training loss',
    symbol: '\\mathcal L',
    unit: '1',
    formula: '\\mathcal L = \\tfrac1B\\sum_i f(y_\\theta(x_i)) + \\lambda\\,\\lVert r_i\\rVert^2',
    description: 'What the optimiser minimises, averaged over the batch.',
    source: penaltyMethod,
    better: 'lower',
    scale: 'linear',
    question: 'learning',
  }),
  onStep({
    key: 'objective',
    title: 'Objective on the batch',
    symbol: 'f',
    unit: '1',
    formula: '\\tfrac1B\\sum_i \\tfrac12 y_i^\\top Q y_i + p^\\top y_i',
    description:
      'The problem’s own objective at the network’s output. Below the optimum is possible while constraints are violated.',
    source: ours,
    better: 'lower',
    scale: 'linear',
    question: 'learning',
  }),
  onStep({
    key: 'penalty',
    title: 'Penalty on the batch',
    symbol: '\\lVert r\\rVert^2',
    unit: '1',
    formula: '\\tfrac1B\\sum_i \\lVert r_i\\rVert^2,\\quad r_i = [\\operatorname{relu}(c(y_i));\\,|Ay_i - x_i|]',
    description: 'Squared norm of the constraint residual, before multiplication with λ.',
    source: penaltyMethod,
    better: 'lower',
    scale: 'log',
    question: 'feasible',
  }),
  onStep({
    key: 'lambda',
    title: 'Penalty weight',
    symbol: '\\lambda',
    unit: '1',
    formula: '\\lambda_t',
    description: 'Weight of the penalty in the loss at this step.',
    source: penaltyMethod,
    better: null,
    scale: 'log',
    question: 'gradients',
  }),
  onStep({
    key: 'alm/rho',
    title: 'Penalty parameter',
    symbol: '\\rho',
    unit: '1',
    formula: '\\rho_t',
    description: 'Penalty parameter of the augmented Lagrangian. It grows where the violation does not fall.',
    source: augmented,
    better: null,
    scale: 'log',
    question: 'gradients',
  }),
  onStep({
    key: 'alm/equality_multiplier_max',
    title: 'Largest equality multiplier',
    symbol: '\\lVert\\nu\\rVert_\\infty',
    unit: '1',
    formula: '\\max_j |\\nu_j|',
    description: 'Of the multipliers of Ay = x that all instances share. It settles when the method converges.',
    source: augmented,
    better: null,
    scale: 'linear',
    question: 'gradients',
  }),
  onStep({
    key: 'alm/inequality_multiplier_max',
    title: 'Largest inequality multiplier',
    symbol: '\\lVert\\mu\\rVert_\\infty',
    unit: '1',
    formula: '\\max_j \\mu_j',
    description: 'Of the multipliers of c(y) ≤ 0 that all instances share. It settles when the method converges.',
    source: augmented,
    better: null,
    scale: 'linear',
    question: 'gradients',
  }),
  onStep({
    key: 'alm/violation',
    title: 'Violation at the last multiplier update',
    symbol: 'V',
    unit: '1',
    formula:
      'V = \\max\\bigl(\\lVert\\mathbb E[Ay - x]\\rVert_\\infty,\\; \\lVert\\mathbb E[\\max(c, -\\mu/\\rho)]\\rVert_\\infty\\bigr)',
    description:
      'Mean violation and complementarity of the worst row; what decides whether ρ grows. Zero before the first update.',
    source: augmented,
    better: 'lower',
    scale: 'log',
    question: 'feasible',
  }),
  onStep({
    key: 'learning_rate',
    title: 'Learning rate',
    symbol: '\\eta',
    unit: '1',
    formula: '\\eta_t',
    description: 'Step size of the optimiser at this step.',
    source: ours,
    better: null,
    scale: 'log',
    question: 'gradients',
  }),
  onStep({
    key: 'gradient/cosine',
    title: 'Cosine of objective and penalty gradients',
    symbol: '\\cos(g_f, g_p)',
    unit: '1',
    formula:
      '\\frac{g_f^\\top g_p}{\\lVert g_f\\rVert\\,\\lVert g_p\\rVert},\\quad g_f = \\nabla_\\theta \\mathbb E[f],\\; g_p = \\nabla_\\theta(\\lambda\\,\\mathbb E\\lVert r\\rVert^2)',
    description: 'Below zero the two gradients interfere: a step that lowers one raises the other to first order.',
    source: 'Yu et al., Gradient Surgery for Multi-Task Learning, NeurIPS 2020',
    better: 'higher',
    scale: 'linear',
    question: 'gradients',
    thresholds: [0],
  }),
  onStep({
    key: 'gradient/norm_ratio',
    title: 'Penalty over objective gradient norm',
    symbol: '\\lVert g_p\\rVert/\\lVert g_f\\rVert',
    unit: '1',
    formula: '\\lVert g_p\\rVert / \\lVert g_f\\rVert',
    description: 'Above one the penalty dominates the update.',
    source: ours,
    better: null,
    scale: 'log',
    question: 'gradients',
    thresholds: [1],
  }),
  onStep({
    key: 'gradient/objective_norm',
    title: 'Norm of the objective gradient',
    symbol: '\\lVert g_f\\rVert',
    unit: '1',
    formula: '\\lVert\\nabla_\\theta \\mathbb E[f]\\rVert_2',
    description: 'Euclidean norm over all parameters.',
    source: ours,
    better: null,
    scale: 'log',
    question: 'gradients',
  }),
  onStep({
    key: 'gradient/penalty_norm',
    title: 'Norm of the penalty gradient',
    symbol: '\\lVert g_p\\rVert',
    unit: '1',
    formula: '\\lVert\\nabla_\\theta(\\lambda\\,\\mathbb E\\lVert r\\rVert^2)\\rVert_2',
    description: 'Euclidean norm over all parameters, λ included.',
    source: ours,
    better: null,
    scale: 'log',
    question: 'gradients',
  }),
  onStep({
    key: 'gradient/norm',
    title: 'Norm of the gradient before clipping',
    symbol: '\\lVert g\\rVert',
    unit: '1',
    formula: '\\lVert g\\rVert_2,\\quad g \\leftarrow g\\,\\min(1, c/\\lVert g\\rVert)',
    description:
      'Euclidean norm over all parameters of what the optimiser is given. Recorded where gradients are clipped.',
    source: 'Pascanu et al., On the difficulty of training recurrent neural networks, ICML 2013',
    better: null,
    scale: 'log',
    question: 'gradients',
  }),
  onStep({
    key: 'time/forward',
    title: 'Time forward',
    symbol: 't_{\\text{fwd}}',
    unit: 'ms',
    formula: 't_{\\text{fwd}}',
    description: 'Active time of a step spent in the network and the loss.',
    source: ours,
    better: 'lower',
    scale: 'linear',
    question: 'cost',
  }),
  onStep({
    key: 'time/backward',
    title: 'Time backward',
    symbol: 't_{\\text{bwd}}',
    unit: 'ms',
    formula: 't_{\\text{bwd}}',
    description: 'Active time of a step spent in the gradient.',
    source: ours,
    better: 'lower',
    scale: 'linear',
    question: 'cost',
  }),
  onStep({
    key: 'time/update',
    title: 'Time of the update',
    symbol: 't_{\\text{upd}}',
    unit: 'ms',
    formula: 't_{\\text{upd}}',
    description: 'Active time of a step spent in the optimiser.',
    source: ours,
    better: 'lower',
    scale: 'linear',
    question: 'cost',
  }),
  onStep({
    key: 'time/diagnostics',
    title: 'Time of diagnostics',
    symbol: 't_{\\text{diag}}',
    unit: 'ms',
    formula: 't_{\\text{diag}}',
    description: 'Active time of a step spent in measuring gradients: the price of looking.',
    source: ours,
    better: 'lower',
    scale: 'linear',
    question: 'cost',
  }),
];

const gap = '\\frac{f(\\hat y_i)-f^\\ast_i}{\\max(1,|f^\\ast_i|)}';
const dist = '\\frac{\\lVert\\hat y_i-y^\\ast_i\\rVert_2}{\\max(1,\\lVert y^\\ast_i\\rVert_2)}';
const eq = '\\max_j |A\\hat y_i - x_i|_j';
const ineq = '\\max_j \\operatorname{relu}(c_j(\\hat y_i))';

/** Mean, median and maximum over the whole validation set (the maximum is not a mean of batch maxima). */
function overTheSet(
  stem: string,
  title: string,
  symbol: string,
  formula: string,
  rest: Pick<Entry, 'description' | 'better' | 'scale' | 'question'> & Partial<Entry>,
) {
  const statistics = { mean: '\\operatorname{mean}_i', median: '\\operatorname{median}_i', max: '\\max_i' };
  return Object.entries(statistics).map(([name, operator]) =>
    onEpoch({
      key: `valid/${stem}_${name}`,
      title: `${title}, ${name}`,
      symbol: `${symbol}_{\\text{${name}}}`,
      unit: '1',
      formula: `${operator}\\; ${formula}`,
      source: ours,
      ...rest,
    }),
  );
}

const perEpoch: MetricDefinition[] = [
  onEpoch({
    key: 'train/loss_epoch',
    title: 'Training loss, epoch mean',
    symbol: '\\bar{\\mathcal L}',
    unit: '1',
    formula: '\\operatorname{mean}_t \\mathcal L_t',
    description: 'Mean of the batch losses of the epoch.',
    source: ours,
    better: 'lower',
    scale: 'linear',
    question: 'learning',
  }),
  onEpoch({
    key: 'valid/objective',
    title: 'Validation objective',
    symbol: 'f_{\\text{valid}}',
    unit: '1',
    formula: '\\operatorname{mean}_i f(\\hat y_i)',
    description: 'Objective at the network’s outputs over the validation set, in float64.',
    source: ours,
    better: 'lower',
    scale: 'linear',
    question: 'learning',
  }),
  ...overTheSet('dist', 'Distance to the optimum', '\\text{dist}', dist, {
    description: 'Relative Euclidean distance between output and labelled optimum.',
    better: 'lower',
    scale: 'log',
    question: 'learning',
  }),
  ...overTheSet('eq', 'Equality violation', '\\text{eq}', eq, {
    description: 'Largest violation of Ay = x in an instance.',
    better: 'lower',
    scale: 'log',
    question: 'feasible',
    thresholds: [1e-6, 1e-4],
  }),
  ...overTheSet('ineq', 'Inequality violation', '\\text{ineq}', ineq, {
    description: 'Largest violation of an inequality row in an instance.',
    better: 'lower',
    scale: 'log',
    question: 'feasible',
    thresholds: [1e-6, 1e-4],
  }),
  onEpoch({
    key: 'valid/violated_rows',
    title: 'Rows violated',
    symbol: '\\#\\{j: v_j > 10^{-6}\\}',
    unit: 'rows',
    formula: '\\operatorname{mean}_i \\#\\{j : v_{ij} > 10^{-6}\\}',
    description: 'Rows per instance, equalities and inequalities, violated by more than 1e-6.',
    source: ours,
    better: 'lower',
    scale: 'linear',
    question: 'feasible',
  }),
  onEpoch({
    key: 'valid/violated_share',
    title: 'Instances violated',
    symbol: 'P(v > 10^{-4})',
    unit: '1',
    formula: '\\operatorname{mean}_i [\\max_j v_{ij} > 10^{-4}]',
    description: 'Share of instances with any row violated by more than 1e-4.',
    source: ours,
    better: 'lower',
    scale: 'linear',
    question: 'feasible',
  }),
];

const system: MetricDefinition[] = [
  onSystem({
    key: 'system/memory',
    title: 'Resident memory',
    symbol: 'M',
    unit: 'MB',
    formula: '\\text{RSS}',
    description: 'Resident set size of the run process.',
    source: ours,
    better: 'lower',
    scale: 'linear',
    question: 'cost',
  }),
  onSystem({
    key: 'system/cpu',
    title: 'Processor use',
    symbol: 'U',
    unit: 'cores',
    formula: '\\Delta t_{\\text{cpu}}/\\Delta t',
    description: 'Processor seconds of the run process per second.',
    source: ours,
    better: null,
    scale: 'linear',
    question: 'cost',
  }),
  onSystem({
    key: 'system/steps_per_second',
    title: 'Steps per second',
    symbol: '\\dot t',
    unit: '1/s',
    formula: '\\Delta\\text{steps}/\\Delta t_{\\text{active}}',
    description: 'Optimiser steps per active second.',
    source: ours,
    better: 'higher',
    scale: 'linear',
    question: 'cost',
  }),
];

/** What a researcher looks at first. */
const headline: MetricDefinition[] = [
  ...overTheSet('gap', 'Optimality gap', '\\text{gap}', gap, {
    description:
      'Relative excess over the optimum, signed: negative means better than the optimum, at the price of violations. Read it beside the violations.',
    better: 'zero',
    scale: 'linear',
    question: 'learning',
    thresholds: [0],
  }),
];

export const trainingMetrics: readonly MetricDefinition[] = [...headline, ...perStep, ...perEpoch, ...system];
