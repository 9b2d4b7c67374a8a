import { heatColour, heatColours } from '../../../theme/heatColours';
import { measuredRows, type FilmAxis, type FilmTable } from './film';

/** Extent of the colours, in powers of ten. */
export interface LogRange {
  low: number;
  high: number;
}

/** Of all positive values of a vector over the films, so that compared maps have one scale; no more than 14 decades. */
export function logRange(films: readonly FilmTable[], key: string): LogRange {
  let [least, most] = [Infinity, -Infinity];
  for (const film of films)
    for (const value of film.columns.get(key)?.values ?? []) {
      if (!(value > 0) || value === Infinity) continue;
      if (value < least) least = value;
      if (value > most) most = value;
    }
  if (!(most > 0)) return { low: -8, high: 0 };
  const high = Math.ceil(Math.log10(most) - 1e-9);
  return { low: Math.max(high - 14, Math.min(high - 1, Math.floor(Math.log10(least) + 1e-9))), high };
}

/** Place on the colours; null for zero, which has a colour of its own, NaN for what is no number. */
export function shareOf(value: number, { low, high }: LogRange): number | null {
  if (Number.isNaN(value)) return NaN;
  if (!(value > 0)) return null;
  return Math.max(0, Math.min(1, (Math.log10(value) - low) / (high - low)));
}

export interface MapColours {
  scheme: 'light' | 'dark';
  zero: string;
  none: string;
}

/** A picture a row of the table high: cell [constraint, row of the film]. Painted once; the film only moves a line over it. */
export function paintMap(film: FilmTable, key: string, range: LogRange, { scheme, zero, none }: MapColours): { canvas: HTMLCanvasElement; rows: number[] } | null {
  const rows = measuredRows(film, key);
  const column = film.columns.get(key);
  if (!column || rows.length === 0) return null;
  const canvas = document.createElement('canvas');
  canvas.width = rows.length;
  canvas.height = column.width;
  const context = canvas.getContext('2d');
  if (!context) return null;
  const colours = heatColours('sequential', scheme);
  rows.forEach((row, i) => {
    for (let j = 0; j < column.width; j++) {
      const share = shareOf(column.values[row * column.width + j], range);
      context.fillStyle = share === null ? zero : Number.isNaN(share) ? none : heatColour(colours, share);
      context.fillRect(i, j, 1, 1);
    }
  });
  return { canvas, rows };
} // prettier-ignore

/** Edges of the cells on the axis: halfway between rows. */
export function cellEdges(film: FilmTable, rows: readonly number[], axis: FilmAxis): number[] {
  const x = rows.map((row) => film[axis][row]);
  if (x.length === 1) return [x[0] - 0.5, x[0] + 0.5];
  const between = x.slice(1).map((value, k) => (value + x[k]) / 2);
  return [2 * x[0] - between[0], ...between, 2 * x[x.length - 1] - between[between.length - 1]];
}

/** Constraints from the most violated one down; ties stay in order. */
export const sortedRows = (values: Float64Array): number[] =>
  [...values.keys()].sort((a, b) => {
    const [left, right] = [values[a], values[b]].map((value) => (Number.isNaN(value) ? Infinity : value));
    return left === right ? a - b : right > left ? 1 : -1;
  });
