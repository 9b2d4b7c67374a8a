/**
 * A convex problem in matrix form:
 *
 *     minimise   ½ yᵀQy + pᵀy
 *     subject to A y = b
 *                yᵀH_i y + G_iᵀy ≤ h_i           i = 1..m   (no ½ on H)
 *                lower ≤ y ≤ upper
 *                ‖F_k y + g_k‖₂ ≤ c_kᵀy + d_k    k = 1..soc.length
 *
 * Matrices are flat and row-major. It is plain data: it can be sent to a thread as it is.
 */
export interface ConvexProblem {
  /** Variables, equality rows, inequality rows. */
  n: number;
  e: number;
  m: number;
  Q: SymmetricMatrix;
  /** [n] */
  p: Float64Array;
  /** [e, n], [e] */
  A: Float64Array;
  b: Float64Array;
  /** [m, n], [m] */
  G: Float64Array;
  h: Float64Array;
  /** [m]: `null` is a linear row. */
  H: SymmetricMatrix[];
  /** [n] each, −Infinity and Infinity where there is no bound. */
  lower: Float64Array;
  upper: Float64Array;
  soc: SecondOrderRow[];
}

/** `null` is the zero matrix. `diagonal` [n]; `dense` [n, n] with both triangles. */
export type SymmetricMatrix =
  null | { kind: 'diagonal'; values: Float64Array } | { kind: 'dense'; values: Float64Array };

/** ‖Fy + g‖₂ ≤ cᵀy + d */
export interface SecondOrderRow {
  /** Rows of F. */
  k: number;
  /** [k, n], [k], [n] */
  F: Float64Array;
  g: Float64Array;
  c: Float64Array;
  d: number;
}

/** What a derivative can be asked for. */
export const data = ['Q', 'p', 'A', 'b', 'G', 'h', 'H', 'lower', 'upper', 'soc'] as const;
export type Datum = (typeof data)[number];

/** A problem of n variables from the parts that it has; what is left out is absent. The arrays are not copied. */
export function convexProblem(n: number, parts: Partial<Omit<ConvexProblem, 'n' | 'e' | 'm'>>): ConvexProblem {
  const b = parts.b ?? new Float64Array(0);
  const h = parts.h ?? new Float64Array(0);
  return {
    ...{ n, e: b.length, m: h.length },
    Q: parts.Q ?? null,
    p: parts.p ?? new Float64Array(n),
    ...{ A: parts.A ?? new Float64Array(0), b },
    ...{ G: parts.G ?? new Float64Array(h.length * n), h },
    H: parts.H ?? new Array<SymmetricMatrix>(h.length).fill(null),
    lower: parts.lower ?? new Float64Array(n).fill(-Infinity),
    upper: parts.upper ?? new Float64Array(n).fill(Infinity),
    soc: parts.soc ?? [],
  };
}

/** Is the matrix zero outside its diagonal, by its form? */
export const isDiagonal = (matrix: SymmetricMatrix): boolean => matrix === null || matrix.kind === 'diagonal';

/** Has the problem a curved inequality row? */
export const hasQuadratics = (problem: ConvexProblem): boolean => problem.H.some((row) => row !== null);
