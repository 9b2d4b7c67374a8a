import type { Slice } from '@shared/problems';
import type { QcqpFamily } from '../../modelling/families/family';
import { cholesky, solveCholesky } from '../../numerics/linalg/cholesky';
import { addTransposed, dot, multiply } from '../../numerics/linalg/products';
import { leastNorm, nullSpaceTransposed } from '../../numerics/linalg/rowSpace';
import { Generator } from '@shared/random/generator';
import { rowSpaceOfA } from '../../modelling/families/family';
import { boundRows, type BoundRow } from './bounds';
import { activeWithin, rowValues } from './instanceView';

type Coefficients = Slice['rows'][number]['coefficients'];
type PlaneRow = Slice['rows'][number];

/** How a slice is cut. */
export interface SliceChoice {
  plane: Slice['plane'];
  gridSize: number;
  /** Directions that come before those of `plane`, as far as they are independent in the null space of A. */
  first?: readonly Direction[];
  /** Points [n] that the window should show, unless they are far from the set. */
  points?: readonly Float64Array[];
}

/** Rows that a picture can tell apart. */
const mostRows = 40;
const rays = 64;

/**
 * The feasible set and the objective in the plane y* + su + tv, u and v orthonormal in the null space of A, so that Ay = x holds
 * throughout. Every row is a quadratic in (s, t), of which six coefficients say all.
 *
 * @param y y* [n]
 * @param inequality multipliers λ [m]: they say which rows' gradients span the plane
 * @returns null where the null space has fewer than two dimensions
 */
export function sliceThrough(
  family: QcqpFamily,
  x: Float64Array,
  instance: number,
  y: Float64Array,
  inequality: Float64Array,
  choice: SliceChoice,
): Slice | null {
  const { n, e, A } = family;
  const space = rowSpaceOfA(A, e, n);
  if (n - e < 2) return null;
  const basis = nullSpaceTransposed(space);
  const centre = new Float64Array(n);
  leastNorm(space, x, 0, centre);
  const inward = centre.map((value, j) => value - y[j]);
  const directions = chooseDirections(family, basis, y, inequality, inward, choice);
  if (directions.length < 2) return null;
  const [u, v] = directions.map(({ vector }) => vector);
  const rows = planeRows(family, y, u, v);
  const leastNormAt: [number, number] = [dot(n, inward, 0, u, 0), dot(n, inward, 0, v, 0)];
  const inPlane = Math.hypot(...leastNormAt) > 0.999 * Math.hypot(...inward);
  const shown = (choice.points ?? []).map((point): [number, number] => {
    const from = point.map((value, j) => value - y[j]);
    return [dot(n, from, 0, u, 0), dot(n, from, 0, v, 0)];
  });
  const window = windowAround(rows, inPlane ? leastNormAt : null, shown, Math.hypot(...y));
  const objectiveCoefficients = objectiveInPlane(family, y, u, v);
  return {
    instance,
    plane: choice.plane,
    axes: [directions[0].words, directions[1].words],
    directions: [[...u], [...v]],
    size: choice.gridSize,
    ...window,
    ...grid(rows, objectiveCoefficients, window, choice.gridSize),
    objectiveCoefficients,
    leastNorm: inPlane ? leastNormAt : null,
  };
}

/** A direction [n] with its name. */
export interface Direction {
  words: string;
  vector: Float64Array;
}

/** Two orthonormal directions in the null space: the first two candidates that are independent. */
function chooseDirections(
  family: QcqpFamily,
  basis: Float64Array,
  y: Float64Array,
  inequality: Float64Array,
  inward: Float64Array,
  { plane, first = [] }: SliceChoice,
): Direction[] {
  const { n, m, e } = family;
  const k = n - e;
  const generator = new Generator(0);
  // A⁺x is an interior point of most families; where it is none, the active rows say where the interior lies.
  const there = rowValues(family, centreOf(y, inward));
  const inside = there.every((value) => value < 0) && boundRows(family).every((row) => roomAt(row, y, inward) > 0);
  const centre = inside
    ? { words: 'towards A⁺x, the point of least norm', vector: inward }
    : { words: 'away from every active row', vector: awayFromActive(family, basis, y) ?? inward };
  const gradients = Array.from({ length: m }, (_, i) => i)
    .filter((i) => inequality[i] > 0)
    .sort((a, b) => inequality[b] - inequality[a])
    .slice(0, 3)
    .map((i) => ({
      words: `against the gradient of row ${i}, λ = ${inequality[i].toPrecision(3)}`,
      vector: rowGradient(family, i, y).map((value) => -value),
    }));
  const random = [1, 2].map((count) => ({
    words: `random direction ${count}`,
    vector: generator.standardNormals(n),
  }));
  const slope = {
    words: 'against the gradient of the objective',
    vector: objectiveGradient(family, y).map((value) => -value),
  };
  const candidates = {
    interior: [centre, ...gradients, slope, ...random],
    gradients: [...gradients, slope, centre, ...random],
    random,
  }[plane];
  const chosen: Direction[] = [];
  for (const { words, vector } of [...first, ...candidates]) {
    const reduced = new Float64Array(k);
    multiply(k, n, basis, vector, reduced);
    const projected = new Float64Array(n);
    for (let a = 0; a < k; a++) for (let j = 0; j < n; j++) projected[j] += reduced[a] * basis[a * n + j];
    const before = Math.hypot(...projected);
    for (const { vector: other } of chosen) {
      const along = dot(n, projected, 0, other, 0);
      for (let j = 0; j < n; j++) projected[j] -= along * other[j];
    }
    const length = Math.hypot(...projected);
    if (!(length > 1e-6 * before) || !(length > 1e-12)) continue;
    chosen.push({ words, vector: projected.map((value) => value / length) });
    if (chosen.length === 2) break;
  }
  return chosen;
}

