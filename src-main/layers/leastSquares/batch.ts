import { AdjointError } from '@shared/errors';
import type { QcqpRows } from '../../solvers/leastSquares/qcqpResidual';
import { diagnose, type Outcome } from './diagnosis';
import { makeInnerTrace, type InnerTrace } from './innerTrace';
import type { LeastSquaresLayerSettings } from './settings';

/** Instances side by side: anchor and initial [size, n], x [size, e]; without `initial` the solves begin at the anchor. */
export interface LeastSquaresBatch {
  size: number;
  anchor: Float64Array;
  x: Float64Array;
  initial?: Float64Array;
  /** Where they are learnt: w, s [e + m] and λ of the first iteration. Otherwise those of the layer, 1, and those of the settings. */
  anchorWeight?: number;
  rowWeights?: ArrayLike<number>;
  damping?: number;
  /** False where no `backward` will follow: then nothing is kept for it. */
  differentiated?: boolean;
}

export interface LeastSquaresResult extends Outcome {
  /** [size, n] */
  y: Float64Array;
  /** ½‖r‖² of the anchored phase, [size] */
  objective: Float64Array;
  /** max(|Ay − x|, relu(c)) of every instance, [size] */
  violation: Float64Array;
  /** Instances without a y to go on with, or which project did not bring to its tolerance. */
  reported: number[];
  /** If the settings ask for it. */
  trace: InnerTrace | null;
}

/** Data of which derivatives may be asked; `initial` is that of the start, at a constant anchor. */
export const leastSquaresData = [
  ...(['anchor', 'x', 'initial', 'anchorWeight', 'rowWeights', 'damping'] as const),
  ...(['A', 'H', 'G', 'h'] as const),
] as const;
export type LeastSquaresDatum = (typeof leastSquaresData)[number];

export interface LeastSquaresGradients {
  /** Shapes of the data; per row anchor, x and initial, over the batch summed the rest; `anchorWeight` and `damping` are [1]. */
  gradients: Partial<Record<LeastSquaresDatum, Float64Array>>;
  /** Instances that contribute nothing, since their solve or the matrix of their derivative failed. */
  dropped: number[];
  /** Of DLM: the share of the perturbation that is due to y not having converged, largest over the batch. */
  unconverged: number;
}

/** Where arrays come from: plain memory, or memory that threads share. */
export interface Arrays {
  floats(length: number): Float64Array;
  integers(length: number): Int32Array;
}

export const plainArrays: Arrays = {
  floats: (length) => new Float64Array(length),
  integers: (length) => new Int32Array(length),
};

/** A result to be filled, of `size` instances of n unknowns. */
export function makeResult(
  size: number,
  n: number,
  { mode, solver, restoration, trace }: LeastSquaresLayerSettings,
  { floats, integers }: Arrays = plainArrays,
): LeastSquaresResult {
  const restorations = mode === 'project' ? restoration.maxIterations : 0;
  return {
    ...{ y: floats(size * n), objective: floats(size), violation: floats(size), iterations: integers(size) },
    ...{ status: [], restorationIterations: integers(size), restorationStatus: [], reported: [] },
    trace: trace ? makeInnerTrace(size, solver.maxIterations, restorations, floats) : null,
  };
}

/** @throws AdjointError `bad-request` for an array of another length */
export function checkLengths(arrays: Record<string, Float64Array>, length: number): void {
  for (const [name, array] of Object.entries(arrays))
    if (array.length !== length)
      throw new AdjointError('bad-request', `${name} has ${array.length} entries, ${length} were expected.`, {
        where: name,
      });
}

/** Why a batch that was solved without keeping anything has no derivative. */
export const notKept = (): AdjointError =>
  new AdjointError('bad-request', 'The batch was solved without what its derivative needs.', {
    where: 'differentiated',
    fix: 'Solve it without differentiated: false.',
  });

/** @throws AdjointError `diverged` for the first instance that is reported */
export function stopAtFailure(result: LeastSquaresResult): void {
  const [i] = result.reported;
  if (result.reported.length > 0)
    throw new AdjointError('diverged', `The inner solve of ${diagnose(result, i)}`, {
      where: `instance ${i} of the batch`,
      fix: 'Raise the damping or the number of iterations, or let the batch go on without such instances.',
    });
}

/** Data that every instance has of its own. */
export const instanceData: readonly LeastSquaresDatum[] = ['anchor', 'x', 'initial'];

/** How many numbers the derivative for a datum has: of an instance, or in all. */
export function datumLength({ n, A, H, G, h }: QcqpRows, datum: LeastSquaresDatum): number {
  const e = A.length / n;
  const lengths: Record<LeastSquaresDatum, number> = {
    ...{ anchor: n, x: e, initial: n, anchorWeight: 1, damping: 1, rowWeights: e + h.length },
    ...{ A: A.length, H: H.length, G: G.length, h: h.length },
  };
  return lengths[datum];
}
