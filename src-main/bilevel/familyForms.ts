import { z } from 'zod';
import { bilevelFamilies, defaultFamilySettings, drawBilevel, type BilevelFamily as LinearFamily } from './families';
import { bilevelFamily, type BilevelFamily } from './family';
import { regressionFamilies } from './regression/families';

const size = z.int().min(1).max(100_000);

const familySettings = z.strictObject({
  d: size.default(defaultFamilySettings.d).describe('Entries of x, the variables of the upper level.'),
  n: size.default(defaultFamilySettings.n).describe('Entries of y, the variables of the lower level.'),
  seed: z.int().min(0).default(defaultFamilySettings.seed).describe('Seed of numpy’s default_rng.'),
  perturbation: z
    .number()
    .nonnegative()
    .default(defaultFamilySettings.perturbation)
    .describe('Standard deviation of the perturbation q, which is part of the problem.')
    .meta({ scale: 'log' }),
});

const sizes = [2, 10, 50, 100].map((value) => ({
  name: String(value),
  title: `x and y of ${value} entries`,
  settings: { d: value, n: value },
}));
const ssigd =
  'Khanduri et al., Linearly Constrained Bilevel Optimization: A Smoothed Implicit Gradient Approach, ICML 2023';
const upper = 'f = \\tfrac12 x^\\top Q_u x + c_u^\\top x + \\tfrac12 \\lVert y \\rVert^2 + x^\\top P y';
const box = ',\\quad -1 \\le y \\le 1';

const words: Record<LinearFamily, Pick<BilevelFamily, 'title' | 'summary' | 'formula'>> = {
  coupled: {
    title: 'Coupled box',
    summary:
      'A quadratic lower level over a box whose linear term moves with x: y*(x) slides along the sides of the box, and F has a kink wherever a side begins or ceases to hold it.',
    formula: `${upper} \\\\ g = \\tfrac12 y^\\top Q y + (c + q + P^\\top x)^\\top y${box}`,
  },
  V1: {
    title: 'V1: coupled rows',
    summary:
      'Three rows hold x and y together: not only where y* lies, also what it may be, depends on x. F is a quadratic around a target plus what y* adds.',
    formula:
      'f = \\tfrac12 (x - x_t)^\\top Q_u (x - x_t) + c_u^\\top y \\\\ g = \\tfrac12 y^\\top Q_l y + (c_l + q + P^\\top x)^\\top y,\\quad A_1 x - B_1 y \\le b',
  },
  V2: {
    title: 'V2: the published table',
    summary:
      'The problem of the published comparison. Its lower level does not contain x: y* is one constant and dy*/dx = 0, so that a hypergradient is the partial derivative of f alone.',
    formula: `${upper} \\\\ g = \\tfrac12 y^\\top Q_l y + (c_l + q)^\\top y${box}`,
  },
  V3: {
    title: 'V3: scaled terms',
    summary:
      'V2 with (c_l∘x)ᵀy added, so that each entry of x scales one linear term of the lower level. x and y have one size.',
    formula: `${upper} \\\\ g = \\tfrac12 y^\\top Q_l y + (c_l + q + c_l \\circ x)^\\top y${box}`,
  },
};

/** The linearly constrained quadratic problems of the literature. */
export const linearFamilies = bilevelFamilies.map((kind) =>
  bilevelFamily({
    ...{ kind, ...words[kind], reference: ssigd, settings: familySettings, presets: sizes },
    draw: (settings) => drawBilevel(kind, settings),
    sizes: ({ d, n }) => ({ d, n }),
    entries: ({ d, n }) => n * n + 2 * n * d,
  }),
);

/** Every family. A new one is made with `bilevelFamily` and listed here. */
export const bilevelFamilyForms: readonly BilevelFamily[] = [...linearFamilies, ...regressionFamilies];

export const findBilevelFamily = (kind: string): BilevelFamily | undefined =>
  bilevelFamilyForms.find((family) => family.kind === kind);
