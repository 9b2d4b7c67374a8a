import type { Slice } from '@shared/problems';
import type { SolvePlane } from '@shared/solve';
import type { QcqpFamily } from '../modelling/families/family';
import { examineEqualities, fixVariables, keepEqualities } from '../solvers/convex/prepare';
import { hasQuadratics, type ConvexProblem, type SymmetricMatrix } from '../solvers/convex/problem';
import type { Solution } from '../solvers/convex/solution';
import { sliceThrough, type Direction } from '../solvers/qcqp/slice';

export interface SolvePicture {
  slice: Slice | null;
  /** Iterates in its plane: s, t, and the distance from it. */
  path: [number, number, number][];
  note: string | null;
}

/** Entries of the row matrices beyond which a slice would keep somebody waiting. */
const mostEntries = 4e6;

/** The feasible set in a plane through the optimum, and the iterates in it. */
export function pictureOf(
  original: ConvexProblem,
  { y, multipliers }: Solution,
  iterates: readonly Float64Array[],
  choice: { plane: SolvePlane; gridSize: number },
): SolvePicture {
  const nothing = (note: string): SolvePicture => ({ slice: null, path: [], note });
  if (original.soc.length > 0)
    return nothing('There is no slice: it shows linear and quadratic rows and bounds, and this problem has second-order cones.');
  const { problem: free } = fixVariables(original);
  const problem = keepEqualities(free, examineEqualities(free));
  if (problem.n - problem.e < 2)
    return nothing('There is no slice: fewer than two directions are free to move in.');
  if (problem.m * problem.n * (hasQuadratics(problem) ? problem.n : 1) > mostEntries)
    return nothing('There is no slice of a problem of this size.');
  const slice = sliceThrough(familyOf(problem), problem.b, 0, y, multipliers.inequality, {
    plane: choice.plane === 'gradients' ? 'gradients' : 'interior',
    gridSize: choice.gridSize,
    first: firstDirections(problem, y, iterates, choice.plane),
    points: iterates.slice(1),
  });
  if (!slice) return nothing('There is no slice: no two directions of the feasible set are independent.');
  const centre = problem.e === 0 ? '0' : 'A⁺b';
  const axes = slice.axes.map((words) => words.replace('A⁺x', centre)) as Slice['axes'];
  const [u, v] = slice.directions;
  const path = iterates.map((point): [number, number, number] => {
    const from = [...point].map((value, j) => value - y[j]);
    const s = product(from, u);
    const t = product(from, v);
    return [s, t, Math.hypot(...from.map((value, j) => value - s * u[j] - t * v[j]))];
  });
  return { slice: { ...slice, axes }, path, note: null };
} // prettier-ignore

const product = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, j) => sum + value * b[j], 0);

/** Of two variables the variables themselves; else, where asked for, the plane in which the iterates come to the optimum. */
function firstDirections(
  { n, e }: ConvexProblem,
  y: Float64Array,
  iterates: readonly Float64Array[],
  plane: SolvePlane,
): Direction[] {
  if (n === 2 && e === 0)
    return ['y₀ − y₀*', 'y₁ − y₁*'].map((words, j) => ({ words, vector: Float64Array.of(1 - j, j) }));
  if (plane !== 'path' || iterates.length < 2) return [];
  const from = iterates.map((point) => point.map((value, j) => value - y[j]));
  // The start may be far away; where half of the way is done says more about the turns.
  const first = from[0];
  const length = Math.hypot(...first);
  if (!(length > 0)) return [];
  const aside = (vector: Float64Array) => {
    const along = product([...vector], [...first]) / length ** 2;
    return Math.hypot(...vector.map((value, j) => value - along * first[j]));
  };
  const second = from.reduce((a, b) => (aside(b) > aside(a) ? b : a));
  return [
    { words: 'towards the first iterate', vector: first },
    { words: 'where the iterates turn aside', vector: second },
  ];
}

/** The same problem in the form that slices are cut of; the equality rows are independent. */
function familyOf({ n, e, m, Q, p, A, G, H, h, lower, upper }: ConvexProblem): QcqpFamily {
  const diagonal = H.every((row) => row === null || row.kind === 'diagonal');
  const size = diagonal ? n : n * n;
  const rows = new Float64Array(m * size);
  H.forEach((row, i) => {
    if (row !== null) rows.set(diagonal ? row.values : dense(n, row), i * size);
  });
  return { n, m, e, Q: dense(n, Q), p, A, G, H: rows, diagonal, h, lower, upper };
}

function dense(n: number, matrix: SymmetricMatrix): Float64Array {
  if (matrix?.kind === 'dense') return matrix.values;
  const values = new Float64Array(n * n);
  if (matrix) for (let j = 0; j < n; j++) values[j * (n + 1)] = matrix.values[j];
  return values;
}
