import { z } from 'zod';
import { Generator } from '@shared/random/generator';
import {
  absoluteRowSums,
  diagonalMatrix,
  splitByShares,
  sizes,
  type ProblemFamily,
  type QcqpInstances,
} from './family';

export const fsnetSettings = z.strictObject({
  ...sizes({ instances: 10_000, seed: 2025 }),
  box: z.number().positive().default(5).describe('Every variable lies within ± this.'),
});
export type FsnetSettings = z.output<typeof fsnetSettings>;

/**
 * Draws, in the published order and from one default_rng(seed): the diagonal of Q from U[0, .5]; p, A from U[−1, 1]; X from U[−1, 1];
 * G from U[−1, 1]; the diagonals of H_i from U[0, .1]. h_i = Σ_j|(GA⁺)_ij|. The published rows are ½yᵀH_iy + G_iᵀy ≤ h_i; ours have
 * no ½, so that what is kept is H_i/2.
 */
function draw({ n, m, e, instances: N, seed, box }: FsnetSettings): QcqpInstances {
  const generator = new Generator(seed);
  const Q = diagonalMatrix(generator.uniforms(0, 0.5, n));
  const p = generator.uniforms(-1, 1, n);
  const A = generator.uniforms(-1, 1, e * n);
  const X = generator.uniforms(-1, 1, N * e);
  const G = generator.uniforms(-1, 1, m * n);
  const H = generator.uniforms(0, 0.1, m * n).map((value) => value / 2);
  const h = absoluteRowSums({ n, m, e, A, G });
  const lower = new Float64Array(n).fill(-box);
  const upper = new Float64Array(n).fill(box);
  return { family: { n, m, e, Q, p, A, G, H, diagonal: true, h, lower, upper }, N, X };
}

/** The convex QCQP benchmark of FSNet: tighter rows than the default family's, and a box. */
export const fsnet: ProblemFamily<typeof fsnetSettings> = {
  kind: 'fsnet',
  title: 'QCQP with a box (FSNet)',
  summary:
    'The convex QCQP of the FSNet benchmark: convex quadratic rows with h from the linear part alone, and bounds on every variable. ' +
    'Tighter than the default family; an instance may be infeasible, and is then named.',
  formula:
    '\\min_y \\tfrac12 y^\\top Q y + p^\\top y \\quad\\text{s.t.}\\quad \\tfrac12 y^\\top H_i y + G_i^\\top y \\le h_i,\\; i = 1..m, \\quad A y = x, \\quad |y_j| \\le b',
  reference:
    'Nguyen & Donti, FSNet: Feasibility-Seeking Neural Network for Constrained Optimization with Guarantees, 2025.',
  settings: fsnetSettings,
  presets: [
    {
      name: 'published',
      title: 'n = 100, m = 50, e = 50, N = 10000',
      settings: { n: 100, m: 50, e: 50, instances: 10_000 },
    },
  ],
  version: 1,
  bounded: true,
  constants: ({ n, m, e }) => n * n + 3 * n + e * n + 2 * m * n + m,
  contradictions: () => [],
  draw,
  splits: (N) => splitByShares(N, 0.1, 0.2),
};
