export interface ConvexSettings {
  /** Interior-point iterations. */
  maxIterations: number;
  /** The interior point stops where residuals and gap of the scaled problem are below this. */
  tolerance: number;
  /** Newton steps of one polish on the active set. */
  polishSteps: number;
  /** What a certificate must satisfy to be called optimal, relative to the size of the terms in it. */
  maxResidual: number;
  /**
   * A row is active where its value, and its multiplier 0 where that, is within this of 0, relative to the size of the terms in it.
   * The solution is polished to rounding first, so this can be small.
   */
  activeTolerance: number;
  /** Bytes that a solve may allocate. */
  maxBytes: number;
}

export const defaultConvexSettings: ConvexSettings = {
  maxIterations: 100,
  tolerance: 1e-9,
  polishSteps: 30,
  maxResidual: 1e-9,
  activeTolerance: 1e-9,
  maxBytes: 2 ** 30,
};
