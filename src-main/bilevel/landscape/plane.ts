import { AdjointError } from '@shared/errors';
import type { LandscapePlace, LandscapePlane } from '@shared/landscape';
import { dot } from '../../numerics/linalg/products';
import type { Surface } from './surface';

/** x = origin + s·u (+ t·v), u and v orthonormal. */
export interface Plane {
  origin: Float64Array;
  directions: Float64Array[];
  axes: string[];
}

export type Interval = [number, number];

/**
 * The plane or line that is asked for. Along coordinates s and t are the values of those entries of x.
 *
 * @throws AdjointError `bad-request` for coordinates that x does not have, or points that are one
 */
export function makePlane(choice: LandscapePlane, start: Float64Array): Plane {
  const d = start.length;
  if (choice.kind === 'points') return throughPoints(choice.points, choice.names, d);
  const of = choice.of ?? (d === 1 ? [0] : [0, 1]);
  const wrong = of.find((i) => i >= d);
  if (wrong !== undefined || (of.length === 2 && of[0] === of[1]))
    throw new AdjointError(
      'bad-request',
      wrong !== undefined ? `x has no entry ${wrong}.` : `A plane needs two entries of x; both are ${of[0]}.`,
      { where: 'plane', fix: `x has the entries 0 to ${d - 1}.` },
    );
  const origin = start.slice();
  for (const i of of) origin[i] = 0;
  const directions = of.map((i) => Float64Array.from({ length: d }, (_, k) => Number(k === i)));
  return { origin, directions, axes: of.map((i) => (d === 1 ? 'x' : `x_{${i}}`)) };
}

function throughPoints(points: number[][], names: string[], d: number): Plane {
  const wrong = points.find((point) => point.length !== d || !point.every(Number.isFinite));
  if (wrong)
    throw new AdjointError('bad-request', `A plane goes through points of ${d} finite numbers.`, { where: 'plane' });
  const origin = Float64Array.from(points[0]);
  const directions: Float64Array[] = [];
  const axes: string[] = [];
  points.slice(1).forEach((point, k) => {
    const direction = Float64Array.from(point, (value, i) => value - origin[i]);
    const length = Math.hypot(...direction);
    for (const other of directions) {
      const along = dot(d, direction, 0, other, 0);
      for (let i = 0; i < d; i++) direction[i] -= along * other[i];
    }
    const rest = Math.hypot(...direction);
    if (!(rest > 1e-9 * length)) return;
    directions.push(direction.map((value) => value / rest));
    axes.push(names[k + 1] ?? `towards point ${k + 1}`);
  });
  if (directions.length === 0)
    throw new AdjointError('bad-request', 'The points of the plane are one point.', {
      where: 'plane',
      fix: 'Look along two coordinates.',
    });
  return { origin, directions, axes };
}

export function pointAt({ origin, directions }: Plane, s: number, t: number): Float64Array {
  const [u, v] = directions;
  return origin.map((value, i) => value + s * u[i] + (v ? t * v[i] : 0));
}

/** Where x lies over the plane, and its distance from it. */
export function placeOf(plane: Plane, x: ArrayLike<number>): LandscapePlace {
  const { origin, directions } = plane;
  const from = origin.map((value, i) => x[i] - value);
  const [s, t = 0] = directions.map((direction) => dot(from.length, from, 0, direction, 0));
  const nearest = pointAt(plane, s, t);
  return { s, t, distance: Math.hypot(...nearest.map((value, i) => value - x[i])) };
}

const probes = 12;
const mostDoublings = 6;
/** Half of a window at least, and what it is wider than what it has to hold. */
const leastHalf = { line: 2.5, plane: 1.5, path: 0.4 };
const widening = 1.7;

/**
 * A window that shows what matters: the places given and the least value around them. X bounds it along coordinates. It grows until
 * the least value of a coarse grid lies inside.
 */
