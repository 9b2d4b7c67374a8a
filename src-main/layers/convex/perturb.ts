import type { ConvexProblem, Datum, SymmetricMatrix } from '../../solvers/convex/problem';
import type { Gradients } from './derivative';
import type { Entry } from './rates';

/** Every entry that a datum has: of bounds the finite ones, of H the curved rows, of a diagonal its diagonal. */
export function entriesOf({ n, e, m, Q, H, lower, upper, soc }: ConvexProblem, datum: Datum): Entry[] {
  const grid = (rows: number, columns: number): [number, number][] =>
    Array.from({ length: rows * columns }, (_, at) => [Math.floor(at / columns), at % columns]);
  const symmetric = (matrix: SymmetricMatrix): [number, number][] => {
    if (matrix === null) return [];
    return matrix.kind === 'diagonal' ? Array.from({ length: n }, (_, i) => [i, i]) : grid(n, n);
  };
  switch (datum) {
    case 'p':
      return grid(n, 1).map(([i, j]) => ({ datum, i, j }));
    case 'b':
      return grid(e, 1).map(([i, j]) => ({ datum, i, j }));
    case 'h':
      return grid(m, 1).map(([i, j]) => ({ datum, i, j }));
    case 'lower':
    case 'upper':
      return grid(n, 1)
        .filter(([i]) => Number.isFinite((datum === 'lower' ? lower : upper)[i]))
        .map(([i, j]) => ({ datum, i, j }));
    case 'A':
      return grid(e, n).map(([i, j]) => ({ datum, i, j }));
    case 'G':
      return grid(m, n).map(([i, j]) => ({ datum, i, j }));
    case 'Q':
      return symmetric(Q).map(([i, j]) => ({ datum, i, j }));
    case 'H':
      return H.flatMap((matrix, row) => symmetric(matrix).map(([i, j]): Entry => ({ datum, row, i, j })));
    case 'soc':
      return soc.flatMap(({ k }, row) => [
        ...grid(k, n).map(([i, j]): Entry => ({ datum, row, part: 'F', i, j })),
        ...grid(k, 1).map(([i, j]): Entry => ({ datum, row, part: 'g', i, j })),
        ...grid(n, 1).map(([j]): Entry => ({ datum, row, part: 'c', i: 0, j })),
        { datum, row, part: 'd', i: 0, j: 0 },
      ]);
  }
}

/** The problem with one entry changed by `amount`; a copy of that datum, the rest shared. */
export function perturb(problem: ConvexProblem, entry: Entry, amount: number): ConvexProblem {
  const { n } = problem;
  const { i, j } = entry;
  const moved = (values: Float64Array, at: number, by = amount): Float64Array => {
    const copy = values.slice();
    copy[at] += by;
    return copy;
  };
  const symmetric = (matrix: SymmetricMatrix): SymmetricMatrix => {
    if (matrix === null) return null;
    const { kind, values } = matrix;
    if (kind === 'diagonal') return { kind, values: moved(values, i) };
    const half = moved(values, i * n + j, amount / 2);
    half[j * n + i] += amount / 2;
    return { kind, values: half };
  };
  switch (entry.datum) {
    case 'Q':
      return { ...problem, Q: symmetric(problem.Q) };
    case 'H':
      return { ...problem, H: problem.H.map((matrix, row) => (row === entry.row ? symmetric(matrix) : matrix)) };
    case 'soc':
      return {
        ...problem,
        soc: problem.soc.map((row, at) => {
          if (at !== entry.row) return row;
          if (entry.part === 'd') return { ...row, d: row.d + amount };
          if (entry.part === 'F') return { ...row, F: moved(row.F, i * n + j) };
          return entry.part === 'c' ? { ...row, c: moved(row.c, j) } : { ...row, g: moved(row.g, i) };
        }),
      };
    case 'A':
    case 'G':
      return { ...problem, [entry.datum]: moved(problem[entry.datum], i * n + j) };
    default:
      return { ...problem, [entry.datum]: moved(problem[entry.datum], i) };
  }
}

/** The gradient's number for an entry. */
export function gradientAtEntry(n: number, gradients: Gradients, entry: Entry): number {
  const { i, j } = entry;
  const symmetric = (values: Float64Array | null | undefined) =>
    values ? (values.length === n && n > 1 ? values[i] : values[i * n + j]) : 0;
  switch (entry.datum) {
    case 'Q':
      return symmetric(gradients.Q);
    case 'H':
      return symmetric(gradients.H?.[entry.row]);
    case 'soc': {
      const row = gradients.soc![entry.row];
      if (entry.part === 'd') return row.d;
      return entry.part === 'F' ? row.F[i * n + j] : entry.part === 'c' ? row.c[j] : row.g[i];
    }
    case 'A':
    case 'G':
      return gradients[entry.datum]![i * n + j];
    default:
      return gradients[entry.datum]![i];
  }
}
