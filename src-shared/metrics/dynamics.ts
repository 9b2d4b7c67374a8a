import type { MetricDefinition } from './definition';
import { type Entry, onDiagnostics, ours } from './entries';

// What a run records to be looked at epoch by epoch: the validation set in detail, and what the diagnostics find at their intervals.

const onEpochOf =
  (kind: 'vector' | 'histogram') =>
  (entry: Entry): MetricDefinition => ({ ...entry, clock: 'epoch', kind });
const onEpochVector = onEpochOf('vector');
const onEpochHistogram = onEpochOf('histogram');
const onDiagnosticsVector = (entry: Entry): MetricDefinition => ({ ...entry, clock: 'diagnostics', kind: 'vector' });

const count = (set: string) => `\\#\\{i : b_k \\le ${set} < b_{k+1}\\}`;

const perEpoch: MetricDefinition[] = [
  onEpochVector({
    key: 'valid/row_violation',
    title: 'Violation of each row',
    symbol: '\\max_i v_{ij}',
    unit: '1',
    formula: '\\max_i v_{ij}(y_i)',
    description: 'Largest violation over the validation set, equalities first, then inequalities.',
    source: ours,
    better: 'lower',
    scale: 'log',
    question: 'feasible',
  }),
  onEpochHistogram({
    key: 'valid/gap_histogram',
    title: 'Optimality gap, distribution',
    symbol: '\\#\\{i : \\text{gap}_i\\}',
    unit: '1',
    formula: count('\\text{gap}_i'),
    description: 'Validation instances by their signed gap, in fixed bins: four a decade, and one around zero.',
    source: ours,
    better: null,
    scale: 'linear',
    question: 'learning',
  }),
  onEpochHistogram({
    key: 'valid/distance_histogram',
    title: 'Distance to the optimum, distribution',
    symbol: '\\#\\{i : \\text{dist}_i\\}',
    unit: '1',
    formula: count('\\text{dist}_i'),
    description: 'Validation instances by relative distance to the labelled optimum, in fixed bins, four a decade.',
    source: ours,
    better: null,
    scale: 'linear',
    question: 'learning',
  }),
  onEpochHistogram({
    key: 'valid/eq_histogram',
    title: 'Equality violation, distribution',
    symbol: '\\#\\{i : \\text{eq}_i\\}',
    unit: '1',
    formula: count('\\text{eq}_i'),
    description: 'Validation instances by their largest violation of Ay = x, in fixed bins, four a decade.',
    source: ours,
    better: null,
    scale: 'linear',
    question: 'feasible',
  }),
  onEpochHistogram({
    key: 'valid/ineq_histogram',
    title: 'Inequality violation, distribution',
    symbol: '\\#\\{i : \\text{ineq}_i\\}',
    unit: '1',
    formula: count('\\text{ineq}_i'),
    description: 'Validation instances by their largest violation of an inequality row, in fixed bins, four a decade.',
    source: ours,
    better: null,
    scale: 'linear',
    question: 'feasible',
  }),
  onEpochVector({
    key: 'valid/probe_outputs',
    title: 'Outputs of the first validation instances',
    symbol: '\\hat y_{1 \\dots k}',
    unit: '1',
    formula: '[\\hat y_1; \\dots; \\hat y_k]',
    description: 'y of the first k validation instances, n entries each, one after the other.',
    source: ours,
    better: null,
    scale: 'linear',
    question: 'learning',
  }),
];

const lanczos = 'Golub & Van Loan, Matrix Computations, 4th ed., §10.3';
const hessian = { unit: '1', source: lanczos, question: 'learning' } as const;
const rank = { unit: '1', source: 'Roy & Vetterli, The effective rank, EUSIPCO 2007', better: null, scale: 'linear' } as const; // prettier-ignore
const landscape = {
  unit: '1',
  source: 'Li et al., Visualizing the Loss Landscape of Neural Nets, NeurIPS 2018',
  better: null,
  scale: 'linear',
  question: 'learning',
} as const;
const seconds = { unit: 's', source: ours, better: 'lower', scale: 'linear', question: 'cost' } as const;

