export interface SplittingSettings {
  sigma: number;
  omega: number;
  iterations: number;
  backward: { iterations: number; tolerance: number };
}

/** Where the second set's projection moves with its argument, at one instance. */
export interface Linearisation {
  /** [d]: 1 where a limit does not hold (y, z) down. */
  free: Uint8Array;
  /** Quadratic rows that hold their copies, with multiplier and point. */
  active: { row: number; lambda: number; w: Float64Array }[];
}
