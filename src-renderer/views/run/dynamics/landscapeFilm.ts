import { PlaneContours } from '../../../components/plane/planeContours';
import type { PlaneFrame } from '../../../components/plane/planeFrame';
import { measuredRows, valuesAt, type FilmTable } from './film';

export interface LandscapeScale {
  low: number;
  high: number;
  /** Levels of the contours, rising; closer to each other where values are low. */
  levels: number[];
}

const levelCount = 16;

/** One scale for all landscapes of all films: logarithmic in the height above the lowest value anywhere. */
export function landscapeScale(films: readonly FilmTable[], key: string): LandscapeScale | null {
  let [low, high, nearest] = [Infinity, -Infinity, Infinity];
  for (const film of films)
    for (const row of measuredRows(film, key)) {
      const values = valuesAt(film, key, row)!;
      for (const value of values) {
        if (!Number.isFinite(value)) continue;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
  if (!(high >= low)) return null;
  for (const film of films)
    for (const value of film.columns.get(key)?.values ?? [])
      if (value > low && value - low < nearest) nearest = value - low;
  if (!(high > low)) return { low, high, levels: [] };
  // Three decades at most: below, differences are no more to be seen.
  const floor = Math.max(nearest, (high - low) / 1000);
  const ratio = (high - low) / floor;
  const levels = Array.from({ length: levelCount - 1 }, (_, k) => low + floor * ratio ** (k / (levelCount - 1)));
  return { low, high, levels: ratio > 1 ? levels : [] };
}

export interface LandscapeFrame {
  bands: { share: number; path: string }[];
  lines: string;
}

/** A landscape [points²] in a frame, its values that are no numbers taken for the highest. */
export function landscapeFrame(values: Float64Array, { low, high, levels }: LandscapeScale, frame: PlaneFrame): LandscapeFrame {
  const points = Math.round(Math.sqrt(values.length));
  const contours = new PlaneContours(points, points, frame);
  const grid = Array.from(values, (value) => (Number.isFinite(value) ? value : high));
  const floor = low - (high - low || 1);
  return {
    bands: [floor, ...levels].map((level, k) => ({ share: k / levelCount, path: contours.area(grid, level) })),
    lines: levels.map((level) => contours.path(grid, level)).join(''),
  };
} // prettier-ignore
