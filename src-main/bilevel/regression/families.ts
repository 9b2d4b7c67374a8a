import { z } from 'zod';
import { bilevelFamily } from '../family';
import { drawCleaning, drawLogistic, drawRidge } from './draw';

const count = (most: number) => z.int().min(1).max(most);
const positiveOrZero = z.number().nonnegative();

const common = {
  samples: count(100_000).default(100).describe('Training samples.'),
  validation: count(100_000).default(100).describe('Validation samples, on which the upper level judges.'),
  features: count(2000).default(20).describe('Features a sample.'),
  bound: positiveOrZero.default(0).describe('Bounds |y| ≤ this of the weights; 0 for none.'),
  domain: positiveOrZero.default(8).describe('X is the box |x| ≤ this; 0 for all of space.'),
  noise: positiveOrZero.default(0.5).describe('Standard deviation of what is added to the true scores.'),
  seed: z.int().min(0).default(1234).describe('Seed of numpy’s default_rng.'),
  perturbation: positiveOrZero
    .default(0)
    .describe('Standard deviation of the perturbation q, which is part of the problem.')
    .meta({ scale: 'log' }),
};
const groups = count(2000)
  .default(2)
  .describe('Groups of features, each with a weight decay of its own: the entries of x.');
const classes = count(100)
  .min(2)
  .default(2)
  .describe('Classes; with two there is one score a sample, else one a class.');

const mean = '\\tfrac1M \\sum_{\\text{validation}} \\ell(Y a_i; b_i)';
const training = '\\tfrac1N \\sum_{\\text{training}} \\ell(Y a_i; b_i)';
const decay = '\\tfrac12 \\sum_{j} e^{x_{k(j)}} \\lVert Y_j \\rVert^2';

const oneOrMore = (classes: number): number => (classes === 2 ? 1 : classes);
const entries = (
  n: number,
  { samples, validation, features }: { samples: number; validation: number; features: number },
) => 2 * n * n + (samples + validation) * features;

const ridge = bilevelFamily({
  kind: 'ridge',
  title: 'Ridge regression',
  summary:
    'Chooses the weight decay of groups of features by the validation error. The lower level is ridge regression, quadratic in y, with a closed form; x enters through its exponential.',
  formula: `f = ${mean} \\\\ g = ${training} + ${decay},\\quad \\ell = \\tfrac12 (y^\\top a - b)^2`,
  reference: 'Bengio, Gradient-Based Optimization of Hyperparameters, Neural Computation 12, 2000',
  settings: z.strictObject({ ...common, groups }),
  presets: [
    { name: 'two', title: 'Two groups: a landscape to look at', settings: {} },
    { name: 'every', title: 'A weight decay a feature', settings: { features: 50, groups: 50 } },
    { name: 'box', title: 'Two groups, bounded weights', settings: { bound: 0.2 } },
  ],
  draw: drawRidge,
  sizes: ({ features, groups }) => ({ d: groups, n: features }),
  entries: (settings) => entries(settings.features, settings),
});

const logistic = bilevelFamily({
  kind: 'logistic',
  title: 'Logistic regression',
  summary:
    'Chooses the weight decay of groups of features by the validation loss of a (multinomial) logistic regression: a smooth, strongly convex lower level that is not quadratic.',
  formula: `f = ${mean} \\\\ g = ${training} + ${decay},\\quad \\ell = -s_b + \\log \\textstyle\\sum_k e^{s_k}`,
  reference: 'Pedregosa, Hyperparameter Optimization with Approximate Gradient, ICML 2016',
  settings: z.strictObject({ ...common, groups, classes }),
  presets: [
    { name: 'two', title: 'Two classes, two groups', settings: {} },
    { name: 'multinomial', title: 'Five classes, ten groups', settings: { classes: 5, groups: 10 } },
    { name: 'box', title: 'Two groups, bounded weights', settings: { bound: 0.5 } },
  ],
  draw: drawLogistic,
  sizes: ({ features, groups, classes }) => ({ d: groups, n: oneOrMore(classes) * features }),
  entries: (settings) => entries(oneOrMore(settings.classes) * settings.features, settings),
});

const cleaning = bilevelFamily({
  kind: 'hyper-cleaning',
  title: 'Data hyper-cleaning',
  summary:
    'Learns how much each training sample counts, σ(x_i), when some labels are wrong: x has an entry a training sample, and the validation samples are clean.',
  formula: `f = ${mean} \\\\ g = \\tfrac1N \\sum_{\\text{training}} \\sigma(x_i)\\, \\ell(Y a_i; b_i) + \\tfrac{\\rho}2 \\lVert Y \\rVert^2`,
  reference: 'Franceschi et al., Forward and Reverse Gradient-Based Hyperparameter Optimization, ICML 2017',
  settings: z.strictObject({
    ...common,
    classes,
    corrupted: z.number().min(0).max(1).default(0.3).describe('Share of training samples with a wrong label.'),
    decay: z.number().positive().default(0.01).describe('Weight decay ρ.').meta({ scale: 'log' }),
  }),
  presets: [
    { name: 'small', title: '100 samples, two classes', settings: {} },
    { name: 'multinomial', title: '200 samples, five classes', settings: { samples: 200, classes: 5 } },
  ],
  draw: drawCleaning,
  sizes: ({ samples, features, classes }) => ({ d: samples, n: oneOrMore(classes) * features }),
  entries: (settings) => entries(oneOrMore(settings.classes) * settings.features, settings),
});

/** Hyperparameters of linear models; docs/methods.md has their formulas and draws. */
export const regressionFamilies = [ridge, logistic, cleaning] as const;