const perDiagnosis: MetricDefinition[] = [
  onDiagnosticsVector({
    ...hessian,
    key: 'hessian/largest',
    title: 'Largest eigenvalues of the Hessian',
    symbol: '\\theta_1 \\ge \\theta_2 \\ge \\dots',
    formula: '\\theta_k(\\nabla^2_w \\mathcal L)',
    description: 'Ritz values at the upper end of the spectrum, over fixed training instances, from the largest down.',
    better: null,
    scale: 'linear',
  }),
  onDiagnosticsVector({
    ...hessian,
    key: 'hessian/largest_residual',
    title: 'Residuals of the largest eigenvalues',
    symbol: '\\lVert Hv_k - \\theta_k v_k\\rVert',
    formula: '|\\beta_m s_{mk}|',
    description: 'An eigenvalue lies no further than this from the value.',
    better: 'lower',
    scale: 'log',
  }),
  onDiagnosticsVector({
    ...hessian,
    key: 'hessian/smallest',
    title: 'Smallest eigenvalues of the Hessian',
    symbol: '\\theta_P \\le \\theta_{P-1} \\le \\dots',
    formula: '\\theta_{P-k}(\\nabla^2_w \\mathcal L)',
    description:
      'Ritz values at the lower end of the spectrum, from the smallest up. Negative: a direction that curves down.',
    better: null,
    scale: 'linear',
  }),
  onDiagnosticsVector({
    ...hessian,
    key: 'hessian/smallest_residual',
    title: 'Residuals of the smallest eigenvalues',
    symbol: '\\lVert Hv_k - \\theta_k v_k\\rVert',
    formula: '|\\beta_m s_{mk}|',
    description: 'An eigenvalue lies no further than this from the value.',
    better: 'lower',
    scale: 'log',
  }),
  onDiagnostics({
    ...rank,
    key: 'rank/features',
    title: 'Effective rank of the features',
    symbol: '\\operatorname{erank}(\\Phi)',
    formula: '\\exp\\bigl(-\\textstyle\\sum_k p_k\\ln p_k\\bigr),\\; p = \\sigma/\\sum\\sigma',
    description: 'Of what the network’s last layer starts from, over fixed training instances.',
    question: 'learning',
  }),
  onDiagnostics({
    ...rank,
    key: 'rank/gradients',
    title: 'Effective rank of the gradients',
    symbol: '\\operatorname{erank}(G)',
    formula: '\\exp\\bigl(-\\textstyle\\sum_k p_k\\ln p_k\\bigr),\\; p = \\sigma/\\sum\\sigma',
    description: 'Of the gradients of single instances: how many directions a batch pulls into.',
    question: 'gradients',
  }),
  onDiagnosticsVector({
    ...landscape,
    key: 'landscape/loss',
    title: 'Loss landscape',
    symbol: '\\mathcal L(w + au + bv)',
    formula: '\\mathcal L(w + a_i u + b_j v)',
    description:
      'Over a plane through the weights along two filter-normalised directions, row by row: entry j·points + i belongs to (a_i, b_j), the middle one to the weights.',
  }),
  onDiagnosticsVector({
    ...landscape,
    key: 'landscape/objective',
    title: 'Landscape of the objective',
    symbol: 'f(w + au + bv)',
    formula: '\\mathbb E[f](w + a_i u + b_j v)',
    description: 'The objective’s part of the loss over the same plane.',
  }),
  onDiagnosticsVector({
    ...landscape,
    key: 'landscape/penalty',
    title: 'Landscape of the penalty',
    symbol: '\\lVert r\\rVert^2(w + au + bv)',
    formula: '\\mathbb E\\lVert r\\rVert^2(w + a_i u + b_j v)',
    description: 'The squared residual over the same plane, unweighted.',
  }),
  onDiagnostics({
    key: 'gradient/difference_cosine',
    title: 'Cosine of the gradient with differences of the loss',
    symbol: '\\cos(g, g^\\Delta)',
    unit: '1',
    formula:
      '\\frac{a}{\\sqrt{a^2 + b^2}},\\; a = \\Delta_{\\hat g}\\mathcal L,\\; b^2 = \\tfrac{P-1}{K}\\sum_k (\\Delta_{u_k}\\mathcal L)^2,\\; u_k \\perp g',
    description:
      'Of the gradient that training uses with the one of the loss itself, by central differences of the forward pass along the gradient and K random directions across it. One for an exact backward pass, whatever the technique.',
    source: ours,
    better: 'higher',
    scale: 'linear',
    question: 'gradients',
    thresholds: [1],
  }),
  onDiagnostics({
    key: 'gradient/difference_error',
    title: 'Error of the gradient against differences of the loss',
    symbol: '\\lVert g - g^\\Delta\\rVert/\\lVert g^\\Delta\\rVert',
    unit: '1',
    formula: '\\sqrt{(\\lVert g\\rVert - a)^2 + b^2}\\,/\\sqrt{a^2 + b^2}',
    description: 'Relative error, see the cosine; length and direction both count.',
    source: ours,
    better: 'lower',
    scale: 'log',
    question: 'gradients',
  }),
  onDiagnostics({
    ...seconds,
    key: 'time/hessian',
    title: 'Time of the Hessian’s spectrum',
    symbol: 't_{\\nabla^2}',
    formula: 't_{\\nabla^2}',
    description: 'Active time, once each time that it was due.',
  }),
  onDiagnostics({
    ...seconds,
    key: 'time/rank',
    title: 'Time of the effective ranks',
    symbol: 't_{\\text{rank}}',
    formula: 't_{\\text{rank}}',
    description: 'Active time, once each time that they were due.',
  }),
  onDiagnostics({
    ...seconds,
    key: 'time/landscape',
    title: 'Time of the landscape',
    symbol: 't_{\\text{land}}',
    formula: 't_{\\text{land}}',
    description: 'Active time, once each time that it was due.',
  }),
  onDiagnostics({
    ...seconds,
    key: 'time/gradient_error',
    title: 'Time of the gradient’s error',
    symbol: 't_{\\Delta}',
    formula: 't_{\\Delta}',
    description: 'Active time, once each time that it was due.',
  }),
];

/** Vectors that the view of the dynamics shows, one epoch at a time: too many entries for a dashboard. */
export const dynamicsVectors: readonly string[] = [
  ...['valid/row_violation', 'valid/probe_outputs'],
  ...['landscape/loss', 'landscape/objective', 'landscape/penalty'],
];

export const dynamicsMetrics: readonly MetricDefinition[] = [...perEpoch, ...perDiagnosis];
