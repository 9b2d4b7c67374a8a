import type { MetricDefinition } from './definition';
import { onStep, ours } from './entries';

const khanduri =
  'Khanduri et al., Linearly Constrained Bilevel Optimization: A Smoothed Implicit Gradient Approach, ICML 2023';

/** Progress of the upper level. A row stands at the iterate x_k that a step started from; the last row is the final iterate. */
const progress: MetricDefinition[] = [
  onStep({
    key: 'bilevel/F',
    title: 'Upper objective',
    symbol: 'F(x)',
    unit: '1',
    formula: 'F(x) = f(x, y^*(x))',
    description:
      'As the algorithm saw it at this step: with the perturbation that was drawn for the step, if the algorithm draws any. The last value has the problem’s own perturbation.',
    source: khanduri,
    better: 'lower',
    scale: 'linear',
    question: 'learning',
  }),
  onStep({
    key: 'bilevel/gap',
    title: 'Gap to the known optimum',
    symbol: '\\text{gap}',
    unit: '1',
    formula: '(F(x) - F^*)/\\max(1, |F^*|)',
    description:
      'Signed: a perturbation, or a lower level that is not solved, can push F below the optimum. Recorded where the least value is known: from the experiment, the problem file or a closed form.',
    source: ours,
    better: 'zero',
    scale: 'log',
    question: 'learning',
    thresholds: [1e-3],
  }),
  onStep({
    key: 'bilevel/step_length',
    title: 'Step length',
    symbol: '\\lVert x^+ - x\\rVert',
    unit: '1',
    formula: '\\lVert x_{k+1} - x_k\\rVert_2',
    description: 'After projection on X. Null at the last iterate, from which no step was made.',
    source: ours,
    better: null,
    scale: 'log',
    question: 'learning',
  }),
  {
    ...onStep({
      key: 'bilevel/x',
      title: 'Iterate',
      symbol: 'x_k',
      unit: '1',
      formula: 'x_k',
      description: 'One entry a coordinate of x. Recorded for up to ten; checkpoints have x in any case.',
      source: ours,
      better: null,
      scale: 'linear',
      question: 'learning',
    }),
    kind: 'vector',
  },
];

const stationarity: MetricDefinition[] = [
  onStep({
    key: 'bilevel/goldstein',
    title: 'Goldstein measure',
    symbol: '\\operatorname{dist}(0, \\partial_\\delta F(x))',
    unit: '1',
    formula:
      '\\min_{\\alpha \\ge 0,\\, \\sum\\alpha = 1} \\lVert\\textstyle\\sum_k \\alpha_k \\nabla F(x_k)\\rVert,\\quad \\lVert x_k - x\\rVert \\le \\delta',
    description:
      'Norm of the least-norm point of the hull of gradients sampled within δ of x: near 0 at a stationary kink, where ‖∇F‖ is not. Measured at intervals, with the settings of the experiment.',
    source: 'Goldstein, Math. Program. 13, 1977; Burke, Lewis & Overton, SIAM J. Optim. 15, 2005',
    better: 'lower',
    scale: 'log',
    question: 'learning',
  }),
];

const gradients: MetricDefinition[] = [
  onStep({
    key: 'bilevel/gradient_norm',
    title: 'Norm of the hypergradient',
    symbol: '\\lVert\\nabla F\\rVert',
    unit: '1',
    formula: '\\lVert\\nabla F(x)\\rVert_2',
    description: 'Of the estimate that the algorithm used. At a kink of F it does not go to 0 at a minimum.',
    source: khanduri,
    better: 'lower',
    scale: 'log',
    question: 'gradients',
  }),
  onStep({
    key: 'bilevel/direction_norm',
    title: 'Norm of the direction',
    symbol: '\\lVert m\\rVert',
    unit: '1',
    formula: '\\lVert m\\rVert_2',
    description: 'Of the direction that is followed, for algorithms where it is not the hypergradient itself.',
    source: ours,
    better: null,
    scale: 'log',
    question: 'gradients',
  }),
  onStep({
    key: 'bilevel/direction_cosine',
    title: 'Cosine of hypergradient and direction',
    symbol: '\\cos(g, m)',
    unit: '1',
    formula: '\\frac{g^\\top m}{\\lVert g\\rVert\\,\\lVert m\\rVert}',
    description: 'Near 1 the direction agrees with the newest hypergradient; below 0 it points the other way.',
    source: ours,
    better: 'higher',
    scale: 'linear',
    question: 'gradients',
    thresholds: [0],
  }),
  onStep({
    key: 'bilevel/gradient_error',
    title: 'Error of the hypergradient',
    symbol: '\\text{err}(g)',
    unit: '1',
    formula: '\\lVert g - \\nabla F\\rVert_2/\\lVert\\nabla F\\rVert_2',
    description:
      'Of the estimate that the algorithm used, against the exact one at the same x and perturbation. Measured at intervals; null where no exact one exists.',
    source: ours,
    better: 'lower',
    scale: 'log',
    question: 'gradients',
  }),
  onStep({
    key: 'bilevel/gradient_cosine',
    title: 'Cosine of estimate and exact hypergradient',
    symbol: '\\cos(g, \\nabla F)',
    unit: '1',
    formula: '\\frac{g^\\top \\nabla F}{\\lVert g\\rVert\\,\\lVert\\nabla F\\rVert}',
    description: 'At the steps at which the error is measured.',
    source: ours,
    better: 'higher',
    scale: 'linear',
    question: 'gradients',
  }),
];

