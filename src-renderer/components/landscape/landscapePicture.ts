import type { Landscape } from '@shared/landscape';
import { PlaneContours } from '../plane/planeContours';
import { fitFrame, pixelOf, planeTicks, type PlaneFrame, type PlaneTick, type Point } from '../plane/planeFrame';

/** A way over the landscape: x of its points in the plane, and how far each lies from it. */
export interface LandscapePath {
  id: string;
  name: string;
  colour: string;
  points: readonly { s: number; t: number; distance: number }[];
}

export interface LandscapePicture {
  frame: PlaneFrame;
  /** Filled between levels of F, from the lowest. */
  bands: { level: number; share: number; path: string }[];
  lines: { level: number; path: string }[];
  /** F at the ends of the colours. */
  range: Point;
  outside: string;
  kinks: Record<keyof Landscape['kinks'], string>;
  ticks: { s: PlaneTick[]; t: PlaneTick[] };
}

const levelCount = 18;

/** A window of one scale, as is chosen where X does not bound x, keeps its angles. */
const isSquare = ({ s, t }: Landscape): boolean => Math.abs(s[1] - s[0] - (t[1] - t[0])) < 1e-9 * (s[1] - s[0]);

/** Everything that is drawn of a landscape over a plane but its paths, as SVG paths in pixels. */
export function makeLandscapePicture(landscape: Landscape, box: PlaneFrame): LandscapePicture {
  const { size, kinks, outside } = landscape;
  const { frame } = fitFrame(landscape, box, isSquare(landscape) ? 1 : undefined);
  const pixel = (s: number, t: number) => pixelOf(frame, landscape, s, t);
  const known = landscape.values.filter((value) => value !== null);
  const range: Point = [least(known), greatest(known)];
  const levels = contourLevels(range);
  const values = known.length > 0 ? filled(landscape.values, size[0]) : [];
  const contours = new PlaneContours(size[0], size[1], frame);
  const floor = range[0] - (range[1] - range[0] || 1);
  return {
    frame,
    range,
    bands: known.length === 0 ? [] : [floor, ...levels].map((level, k) => ({
      level,
      share: k / levelCount,
      path: contours.area(values, level),
    })),
    lines: levels.map((level) => ({ level, path: contours.path(values, level) })),
    outside: outside.map((polygon) => `${pairs(polygon).map(([s, t], k) => `${k === 0 ? 'M' : 'L'}${text(pixel(s, t))}`).join('')}Z`).join(''),
    kinks: { kink: pieces(kinks.kink, pixel), jump: pieces(kinks.jump, pixel), edge: pieces(kinks.edge, pixel) },
    ticks: planeTicks(frame, landscape),
  };
} // prettier-ignore

/** Levels that are closer to each other where F is low: there one wants to see more. */
export function contourLevels([low, high]: readonly [number, number]): number[] {
  if (!(high > low)) return [];
  return Array.from({ length: levelCount - 1 }, (_, k) => low + (high - low) * ((k + 1) / levelCount) ** 2);
}

/** Values without gaps: a gap takes the mean of its known neighbours, ring by ring, so that contours run on to its edge. */
export function filled(values: readonly (number | null)[], columns: number): number[] {
  let current = [...values];
  while (current.includes(null)) {
    const next = [...current];
    current.forEach((value, k) => {
      if (value !== null) return;
      const column = k % columns;
      const around = [
        column > 0 ? current[k - 1] : null,
        column < columns - 1 ? current[k + 1] : null,
        current[k - columns] ?? null,
        current[k + columns] ?? null,
      ].filter((one) => one !== null);
      if (around.length > 0) next[k] = around.reduce((sum, one) => sum + one, 0) / around.length;
    });
    current = next;
  }
  return current as number[];
}

/** Where x lies over the plane of a landscape, and how far from it. */
export function project({ origin, directions }: Landscape, x: ArrayLike<number>): { s: number; t: number; distance: number } {
  const from = origin.map((value, i) => x[i] - value);
  const along = directions.map((direction) => direction.reduce((sum, value, i) => sum + value * from[i], 0));
  const rest = from.map((value, i) => value - directions.reduce((sum, direction, k) => sum + along[k] * direction[i], 0));
  return { s: along[0], t: along[1] ?? 0, distance: Math.hypot(...rest) };
} // prettier-ignore

const nearer = 0.7;

/** The points of a way in pixels: without those that would not be seen apart, and those far outside brought nearer to the frame. */
export function pathPixels(frame: PlaneFrame, landscape: Landscape, points: LandscapePath['points']): Point[] {
  const bring = (at: number, from: number, length: number) =>
    Math.max(from - 20 * length, Math.min(from + 21 * length, at));
  const shown: Point[] = [];
  points.forEach(({ s, t }, k) => {
    const [x, y] = pixelOf(frame, landscape, s, t);
    const place: Point = [bring(x, frame.x, frame.width), bring(y, frame.y, frame.height)];
    const before = shown.at(-1);
    const isLast = k === points.length - 1;
    if (before && !isLast && Math.hypot(place[0] - before[0], place[1] - before[1]) < nearer) return;
    shown.push(place);
  });
  return shown;
}

const text = ([x, y]: Point): string => `${x.toFixed(1)} ${y.toFixed(1)}`;
const pieces = (list: Landscape['kinks']['kink'], pixel: (s: number, t: number) => Point): string =>
  list.map(([s0, t0, s1, t1]) => `M${text(pixel(s0, t0))}L${text(pixel(s1, t1))}`).join('');
const pairs = (flat: readonly number[]): Point[] =>
  Array.from({ length: flat.length / 2 }, (_, k) => [flat[2 * k], flat[2 * k + 1]]);
const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Infinity);
const greatest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), -Infinity);