const centreOf = (y: Float64Array, inward: Float64Array) => y.map((value, j) => value + inward[j]);

const roomAt = ({ kind, variable: j, bound }: BoundRow, y: Float64Array, inward: Float64Array): number =>
  (kind === 'lower' ? 1 : -1) * (y[j] + inward[j] - bound);

/**
 * d = −Jᵀ(JJᵀ)⁻¹1 with J the gradients of the active rows and bounds in the null space of A: every one of them falls at rate 1 along d.
 * Null where there is none or they are dependent.
 */
function awayFromActive(family: QcqpFamily, basis: Float64Array, y: Float64Array): Float64Array | null {
  const { n, e } = family;
  const k = n - e;
  const gradients: Float64Array[] = [];
  rowValues(family, y).forEach((value, i) => {
    if (value >= -activeWithin) gradients.push(rowGradient(family, i, y));
  });
  const nowhere = new Float64Array(n);
  for (const row of boundRows(family)) {
    if (roomAt(row, y, nowhere) > activeWithin) continue;
    const gradient = new Float64Array(n);
    gradient[row.variable] = row.kind === 'lower' ? -1 : 1;
    gradients.push(gradient);
  }
  const count = gradients.length;
  if (count === 0 || count > k) return null;
  const rows = new Float64Array(count * k);
  gradients.forEach((gradient, r) => multiply(k, n, basis, gradient, rows.subarray(r * k, (r + 1) * k)));
  const product = new Float64Array(count * count);
  for (let r = 0; r < count; r++)
    for (let q = 0; q <= r; q++) product[r * count + q] = dot(k, rows, r * k, rows, q * k);
  if (cholesky(count, product, 1e-12) >= 0) return null;
  const weights = new Float64Array(count).fill(-1);
  solveCholesky(count, product, weights);
  const direction = new Float64Array(n);
  const reduced = new Float64Array(k);
  addTransposed(count, k, rows, weights, reduced);
  addTransposed(k, n, basis, reduced, direction);
  return direction;
}

function objectiveGradient({ n, Q, p }: QcqpFamily, y: Float64Array): Float64Array {
  const gradient = new Float64Array(n);
  multiply(n, n, Q, y, gradient);
  for (let j = 0; j < n; j++) gradient[j] += p[j];
  return gradient;
}

/** H_i w */
function hessianTimes({ n, H, diagonal }: QcqpFamily, i: number, w: Float64Array): Float64Array {
  return w.map((value, j) => (diagonal ? H[i * n + j] * value : dot(n, H, (i * n + j) * n, w, 0)));
}

function rowGradient(family: QcqpFamily, i: number, y: Float64Array): Float64Array {
  const { n, G } = family;
  return hessianTimes(family, i, y).map((value, j) => 2 * value + G[i * n + j]);
}

function objectiveInPlane(family: QcqpFamily, y: Float64Array, u: Float64Array, v: Float64Array): Coefficients {
  const { n, Q } = family;
  const gradient = objectiveGradient(family, y);
  const [qu, qv] = [new Float64Array(n), new Float64Array(n)];
  multiply(n, n, Q, u, qu);
  multiply(n, n, Q, v, qv);
  return [
    0,
    dot(n, gradient, 0, u, 0),
    dot(n, gradient, 0, v, 0),
    0.5 * dot(n, qu, 0, u, 0),
    dot(n, qu, 0, v, 0),
    0.5 * dot(n, qv, 0, v, 0),
  ];
}

/** Every row and every finite bound in the plane. */
function planeRows(family: QcqpFamily, y: Float64Array, u: Float64Array, v: Float64Array): PlaneRow[] {
  const { n, m, G, h } = family;
  const rows = Array.from({ length: m }, (_, i): PlaneRow => {
    const hy = hessianTimes(family, i, y);
    const [hu, hv] = [hessianTimes(family, i, u), hessianTimes(family, i, v)];
    const g = G.subarray(i * n, (i + 1) * n);
    const value = dot(n, hy, 0, y, 0) + dot(n, g, 0, y, 0) - h[i];
    const coefficients = [
      value,
      2 * dot(n, hy, 0, u, 0) + dot(n, g, 0, u, 0),
      2 * dot(n, hy, 0, v, 0) + dot(n, g, 0, v, 0),
      dot(n, hu, 0, u, 0),
      2 * dot(n, hu, 0, v, 0),
      dot(n, hv, 0, v, 0),
    ];
    return { kind: 'inequality', index: i, active: value >= -activeWithin, coefficients };
  });
  for (const { kind, variable: j, bound } of boundRows(family)) {
    const sign = kind === 'lower' ? -1 : 1;
    const value = sign * (y[j] - bound);
    rows.push({
      kind,
      index: j,
      active: value >= -activeWithin,
      coefficients: [value, sign * u[j], sign * v[j], 0, 0, 0],
    });
  }
  return rows;
}

