import { measuredRows, type FilmAxis, type FilmTable } from './film';

export interface ScrubberTrack {
  gap: string;
  violation: string;
}

const lowest = -9;

/** |gap| and the largest violation over training as paths, on one logarithmic scale for all runs; zeros lie on the floor. */
export function scrubberTracks(
  films: readonly FilmTable[],
  axis: FilmAxis,
  place: (x: number) => number,
  height: number,
): ScrubberTrack[] {
  const values = films.map((film) => ({
    film,
    gap: seriesOf(film, ['valid/gap_mean']),
    violation: seriesOf(film, ['valid/eq_max', 'valid/ineq_max']),
  }));
  const exponents = values.flatMap(({ gap, violation }) => [...gap, ...violation].map(({ value }) => log(value)));
  const known = exponents.filter(Number.isFinite);
  const low = Math.max(lowest, known.reduce((a, b) => Math.min(a, b), 0));
  const high = known.reduce((a, b) => Math.max(a, b), low + 1);
  const y = (value: number) => {
    const exponent = Math.max(low, Math.min(high, log(value)));
    return 2 + (1 - (exponent - low) / (high - low || 1)) * (height - 4);
  };
  const path = (film: FilmTable, series: { row: number; value: number }[]) => {
    let text = '';
    let open = false;
    for (const { row, value } of series) {
      if (Number.isNaN(value)) open = false;
      else {
        text += `${open ? 'L' : 'M'}${place(film[axis][row]).toFixed(1)} ${y(value).toFixed(1)}`;
        open = true;
      }
    }
    return text;
  };
  return values.map(({ film, gap, violation }) => ({ gap: path(film, gap), violation: path(film, violation) }));
} // prettier-ignore

const log = (value: number): number => (value > 0 ? Math.log10(value) : Number.isNaN(value) ? NaN : lowest);

/** The largest of some scalars by size, row by row. */
function seriesOf(film: FilmTable, keys: readonly string[]): { row: number; value: number }[] {
  const rows = new Set(keys.flatMap((key) => measuredRows(film, key)));
  return [...rows]
    .sort((a, b) => a - b)
    .map((row) => ({
      row,
      value: keys.reduce((most, key) => {
        const value = film.columns.get(key)?.values[row];
        return value === undefined ? most : Math.max(most, Math.abs(value));
      }, 0),
    }));
}