const lowerLevel: MetricDefinition[] = [
  onStep({
    key: 'bilevel/lower_residual',
    title: 'KKT residual of the lower level',
    symbol: '\\text{res}_{\\text{KKT}}',
    unit: '1',
    formula: '\\max(\\lVert\\nabla_y L\\rVert_\\infty, \\text{violation}, |\\lambda_i c_i|)',
    description: 'How far the y at which f was taken is from solving the lower level.',
    source: 'Nocedal & Wright, Numerical Optimization, §12.3',
    better: 'lower',
    scale: 'log',
    question: 'feasible',
  }),
  onStep({
    key: 'bilevel/bad_iterates',
    title: 'Bad iterates',
    symbol: 'N_{\\text{bad}}',
    unit: '1',
    formula: '\\#\\{k : x_k \\text{ was given up}\\}',
    description:
      'Points so far at which the lower level has no solution or F is no number, or that left X. The log says which and why; the run goes back and on only where its settings say so.',
    source: ours,
    better: 'lower',
    scale: 'linear',
    question: 'feasible',
  }),
  onStep({
    key: 'bilevel/kinks',
    title: 'Estimates at a kink',
    symbol: 'N_{\\text{kink}}',
    unit: '1',
    formula: '\\#\\{k : \\lambda_i = 0 \\text{ and } c_i = 0 \\text{ for some } i\\}',
    description:
      'Estimates so far at points where a row of the lower level is active with multiplier 0: F may have no gradient there.',
    source: ours,
    better: 'lower',
    scale: 'linear',
    question: 'inner',
  }),
  onStep({
    key: 'bilevel/fall_backs',
    title: 'Fall-backs to differences',
    symbol: 'N_{\\text{fall-back}}',
    unit: '1',
    formula: '\\#\\{k : \\text{the estimator refused}\\}',
    description: 'Estimates so far that differences gave because the estimator asked for refused.',
    source: ours,
    better: 'lower',
    scale: 'linear',
    question: 'inner',
  }),
  onStep({
    key: 'bilevel/fall_back_reason',
    title: 'Reason of the fall-back',
    symbol: '\\text{reason}',
    unit: '1',
    formula: '0\\text{: none},\\ 1\\text{: kink},\\ 2\\text{: no derivative}',
    description:
      'Of the estimate at this step. 0: there was none. 1: a weakly active row. 2: y* has no derivative, as where the reduced Hessian is singular. The log has the words.',
    source: ours,
    better: 'zero',
    scale: 'linear',
    question: 'inner',
  }),
  onStep({
    key: 'bilevel/lower_solves',
    title: 'Lower-level solves',
    symbol: 'N_{\\text{solve}}',
    unit: '1',
    formula: '\\#\\{\\text{solves}\\}',
    description:
      'Of the algorithm so far, those of line searches and differences included and those of measurements left out.',
    source: ours,
    better: 'lower',
    scale: 'linear',
    question: 'cost',
  }),
  onStep({
    key: 'bilevel/products',
    title: 'Matrix-vector products',
    symbol: 'N_{\\text{product}}',
    unit: '1',
    formula: '\\#\\{\\text{products}\\}',
    description:
      'Of the estimates so far: products with Q, P, A, B or the reduced Hessian, outside of lower-level solves and of ∇f.',
    source: ours,
    better: 'lower',
    scale: 'linear',
    question: 'cost',
  }),
  onStep({
    key: 'time/estimate',
    title: 'Seconds a hypergradient',
    symbol: 't_{\\nabla F}',
    unit: 's',
    formula: '\\Delta t',
    description: 'Wall-clock seconds of the newest estimate of the hypergradient, its lower-level solves included.',
    source: ours,
    better: 'lower',
    scale: 'log',
    question: 'cost',
  }),
];

/** Recorded by runs of kind `bilevel`. */
export const bilevelMetrics: readonly MetricDefinition[] = [...progress, ...stationarity, ...gradients, ...lowerLevel];
