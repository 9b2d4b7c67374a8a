import { symmetricEigen } from '../../numerics/linalg/jacobi';
import { addTransposed, dot, multiply } from '../../numerics/linalg/products';
import { factorRowSpace, leastNorm, nullSpaceTransposed } from '../../numerics/linalg/rowSpace';
import { convexProblem } from '../../solvers/convex/problem';
import { solveConvex } from '../../solvers/convex/solve';
import type { ComplementarityProgram, Inequality } from './complementarity';

/** Relative size of a row's rest below which it depends on the others. */
const rankTolerance = 1e-11;
/** Relative size of an eigenvalue below which it counts as 0. */
const curvatureTolerance = 1e-11;
/** Relative residual of an equality that depends on others and contradicts them. */
const contradictionTolerance = 1e-9;

/**
 * The polyhedron of a program on which some of its inequalities are held with equality, in coordinates t of its affine hull: z = z₀ + Zᵀt
 * with orthonormal rows in Z [k, size].
 */
export interface Piece {
  k: number;
  origin: Float64Array;
  Z: Float64Array;
  /** Of f in t: [k, k], [k]. */
  H: Float64Array;
  p: Float64Array;
  constant: number;
  /** Eigenvalues of H, rising, and eigenvectors as rows; those within rounding of 0 are 0. */
  values: Float64Array;
  vectors: Float64Array;
  /** The inequalities that are not held, in t; `index` is that of the program. */
  rows: (Inequality & { index: number })[];
}

/** The piece, or null where its equalities or an inequality without t contradict each other. */
export function makePiece(program: ComplementarityProgram, held: ReadonlySet<number>): Piece | null {
  const { size, equalities, inequalities } = program;
  const equal = [...equalities, ...[...held].map((index) => inequalities[index])];
  const hull = affineHull(size, equal);
  if (!hull) return null;
  const { origin, Z } = hull;
  const k = size === 0 ? 0 : Z.length / size;
  const H = new Float64Array(k * k);
  const p = new Float64Array(k);
  const curved = new Float64Array(size);
  for (let a = 0; a < k; a++) {
    multiply(size, size, program.H, Z.subarray(a * size, (a + 1) * size), curved);
    for (let b = 0; b < k; b++) H[a * k + b] = dot(size, Z, b * size, curved, 0);
  }
  for (let a = 0; a < k; a++)
    for (let b = 0; b < a; b++) H[a * k + b] = H[b * k + a] = 0.5 * (H[a * k + b] + H[b * k + a]);
  multiply(size, size, program.H, origin, curved);
  const slope = curved.map((value, i) => value + program.p[i]);
  multiply(k, size, Z, slope, p);
  const constant = program.constant + dot(size, program.p, 0, origin, 0) + 0.5 * dot(size, curved, 0, origin, 0);
  const { values, vectors } = symmetricEigen(k, H);
  const norm = program.H.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  values.forEach((value, i) => {
    if (Math.abs(value) <= curvatureTolerance * norm) values[i] = 0;
  });
  const rows: Piece['rows'] = [];
  for (const [index, { g, h }] of inequalities.entries()) {
    if (held.has(index)) continue;
    const reduced = new Float64Array(k);
    multiply(k, size, Z, g, reduced);
    const length = Math.sqrt(dot(size, g, 0, g, 0));
    const limit = h - dot(size, g, 0, origin, 0);
    if (Math.sqrt(dot(k, reduced, 0, reduced, 0)) > rankTolerance * length)
      rows.push({ g: reduced.map((value) => value / length), h: limit / length, index });
    else if (limit < -contradictionTolerance * Math.max(1, Math.abs(h), termsOf(g, origin))) return null;
  }
  return { k, origin, Z, H, p, constant, values, vectors, rows };
}

const termsOf = (g: Float64Array, z: Float64Array): number =>
  g.reduce((most, value, i) => Math.max(most, Math.abs(value * z[i])), 0);

