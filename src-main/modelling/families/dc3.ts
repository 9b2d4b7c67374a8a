import { z } from 'zod';
import { Generator } from '@shared/random/generator';
import { MersenneTwister } from '@shared/random/mersenneTwister';
import {
  absoluteRowSums,
  diagonalMatrix,
  splitByShares,
  sizes,
  type ProblemFamily,
  type QcqpInstances,
} from './family';

export const dc3Settings = z.strictObject({
  ...sizes({ instances: 10_000, seed: 17 }),
  seed: z.number().int().nonnegative().default(17).describe('Seed of numpy’s generator.'),
  draws: z
    .enum(['default_rng', 'RandomState'])
    .default('default_rng')
    .describe(
      'Which of numpy’s generators; the published data are those of RandomState(17), whose mean optimum is −15.05.',
    ),
});
export type Dc3Settings = z.output<typeof dc3Settings>;

/** What RandomState takes as a seed ends here. */
const seedsOfRandomState = 2 ** 32;

/**
 * Draws, in the published order and from one generator: the diagonal of Q and p from U[0, 1]; A from N(0, 1); X from U[−1, 1];
 * G from N(0, 1). h_i = Σ_j|(GA⁺)_ij|, so that A⁺x is feasible for every x in the cube.
 */
function draw({ n, m, e, instances: N, seed, draws }: Dc3Settings): QcqpInstances {
  const generator = draws === 'RandomState' ? new MersenneTwister(seed) : new Generator(seed);
  const Q = diagonalMatrix(generator.uniforms(0, 1, n));
  const p = generator.uniforms(0, 1, n);
  const A = generator.standardNormals(e * n);
  const X = generator.uniforms(-1, 1, N * e);
  const G = generator.standardNormals(m * n);
  const h = absoluteRowSums({ n, m, e, A, G });
  return { family: { n, m, e, Q, p, A, G, H: new Float64Array(m * n), diagonal: true, h }, N, X };
}

/** The convex QP of DC3. */
export const dc3: ProblemFamily<typeof dc3Settings> = {
  kind: 'dc3',
  title: 'QP (DC3)',
  summary: 'The convex quadratic program of DC3: linear inequality and equality rows. Every instance is feasible.',
  formula: '\\min_y \\tfrac12 y^\\top Q y + p^\\top y \\quad\\text{s.t.}\\quad G y \\le h, \\quad A y = x',
  reference: 'Donti, Rolnick & Kolter, DC3: A learning method for optimization with hard constraints, ICLR 2021.',
  settings: dc3Settings,
  presets: [
    {
      name: 'published',
      title: 'n = 100, m = 50, e = 50, N = 10000',
      settings: { n: 100, m: 50, e: 50, instances: 10_000 },
    },
  ],
  version: 1,
  bounded: false,
  constants: ({ n, m, e }) => n * n + n + e * n + m * n + m,
  contradictions: ({ seed, draws }) =>
    draws === 'RandomState' && seed >= seedsOfRandomState
      ? [{ path: 'seed', message: 'RandomState takes seeds below 4294967296; choose a smaller one, or default_rng' }]
      : [],
  draw,
  splits: (N) => splitByShares(N, 0.0833, 0.0833),
};
