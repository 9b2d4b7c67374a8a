import type { LandscapePlane } from '@shared/landscape';
import type { SeriesPart } from '../../components/charts/seriesFrame';

/** Points of a way that are asked for: more would not be told apart. */
export const watchedPoints = 1500;

/** x of each sample, from the series of its entries; a sample that lacks an entry is left out. */
export function iteratesOf(parts: readonly Pick<SeriesPart, 'y'>[]): number[][] {
  const [first] = parts;
  if (!first) return [];
  const count = Math.min(...parts.map(({ y }) => y.length));
  const iterates: number[][] = [];
  for (let k = 0; k < count; k++) {
    const x = parts.map(({ y }) => y[k]);
    if (x.every(Number.isFinite)) iterates.push(x);
  }
  return iterates;
}

/**
 * The plane through the last iterate, the first one, and that which lies farthest from the line through both. Null where the iterates
 * are one point.
 */
export function planeThrough(iterates: readonly (readonly number[])[]): LandscapePlane | null {
  const [start, end] = [iterates[0], iterates.at(-1)];
  if (!start || !end) return null;
  const from = (x: readonly number[]) => x.map((value, i) => value - end[i]);
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const line = from(start);
  const length = dot(line, line);
  if (!(length > 0)) return null;
  const aside = (x: readonly number[]): number => {
    const way = from(x);
    return dot(way, way) - dot(way, line) ** 2 / length;
  };
  const farthest = iterates.reduce((a, b) => (aside(b) > aside(a) ? b : a));
  const isLine = !(aside(farthest) > 1e-12 * length);
  return {
    kind: 'points',
    points: [end, start, ...(isLine ? [] : [farthest])].map((x) => [...x]),
    names: ['', 'towards the start', ...(isLine ? [] : ['where the way turns aside'])],
  };
}
