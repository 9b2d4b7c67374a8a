import { Generator } from '@shared/random/generator';
import { dot } from '../../numerics/linalg/products';
import { halfSquare, init, isUsable, makeLeastSquares, step, terminate } from '../../solvers/leastSquares/leastSquares';
import { QcqpResidual, type QcqpRows } from '../../solvers/leastSquares/qcqpResidual';
import {
  initRestoration,
  makeRestoration,
  stepRestoration,
  terminateRestoration,
} from '../../solvers/leastSquares/restoration';
import type { LeastSquaresLayerSettings } from './settings';

/** One point of an inner solve. */
export interface PathPoint {
  phase: 'inner' | 'restoration';
  y: Float64Array;
  /** ½‖r‖² */
  objective: number;
  /** ‖Jᵀr‖∞ */
  gradient: number;
  /** Largest violation of a row. */
  violation: number;
  /** Rows of c that are positive. */
  active: number;
  /** λ of the step to this point; null at the start and in the restoration. */
  damping: number | null;
}

export interface InnerPath {
  model: QcqpResidual;
  points: PathPoint[];
  /** How it ended. */
  status: string;
}

/** All iterates of one instance, ŷ = anchor [n] and x [e]: of the anchored phase and, in the mode project, of the restoration. */
export function innerPath(
  rows: QcqpRows,
  anchorWeight: number,
  {
    mode,
    solver: settings,
    restoration: restoring,
  }: Pick<LeastSquaresLayerSettings, 'mode' | 'solver' | 'restoration'>,
  anchor: Float64Array,
  x: Float64Array,
): InnerPath {
  const model = new QcqpResidual(rows, anchorWeight);
  model.setInstance(anchor, 0, x, 0);
  const solver = makeLeastSquares(model, settings);
  const points: PathPoint[] = [];
  const note = (phase: PathPoint['phase'], y: Float64Array, damping: number | null) => {
    const residual = new Float64Array(model.rows);
    const gradient = new Float64Array(model.n);
    model.residual(y, residual);
    model.linearise(y, residual);
    model.multiplyTransposed(residual, gradient);
    points.push({
      ...{ phase, y: y.slice(), objective: halfSquare(residual), gradient: largest(gradient, 0) },
      ...{ violation: largest(residual, model.n), active: model.activeCount, damping },
    });
  };
  init(solver, anchor, 0);
  note('inner', solver.y, null);
  while (!terminate(solver)) {
    step(solver);
    if (solver.taken === 0) continue;
    note('inner', solver.y, solver.usedDamping);
    // The model stands where it was noted.
    solver.linearised = false;
  }
  if (mode === 'anchored' || !isUsable(solver.status!)) return { model, points, status: solver.status! };
  const restoration = makeRestoration(model, restoring);
  initRestoration(restoration, solver.y);
  while (!terminateRestoration(restoration)) {
    stepRestoration(restoration);
    if (restoration.taken > 0) note('restoration', restoration.y, null);
  }
  return { model, points, status: `restoration ${restoration.status!}` };
}

function largest(values: Float64Array, from: number): number {
  let most = 0;
  for (let j = from; j < values.length; j++) if (!(Math.abs(values[j]) <= most)) most = Math.abs(values[j]);
  return most;
}

/** A picture of the inner objective: the plane through the last point that contains the first, and the points in it. */
export interface PathPicture {
  /** s, t and the distance from the plane of each point. */
  places: [number, number, number][];
  s: [number, number];
  t: [number, number];
  /** log₁₀ ½‖r‖² at [k·size + i]. */
  objective: Float64Array;
  /** Pieces [s, t, s, t] of the boundary of c ≤ 0. */
  boundary: [number, number, number, number][];
}

/** Below this ½‖r‖² is rounding. */
const floor = 1e-24;

