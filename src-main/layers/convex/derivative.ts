import type { Datum } from '../../solvers/convex/problem';
import type { Finding } from '../../solvers/convex/solution';

/** Gradients of L = vᵀy* by datum, each with the shape of the datum; symmetric matrices as for a symmetric change. */
export interface Gradients {
  /** [n, n], or [n] where Q is a diagonal. */
  Q?: Float64Array;
  p?: Float64Array;
  A?: Float64Array;
  b?: Float64Array;
  G?: Float64Array;
  h?: Float64Array;
  /** [n, n] or [n] a row, `null` where the row has no curvature. */
  H?: (Float64Array | null)[];
  lower?: Float64Array;
  upper?: Float64Array;
  soc?: { F: Float64Array; g: Float64Array; c: Float64Array; d: number }[];
}

export interface Derivative {
  /** Why there is no derivative; the gradients are then empty. */
  refusal: { reason: 'no-optimum' | 'reduced-hessian-singular'; message: string } | null;
  gradients: Gradients;
  /** Data for which the gradient is not a derivative: at a kink one element (weakly active rows inactive), with dependent rows one choice. */
  oneSidedOnly: Datum[];
  /** Findings of the solution that say why. */
  findings: Finding[];
  /** u [n], the solution of the adjoint system: −∂L/∂p. */
  adjoint: Float64Array;
  seconds: number;
}
