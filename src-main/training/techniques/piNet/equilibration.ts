export interface EquilibrationSettings {
  /** 0 for none. */
  iterations: number;
  /** Ends where the norms of rows, and those of columns, differ by less than this, relative to the largest. */
  tolerance: number;
}

/**
 * Scales of rows and columns, so that those of diag(rows) M diag(columns) have much the same Euclidean norms: Ruiz' iteration, rows first
 * and columns after them, of which the best pair is kept (D. Ruiz, RAL-TR-2001-034, as in Π-net's appendix).
 */
export function equilibrate(
  rows: number,
  columns: number,
  M: Float64Array,
  { iterations, tolerance }: EquilibrationSettings,
): { rows: Float64Array; columns: Float64Array } {
  const scaled = M.slice();
  const [r, c] = [new Float64Array(rows).fill(1), new Float64Array(columns).fill(1)];
  const best = { rows: r.slice(), columns: c.slice(), spread: 1 };
  for (let k = 0; k < iterations; k++) {
    const byRow = norms(rows, columns, scaled, 'rows').map(factor);
    for (let i = 0; i < rows; i++) {
      r[i] /= byRow[i];
      for (let j = 0; j < columns; j++) scaled[i * columns + j] /= byRow[i];
    }
    const byColumn = norms(rows, columns, scaled, 'columns').map(factor);
    for (let j = 0; j < columns; j++) {
      c[j] /= byColumn[j];
      for (let i = 0; i < rows; i++) scaled[i * columns + j] /= byColumn[j];
    }
    const spread = Math.max(
      spreadOf(norms(rows, columns, scaled, 'rows')),
      spreadOf(norms(rows, columns, scaled, 'columns')),
    );
    if (spread < best.spread) Object.assign(best, { rows: r.slice(), columns: c.slice(), spread });
    if (spread < tolerance) break;
  }
  return { rows: best.rows, columns: best.columns };
}

const factor = (norm: number): number => (norm > 0 ? Math.sqrt(norm) : 1);

const spreadOf = (values: Float64Array): number => 1 - Math.min(...values) / Math.max(...values);

function norms(rows: number, columns: number, M: Float64Array, of: 'rows' | 'columns'): Float64Array {
  const squares = new Float64Array(of === 'rows' ? rows : columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) squares[of === 'rows' ? i : j] += M[i * columns + j] ** 2;
  return squares.map(Math.sqrt);
}