/** {z : all rows hold with equality} as its point of least norm and an orthonormal basis, or null where the rows contradict. */
function affineHull(size: number, rows: readonly Inequality[]): { origin: Float64Array; Z: Float64Array } | null {
  const lengths = rows.map(({ g }) => Math.sqrt(dot(size, g, 0, g, 0)) || 1);
  const stacked = (chosen: readonly number[]) => {
    const matrix = new Float64Array(chosen.length * size);
    chosen.forEach((r, at) =>
      matrix.set(
        rows[r].g.map((value) => value / lengths[r]),
        at * size,
      ),
    );
    return matrix;
  };
  const everyRow = [...rows.keys()];
  const { order, rank } = factorRowSpace(stacked(everyRow), rows.length, size, rankTolerance);
  const independent = Array.from(order.subarray(0, rank), Number);
  const space = factorRowSpace(stacked(independent), rank, size);
  const origin = new Float64Array(size);
  leastNorm(
    space,
    Float64Array.from(independent, (r) => rows[r].h / lengths[r]),
    0,
    origin,
  );
  for (const [r, { g, h }] of rows.entries()) {
    const residual = Math.abs(dot(size, g, 0, origin, 0) - h);
    if (residual > contradictionTolerance * Math.max(lengths[r], Math.abs(h), termsOf(g, origin))) return null;
  }
  return { origin, Z: nullSpaceTransposed(space) };
}

export type PieceResult =
  | { status: 'optimal'; z: Float64Array; value: number }
  | { status: 'infeasible' }
  | { status: 'unbounded' }
  | { status: 'unknown' };

/** f on the piece where it is convex there, or a given convex quadratic: ½Σ values_i(v_iᵀt)² + pᵀt + constant. */
export function minimiseConvex(
  piece: Piece,
  { values, p, constant }: Pick<Piece, 'values' | 'p' | 'constant'> = piece,
): PieceResult {
  const { k, vectors, rows } = piece;
  if (k === 0) return { status: 'optimal', z: piece.origin.slice(), value: constant };
  const Q = new Float64Array(k * k);
  for (let e = 0; e < k; e++)
    for (let a = 0; a < k; a++)
      for (let b = 0; b < k; b++) Q[a * k + b] += values[e] * vectors[e * k + a] * vectors[e * k + b];
  for (let a = 0; a < k; a++) for (let b = 0; b < a; b++) Q[b * k + a] = Q[a * k + b];
  const isCurved = values.some((value) => value !== 0);
  const G = new Float64Array(rows.length * k);
  rows.forEach(({ g }, r) => G.set(g, r * k));
  const h = Float64Array.from(rows, (row) => row.h);
  const solution = solveConvex(convexProblem(k, { ...(isCurved ? { Q: { kind: 'dense', values: Q } } : {}), p, G, h }));
  if (solution.status === 'primal infeasible') return { status: 'infeasible' };
  if (solution.status === 'dual infeasible') return { status: 'unbounded' };
  if (solution.status !== 'optimal') return { status: 'unknown' };
  const z = piece.origin.slice();
  addTransposed(k, z.length, piece.Z, solution.y, z);
  return { status: 'optimal', z, value: solution.objective + constant };
}

/**
 * A convex quadratic below f on the piece: each concave direction v_iᵀt is replaced by its chord over the interval that v_iᵀt has on the
 * piece. Null where such an interval is unbounded or not known.
 */
export function minimiseBelow(piece: Piece): PieceResult | null {
  const { k, values, vectors } = piece;
  const p = piece.p.slice();
  let { constant } = piece;
  const flat = new Float64Array(k);
  for (let e = 0; e < k && values[e] < 0; e++) {
    const direction = vectors.subarray(e * k, (e + 1) * k);
    const least = minimiseConvex(piece, { values: flat, p: direction.slice(), constant: 0 });
    if (least.status === 'infeasible') return least;
    const most = minimiseConvex(piece, { values: flat, p: direction.map((value) => 0 - value), constant: 0 });
    if (least.status !== 'optimal' || most.status !== 'optimal') return null;
    const [low, high] = [least.value, -most.value];
    for (let a = 0; a < k; a++) p[a] += 0.5 * values[e] * (low + high) * direction[a];
    constant -= 0.5 * values[e] * low * high;
  }
  return minimiseConvex(piece, { values: values.map((value) => Math.max(0, value)), p, constant });
}

/** Is there a point in the piece? */
export const isFeasible = (piece: Piece): PieceResult['status'] =>
  minimiseConvex(piece, { values: new Float64Array(piece.k), p: new Float64Array(piece.k), constant: 0 }).status;