export function pathPicture({ model, points }: InnerPath, size: number): PathPicture {
  const { n } = model;
  const origin = points[points.length - 1].y;
  const from = (y: Float64Array) => y.map((value, j) => value - origin[j]);
  const u = unit(n, from(points[0].y), null) ?? unit(n, new Generator(0).standardNormals(n), null)!;
  const aside = (y: Float64Array) => {
    const away = from(y);
    const along = dot(n, away, 0, u, 0);
    return Math.sqrt(Math.max(0, dot(n, away, 0, away, 0) - along * along));
  };
  const farthest = points.reduce((a, b) => (aside(b.y) > aside(a.y) ? b : a));
  const v = unit(n, from(farthest.y), u) ?? unit(n, new Generator(0).standardNormals(n), u)!;
  const places = points.map(({ y }): [number, number, number] => {
    const away = from(y);
    const [s, t] = [dot(n, away, 0, u, 0), dot(n, away, 0, v, 0)];
    return [s, t, Math.sqrt(Math.max(0, dot(n, away, 0, away, 0) - s * s - t * t))];
  });
  const s = around(places.map((place) => place[0]));
  const height = 0.4 * (s[1] - s[0]);
  const t = around(
    places.map((place) => place[1]),
    height,
  );
  const objective = new Float64Array(size * size);
  const worst = new Float64Array(size * size);
  const residual = new Float64Array(model.rows);
  const y = new Float64Array(n);
  for (let k = 0; k < size; k++)
    for (let i = 0; i < size; i++) {
      const [a, b] = [at(s, i, size), at(t, k, size)];
      for (let j = 0; j < n; j++) y[j] = origin[j] + a * u[j] + b * v[j];
      model.residual(y, residual);
      objective[k * size + i] = Math.log10(Math.max(floor, halfSquare(residual)));
      worst[k * size + i] = worstRow(model.data, y);
    }
  return { places, s, t, objective, boundary: boundaryOf(worst, size, s, t) };
}

/** v without its part along `other`, of length 1; null if nothing is left. */
function unit(n: number, v: Float64Array, other: Float64Array | null): Float64Array | null {
  const before = Math.sqrt(dot(n, v, 0, v, 0));
  const along = other ? dot(n, v, 0, other, 0) : 0;
  const rest = v.map((value, j) => value - along * (other?.[j] ?? 0));
  const length = Math.sqrt(dot(n, rest, 0, rest, 0));
  return length > 1e-9 * before && length > 0 ? rest.map((value) => value / length) : null;
}

function around(values: number[], least = 1e-6): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = Math.max(0.18 * (high - low), (least - (high - low)) / 2);
  return [low - margin, high + margin];
}

const at = ([low, high]: [number, number], i: number, size: number): number => low + ((high - low) * i) / (size - 1);

/** max c_i(y) */
function worstRow({ n, G, H, h }: QcqpRows, y: Float64Array): number {
  const diagonal = H.length === h.length * n;
  let most = -Infinity;
  for (let i = 0; i < h.length; i++) {
    let c = dot(n, G, i * n, y, 0) - h[i];
    for (let j = 0; j < n; j++) c += y[j] * (diagonal ? H[i * n + j] * y[j] : dot(n, H, (i * n + j) * n, y, 0));
    if (!(c <= most)) most = c;
  }
  return most;
}

/** Lines where a function on the grid is 0, linear on the sides of its cells (marching squares). */
function boundaryOf(
  values: Float64Array,
  size: number,
  s: [number, number],
  t: [number, number],
): [number, number, number, number][] {
  const lines: [number, number, number, number][] = [];
  const corners = [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
  ];
  for (let k = 0; k + 1 < size; k++)
    for (let i = 0; i + 1 < size; i++) {
      const cut: [number, number][] = [];
      for (let side = 0; side < 4; side++) {
        const [a, b] = corners[side];
        const [c, d] = corners[(side + 1) % 4];
        const [from, to] = [values[(k + b) * size + i + a], values[(k + d) * size + i + c]];
        if (from > 0 === to > 0) continue;
        const share = from / (from - to);
        cut.push([at(s, i + a + share * (c - a), size), at(t, k + b + share * (d - b), size)]);
      }
      for (let p = 0; p + 1 < cut.length; p += 2) lines.push([...cut[p], ...cut[p + 1]]);
    }
  return lines;
}