export function chooseWindow(
  surface: Surface,
  plane: Plane,
  places: readonly LandscapePlace[],
  domain: { lower: Float64Array; upper: Float64Array },
): { s: Interval; t: Interval } {
  const line = plane.directions.length === 1;
  const limits = plane.directions.map((direction) => limitsAlong(plane, direction, domain));
  const bounded = limits.every(([low, high]) => Number.isFinite(low) && Number.isFinite(high));
  if (bounded && limits.every((limit, k) => isNotMuchWider(limit, places, k)))
    return { s: padded(limits[0]), t: line ? [0, 0] : padded(limits[1]) };
  const coordinate = (place: LandscapePlace, k: number) => (k === 0 ? place.s : place.t);
  const hull = (list: readonly LandscapePlace[], k: number): Interval => {
    const along = list.map((place) => coordinate(place, k));
    return [Math.min(...along), Math.max(...along)];
  };
  const clip = ([low, high]: Interval, k: number): Interval => [
    Math.max(low, limits[k][0]),
    Math.min(high, limits[k][1]),
  ];
  let radius = 1;
  let window: Interval[] = [];
  let least: LandscapePlace | null = null;
  for (let round = 0; round <= mostDoublings; round++, radius *= 2) {
    window = limits.map((_, k) => {
      const [low, high] = hull(places, k);
      return clip([low - radius, high + radius], k);
    });
    const found = leastOf(surface, plane, window, limits);
    if (!found) continue;
    least = found.place;
    if (!found.onBorder) break;
  }
  const all = least ? [...places, least] : places;
  const spans = limits.map((_, k) => hull(all, k));
  // Coordinates of one kind keep one scale, so that angles are true.
  const half = Math.max(
    line ? leastHalf.line : leastHalf.plane,
    ...spans.map(([low, high]) => ((high - low) / 2) * widening),
  );
  const [s, t] = spans.map(([low, high], k) => clip([(low + high) / 2 - half, (low + high) / 2 + half], k));
  return { s, t: line ? [0, 0] : t };
}

const padded = ([low, high]: Interval): Interval => [low, high > low ? high : low + 1];

/** A box that is a hundred times wider than what happens in it is not what one wants to see. */
function isNotMuchWider([low, high]: Interval, places: readonly LandscapePlace[], k: number): boolean {
  const along = places.map((place) => (k === 0 ? place.s : place.t));
  const span = Math.max(...along) - Math.min(...along);
  return high - low <= 20 * Math.max(span, 1);
}

/** What X allows of a coordinate; everything along other directions. */
function limitsAlong(
  { directions }: Plane,
  direction: Float64Array,
  { lower, upper }: { lower: Float64Array; upper: Float64Array },
): Interval {
  const i = direction.findIndex((value) => value !== 0);
  const isCoordinate = direction.every((value, k) => value === Number(k === i));
  return isCoordinate && directions.length > 0 ? [lower[i], upper[i]] : [-Infinity, Infinity];
}

function leastOf(
  surface: Surface,
  plane: Plane,
  [s, t]: Interval[],
  limits: Interval[],
): { place: LandscapePlace; onBorder: boolean } | null {
  let best: { place: LandscapePlace; onBorder: boolean } | null = null;
  let least = Infinity;
  // At a side of X there is nothing to grow into.
  const canGrow = (at: number, k: number) =>
    (at === 0 && limits[k][0] === -Infinity) || (at === probes && limits[k][1] === Infinity);
  const rows = t ? probes : 0;
  for (let k = 0; k <= rows; k++)
    for (let i = 0; i <= probes; i++) {
      const place = {
        s: s[0] + ((s[1] - s[0]) * i) / probes,
        t: t ? t[0] + ((t[1] - t[0]) * k) / probes : 0,
        distance: 0,
      };
      const { F } = surface.at(pointAt(plane, place.s, place.t));
      if (!(F < least)) continue;
      least = F;
      best = { place, onBorder: canGrow(i, 0) || (rows > 0 && canGrow(k, 1)) };
    }
  return best;
}
