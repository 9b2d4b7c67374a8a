import { AdjointError } from '@shared/errors';
import type { RestorationSettings } from '../../solvers/leastSquares/restoration';
import { defaultRestorationSettings } from '../../solvers/leastSquares/restoration';
import { defaultLeastSquaresSettings, type LeastSquaresSettings } from '../../solvers/leastSquares/settings';

/** How the layer is differentiated. */
export type BackwardMode =
  /**
   * Through all iterations, JᵀJ included. With checkpoints the memory grows with the square root of the iterations, and they are run twice;
   * the numbers are the same.
   */
  | { kind: 'unroll'; checkpointed?: boolean }
  /** Through the last `last` iterations; the point before them is a constant. */
  | { kind: 'truncated'; last: number }
  /**
   * The last iteration is one undamped step, and only it is differentiated, with its matrix constant: JᵀJ, which is exact where no curved
   * row is active, or the whole Hessian, which is exact at the minimiser. In mode *project*: null-space projector of the active rows.
   */
  | { kind: 'implicit'; hessian: 'gaussNewton' | 'newton' }
  /** Direct loss minimisation with step ε of its perturbation. Not exact, by design. */
  | { kind: 'dlm'; epsilon: number };

export interface LeastSquaresLayerSettings {
  /** `anchored`: the minimiser's approximation as it is. `project`: then least-norm steps onto the violated rows. */
  mode: 'anchored' | 'project';
  backward: BackwardMode;
  solver: LeastSquaresSettings;
  restoration: RestorationSettings;
  /** What a batch does about an instance whose solve fails: goes on with derivatives 0 for it, or throws. */
  onFailure: 'continue' | 'throw';
  /** Whether results have the course of every instance's iterations. */
  trace: boolean;
}

export const defaultLeastSquaresLayerSettings: LeastSquaresLayerSettings = {
  mode: 'project',
  backward: { kind: 'unroll' },
  solver: defaultLeastSquaresSettings,
  restoration: defaultRestorationSettings,
  onFailure: 'continue',
  trace: false,
};

/** @throws AdjointError `bad-request` for numbers out of range and for a mode that cannot be differentiated in the way asked for */
export function checkLayerSettings({ mode, backward, solver }: LeastSquaresLayerSettings): void {
  const refuse = (what: string, where: string, fix: string) => {
    throw new AdjointError('bad-request', what, { where, fix });
  };
  const { kind } = backward;
  if (kind === 'truncated' && !(Number.isInteger(backward.last) && backward.last >= 0))
    refuse(`${backward.last} is no number of iterations.`, 'backward.last', 'Use a whole number from 0 on.');
  if (kind === 'dlm' && !(backward.epsilon > 0))
    refuse(`ε is ${backward.epsilon}.`, 'backward.epsilon', 'Use a positive number, such as 0.01.');
  if (kind === 'implicit' && solver.maxIterations < 1)
    refuse('The implicit mode needs an iteration for its last step.', 'solver.maxIterations', 'Use 1 or more.');
  if (mode === 'project' && (kind === 'truncated' || kind === 'dlm'))
    refuse(
      `The mode project is differentiated by unroll or implicit, not by ${kind}.`,
      'backward.kind',
      'Use one of them, or the mode anchored.',
    );
  if (mode === 'project' && kind === 'implicit' && backward.hessian === 'newton')
    refuse(
      'The implicit derivative of the mode project is the limit of Gauss–Newton; the Hessian has no part in it.',
      'backward.hessian',
      'Use gaussNewton.',
    );
}
