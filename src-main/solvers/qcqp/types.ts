/** How a solve ended. */
export type QcqpStatus = 'optimal' | 'primal infeasible' | 'dual infeasible' | 'iteration limit' | 'numerical trouble';

export interface QcqpSolverSettings {
  /** Interior-point iterations. */
  maxIterations: number;
  /** The interior point stops where residuals and gap, relative to the data, are below this, if no polish has succeeded before. */
  tolerance: number;
  /** Newton steps of one polish. */
  polishSteps: number;
  /** What a result must satisfy to be called optimal: violation of any row, absolute. */
  maxViolation: number;
  /** … and the gap over max(1, |objective|). */
  maxGap: number;
}

export const defaultSolverSettings: QcqpSolverSettings = {
  maxIterations: 80,
  tolerance: 1e-10,
  polishSteps: 16,
  maxViolation: 1e-10,
  maxGap: 1e-9,
};

/** Proof of a result, from y and the multipliers alone and in the original data. */
export interface QcqpCertificate {
  /** max(max_i relu(c_i(y)), max_j |Ay − x|_j) */
  violation: number;
  /** (|λᵀc(y)| + ‖∇L‖·max(1, ‖y‖)) / max(1, |f|): the objective of no feasible point within that distance of y is lower by more. */
  gap: number;
  /** ‖Qy + p + Σλ_i(2H_iy + G_i) + Aᵀν‖₂ */
  stationarity: number;
  /** The smallest of λ_i over active rows and of −c_i over the others: 0 at a kink of y*(x). */
  complementarityMargin: number;
}

/** An instance's result. The arrays belong to the solver and are overwritten by its next solve. */
export interface QcqpResult {
  status: QcqpStatus;
  /** [n] */
  y: Float64Array;
  /** [m], ≥ 0. For `primal infeasible` they are the certificate: no feasible point makes Σλ_ic_i ≤ 0. */
  inequality: Float64Array;
  /** [e] */
  equality: Float64Array;
  /** Multipliers ≥ 0 of the bounds, [n] each; empty for a family without bounds. */
  lower: Float64Array;
  upper: Float64Array;
  objective: number;
  certificate: QcqpCertificate;
  iterations: number;
  /** Newton steps of the polish; 0 where the interior point's own iterate was kept. */
  polishSteps: number;
}