/** How far the feasible set goes from the optimum along (cos, sin): the least positive root over all rows. */
function exit(rows: readonly PlaneRow[], cos: number, sin: number): number {
  let least = Infinity;
  for (const { coefficients } of rows) {
    const [c0, c1, c2, c3, c4, c5] = coefficients;
    const value = Math.min(c0, 0);
    const slope = c1 * cos + c2 * sin;
    const curvature = c3 * cos * cos + c4 * cos * sin + c5 * sin * sin;
    if (curvature > 1e-14) {
      const root = Math.sqrt(Math.max(0, slope * slope - 4 * curvature * value));
      // The form without cancellation.
      const distance = slope > 0 ? (-2 * value) / (slope + root) : (root - slope) / (2 * curvature);
      least = Math.min(least, distance);
    } else if (slope > 0) least = Math.min(least, -value / slope);
  }
  return least;
}

/** What shows the whole feasible set with a margin, or as much as makes sense where it has no end. */
function windowAround(
  rows: readonly PlaneRow[],
  leastNormAt: [number, number] | null,
  shown: readonly [number, number][],
  size: number,
): Pick<Slice, 's' | 't'> {
  const angles = Array.from({ length: rays }, (_, i) => (2 * Math.PI * i) / rays);
  const exits = angles.map((angle) => exit(rows, Math.cos(angle), Math.sin(angle)));
  const finite = exits.filter(Number.isFinite).reduce((a, b) => Math.max(a, b), 0);
  const known = Math.max(finite, leastNormAt ? Math.hypot(...leastNormAt) : 0);
  // Slacks of active rows are rounding: a set of their size is a point.
  const reach = known > 1e-6 * Math.max(1, size) ? 1.5 * known : 0.25 * Math.max(1, size);
  const points = exits.map((distance, i): [number, number] => {
    const length = Math.min(distance, reach);
    return [length * Math.cos(angles[i]), length * Math.sin(angles[i])];
  });
  if (leastNormAt) points.push(leastNormAt);
  points.push(...shown.filter((point) => Math.hypot(...point) < 2 * reach));
  const range = (axis: 0 | 1): [number, number] => {
    const values = [0, ...points.map((point) => point[axis])];
    return [Math.min(...values), Math.max(...values)];
  };
  const ranges = [range(0), range(1)];
  const widest = Math.max(...ranges.map(([from, to]) => to - from));
  const extent = widest > 1e-6 * reach ? widest : 2 * reach;
  // A sliver is given room, so that something can be seen of it.
  const [s, t] = ranges.map(([from, to]): [number, number] => {
    const margin = Math.max(0.15 * (to - from), (0.3 * extent - (to - from)) / 2);
    return [from - margin, to + margin];
  });
  return { s, t };
}

const at = (c: readonly number[], s: number, t: number): number =>
  c[0] + c[1] * s + c[2] * t + c[3] * s * s + c[4] * s * t + c[5] * t * t;

/** Six digits are more than a picture shows, and a third of the bytes. */
const short = (value: number): number => Number(value.toPrecision(6));

function grid(
  rows: readonly PlaneRow[],
  objectiveCoefficients: Coefficients,
  { s, t }: Pick<Slice, 's' | 't'>,
  size: number,
): Pick<Slice, 'objective' | 'violation' | 'binding' | 'rows'> {
  const objective: number[] = [];
  const violation: number[] = [];
  const owner: number[] = [];
  const cells = new Map<number, number>();
  for (let i = 0; i < size; i++) {
    const b = t[0] + ((t[1] - t[0]) * i) / (size - 1);
    for (let j = 0; j < size; j++) {
      const a = s[0] + ((s[1] - s[0]) * j) / (size - 1);
      let worst = -Infinity;
      let worstRow = -1;
      for (let r = 0; r < rows.length; r++) {
        const value = at(rows[r].coefficients, a, b);
        if (value > worst) {
          worst = value;
          worstRow = r;
        }
      }
      objective.push(short(at(objectiveCoefficients, a, b)));
      violation.push(rows.length > 0 ? short(worst) : -1);
      owner.push(worstRow);
      cells.set(worstRow, (cells.get(worstRow) ?? 0) + 1);
    }
  }
  const shown = rows
    .map((row, r) => ({ row, r, rank: (row.active ? size * size : 0) + (cells.get(r) ?? 0) }))
    .filter(({ rank }) => rank > 0)
    .sort((one, other) => other.rank - one.rank)
    .slice(0, mostRows);
  const position = new Map(shown.map(({ r }, i) => [r, i]));
  return { objective, violation, binding: owner.map((r) => position.get(r) ?? -1), rows: shown.map(({ row }) => row) };
}
