import type { kinkKinds } from '@shared/landscape';
import type { SurfacePoint } from './surface';

/** Values and active sets on the points of a grid: [k·columns + i] at (s[i], t[k]). */
export interface SurfaceGrid {
  s: readonly number[];
  t: readonly number[];
  values: Float64Array;
  sets: Int32Array;
}

export type KinkKind = (typeof kinkKinds)[number];
export type Piece = [number, number, number, number];

/** Where on an edge of the grid the active set changes. */
interface Crossing {
  s: number;
  t: number;
  kind: KinkKind;
}

/** A step of F across a kink that is larger than this share of all of F is a jump: what is continuous moves by far less over 2⁻¹² of a cell. */
const jumpShare = 1e-3;

/**
 * Lines along which the active set changes, and what covers the part without F. Each edge of the grid between two active sets is bisected;
 * within a cell the crossings are joined, by a straight line or in their middle where three or more sets meet.
 *
 * @param at F and active set anywhere in the plane
 * @param bisections how often an edge is halved
 */
export function findKinks(
  { s, t, values, sets }: SurfaceGrid,
  at: (s: number, t: number) => SurfacePoint,
  bisections: number,
): { kinks: Record<KinkKind, Piece[]>; outside: number[][] } {
  const columns = s.length;
  const range = rangeOf(values);
  const crossings = new Map<number, Crossing>();
  /** Edges by their lower left point: even to the right, odd upwards. */
  const crossing = (i: number, k: number, upwards: boolean): Crossing | null => {
    const from = k * columns + i;
    const to = upwards ? from + columns : from + 1;
    if (sets[from] === sets[to] || (sets[from] < 0 && sets[to] < 0)) return null;
    const key = 2 * from + Number(upwards);
    let found = crossings.get(key);
    if (!found) {
      const along = (share: number): [number, number] =>
        upwards ? [s[i], t[k] + share * (t[k + 1] - t[k])] : [s[i] + share * (s[i + 1] - s[i]), t[k]];
      const low = { F: values[from], set: sets[from] };
      const high = { F: values[to], set: sets[to] };
      const { share, step, isEdge } = bisect((part) => at(...along(part)), low, high, bisections);
      const [cs, ct] = along(share);
      found = { s: cs, t: ct, kind: isEdge ? 'edge' : step > jumpShare * range ? 'jump' : 'kink' };
      crossings.set(key, found);
    }
    return found;
  };
  const kinks: Record<KinkKind, Piece[]> = { kink: [], jump: [], edge: [] };
  const outside: number[][] = [];
  for (let k = 0; k + 1 < t.length; k++) {
    let run: number[] | null = null;
    for (let i = 0; i + 1 < columns; i++) {
      const corners = [k * columns + i, k * columns + i + 1, (k + 1) * columns + i + 1, (k + 1) * columns + i];
      const isWithout = corners.every((corner) => sets[corner] < 0);
      if (isWithout) {
        if (run) run[2] = run[4] = s[i + 1];
        else outside.push((run = [s[i], t[k], s[i + 1], t[k], s[i + 1], t[k + 1], s[i], t[k + 1]]));
        continue;
      }
      run = null;
      if (corners.every((corner) => sets[corner] === sets[corners[0]])) continue;
      const sides = [crossing(i, k, false), crossing(i + 1, k, true), crossing(i, k + 1, false), crossing(i, k, true)];
      join(sides.filter((side) => side !== null), kinks); // prettier-ignore
      const places = [s[i], t[k], s[i + 1], t[k], s[i + 1], t[k + 1], s[i], t[k + 1]];
      const cover = corners.flatMap((corner, c) => {
        const side = sides[c];
        const own = sets[corner] < 0 ? [places[2 * c], places[2 * c + 1]] : [];
        return side?.kind === 'edge' ? [...own, side.s, side.t] : own;
      });
      if (cover.length >= 6) outside.push(cover);
    }
  }
  return { kinks, outside };
}

function join(crossings: readonly Crossing[], kinks: Record<KinkKind, Piece[]>): void {
  if (crossings.length === 2) {
    const [a, b] = crossings;
    kinks[a.kind === b.kind ? a.kind : 'kink'].push([a.s, a.t, b.s, b.t]);
    return;
  }
  const middle = (key: 's' | 't') => crossings.reduce((sum, one) => sum + one[key], 0) / crossings.length;
  const [s, t] = [middle('s'), middle('t')];
  for (const one of crossings) kinks[one.kind].push([one.s, one.t, s, t]);
}

/**
 * The share of the way from `low` to `high` at which the active set of `low` ends; with the step of F across it. A boundary of the part
 * where F exists counts before a change of the active set on the way to it.
 */
export function bisect(
  at: (share: number) => SurfacePoint,
  low: SurfacePoint,
  high: SurfacePoint,
  bisections: number,
): { share: number; step: number; isEdge: boolean; below: number; above: number } {
  let [below, above] = [0, 1];
  let [first, last] = [low, high];
  const isEdge = low.set < 0 !== high.set < 0;
  const belongsToLow = ({ set }: SurfacePoint) => (isEdge ? set < 0 === low.set < 0 : set === low.set);
  for (let k = 0; k < bisections; k++) {
    const share = (below + above) / 2;
    const found = at(share);
    if (belongsToLow(found)) [below, first] = [share, found];
    else [above, last] = [share, found];
  }
  return { share: (below + above) / 2, step: Math.abs(last.F - first.F), isEdge, below, above };
}

function rangeOf(values: Float64Array): number {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return high > low ? high - low : 0;
}
