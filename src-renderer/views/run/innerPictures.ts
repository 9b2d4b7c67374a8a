import type { VectorRows } from '@shared/contract';

/** What the view of the inner solver asks of a run. */
export const epochVectors = ['inner/iteration_counts', 'valid/row_violation', 'inner/backbone_row_violation'];
export const curveVectors = [
  'inner/residual_median',
  'inner/residual_low',
  'inner/residual_high',
  'inner/cold_residual_median',
  'inner/violation_median',
];

/** Row whose epoch is nearest to the one asked for; the last without one. */
export function nearestRow({ epoch }: Pick<VectorRows, 'epoch'>, asked: number | null): number {
  if (epoch.length === 0) return -1;
  if (asked === null) return epoch.length - 1;
  return epoch.reduce((best, value, k) => (Math.abs(value - asked) < Math.abs(epoch[best] - asked) ? k : best), 0);
}

/** Rows of the picture that hold a vector, by number; validations without a look have none. */
export const measuredRows = (values: VectorRows['values'][string] | undefined): number[] =>
  (values ?? []).flatMap((row, k) => (row ? [k] : []));

/** Entries up to the last that any row fills, and always the last one of all: it counts what never arrived. */
export function shownBins(values: VectorRows['values'][string] | undefined): number[] {
  const rows = (values ?? []).filter((row) => row !== null);
  const [first] = rows;
  if (!first) return [];
  const over = first.length - 1;
  let last = 0;
  for (const row of rows) for (let k = 0; k < over; k++) if (row[k] > 0 && k > last) last = k;
  const bins = Array.from({ length: Math.min(over, last + 2) }, (_, k) => k);
  return rows.some((row) => row[over] > 0) ? [...bins, over] : bins;
}
