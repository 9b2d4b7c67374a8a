import { factorSaddlePoint, freeDirections } from '../../numerics/linalg/saddlePoint';
import { attempt } from './attempt';
import type { Examined } from './certificate';
import type { KktRow } from './kktRows';
import { canBePositive } from './multiplierSearch';
import { convexProblem, type ConvexProblem } from './problem';
import type { ConvexSettings } from './settings';
import type { Finding } from './solution';
import type { EqualityRows } from './prepare';

/** Everything that makes the optimum of a problem degenerate, the cause first. `fixed`: variables with lower = upper. */
export function degeneracies(
  problem: ConvexProblem,
  examined: Examined,
  equalities: EqualityRows,
  settings: ConvexSettings,
): { findings: Finding[]; weak: boolean[] } {
  const { n } = problem;
  const { rows, J, hessian } = examined;
  const findings: Finding[] = [];
  if (equalities.dependent.length > 0) {
    const equality = new Set<number>();
    for (const { weights } of equalities.dependent) weights.forEach((weight, i) => weight !== 0 && equality.add(i));
    findings.push({
      diagnosis: 'redundant-equality',
      message: `${equalities.dependent.length} of ${problem.e} equality rows follow from the others: their multipliers are not unique`,
      equality: [...equality].sort((a, b) => a - b),
    });
  }
  const { duplicates, dependent } = dependencies(n, rows, J);
  if (duplicates.length > 0)
    findings.push({
      diagnosis: 'duplicate-constraint',
      message: `active rows that are multiples of each other (${names(duplicates)}): their multipliers are not unique`,
      ...places(duplicates),
    });
  const inequalities = dependent.filter(({ kind }) => kind !== 'equality');
  const { activeCount, activeRank } = examined.certificate;
  if (inequalities.length > 0)
    findings.push({
      diagnosis: 'licq-failure',
      message: `the gradients of the ${activeCount} active rows have rank ${activeRank}: the multipliers are not unique (${names(dependent)})`,
      ...places(dependent),
    });
  // Multipliers of dependent rows are not unique: such a row is weak only if none of them is positive.
  const weak = rows.map(
    (row, r) => examined.weak[r] && !(dependent.includes(row) && canBePositive(problem, examined, r, settings)),
  );
  const zero = rows.filter((row, r) => weak[r] && row.kind === 'inequality');
  const kinks = rows.filter((row, r) => weak[r] && row.kind !== 'inequality');
  if (zero.length > 0)
    findings.push({
      diagnosis: 'zero-multiplier',
      message: `active with multiplier 0 (${names(zero)}): the solution has a kink there, with different derivatives to both sides`,
      ...places(zero),
    });
  if (kinks.length > 0)
    findings.push({
      diagnosis: 'kink',
      message: `at its bound with multiplier 0 (${names(kinks)}): the solution has a kink there, with different derivatives to both sides`,
      ...places(kinks),
    });
  const system = factorSaddlePoint(n, rows.length, hessian, J);
  if (system.singular > 0) {
    const direction = freeDirections(system).subarray(0, n);
    const shown =
      direction.length <= 6 ? `, for example along [${[...direction].map((v) => +v.toPrecision(4)).join(', ')}]` : '';
    findings.unshift({
      diagnosis: 'not-unique',
      message: `the reduced Hessian is singular in ${system.singular} direction${system.singular > 1 ? 's' : ''}: y can move without changing the objective${shown}`,
    });
  } else if (weak.some(Boolean) && movesInCriticalCone(n, examined, weak, settings))
    findings.unshift({
      diagnosis: 'not-unique',
      message:
        'the reduced Hessian is singular along a direction that the active rows allow: y can move without changing the objective',
    });
  return { findings, weak };
}

/** Active rows that are multiples of another one, and those in any linear dependency. */
function dependencies(
  n: number,
  rows: readonly KktRow[],
  J: Float64Array,
): { duplicates: KktRow[]; dependent: KktRow[] } {
  const unit = rows.map((_, r) => {
    const row = J.slice(r * n, (r + 1) * n);
    const norm = Math.hypot(...row);
    return norm > 0 ? row.map((value) => value / norm) : row;
  });
  const duplicates = new Set<KktRow>();
  for (let r = 0; r < rows.length; r++)
    for (let q = 0; q < r; q++) {
      if (rows[r].kind === 'equality' && rows[q].kind === 'equality') continue;
      const same = unit[r].every((value, j) => Math.abs(value - unit[q][j]) < 1e-10);
      const opposite = unit[r].every((value, j) => Math.abs(value + unit[q][j]) < 1e-10);
      if (!same && !opposite) continue;
      duplicates.add(rows[r]).add(rows[q]);
    }
  // A row is in a dependency exactly if leaving it out does not lower the rank.
  const rank = rankOf(n, unit);
  if (rank === rows.length) return { duplicates: [], dependent: [] };
  const dependent = rows.filter(
    (_, r) =>
      rankOf(
        n,
        unit.filter((_, q) => q !== r),
      ) === rank,
  );
  return { duplicates: rows.filter((row) => duplicates.has(row)), dependent };
}

function rankOf(n: number, list: Float64Array[]): number {
  const J = new Float64Array(list.length * n);
  list.forEach((row, r) => J.set(row, r * n));
  return factorSaddlePoint(n, list.length, new Float64Array(n * n), J).rank;
}

/**
 * Is there d ≠ 0 with Hd = 0, J_s d = 0 for the strictly active rows and J_w d ≤ 0 for the weak ones? With a basis of the d of the
 * first two kinds, minimise Σ J_w d over −1 ≤ J_w d ≤ 0: the least value is 0 only if there is none (where J_w has full rank on it).
 */
function movesInCriticalCone(
  n: number,
  { rows, J, hessian }: Examined,
  weak: boolean[],
  settings: ConvexSettings,
): boolean {
  const strict = rows.flatMap((_, r) => (weak[r] ? [] : [...J.subarray(r * n, (r + 1) * n)]));
  const held = strict.length / n;
  const system = factorSaddlePoint(n, held, hessian, Float64Array.from(strict));
  const k = system.singular;
  if (k === 0) return false;
  const basis = freeDirections(system);
  const weakRows = rows.flatMap((_, r) => (weak[r] ? [r] : []));
  const G = new Float64Array(2 * weakRows.length * k);
  const p = new Float64Array(k);
  weakRows.forEach((r, i) => {
    for (let a = 0; a < k; a++) {
      let value = 0;
      for (let j = 0; j < n; j++) value += J[r * n + j] * basis[a * n + j];
      G[i * k + a] = value;
      G[(weakRows.length + i) * k + a] = -value;
      p[a] += value;
    }
  });
  const h = new Float64Array(2 * weakRows.length).fill(1, weakRows.length);
  const solved = attempt(convexProblem(k, { p, G, h }), settings);
  return solved.examined.objective < -1e-6;
}

const name = (row: KktRow): string => {
  if (row.kind === 'equality') return `equality ${row.index}`;
  if (row.kind === 'inequality') return `row ${row.index}`;
  if (row.kind === 'boundary' || row.kind === 'apex') return `cone ${row.index}`;
  return `${row.kind} ${row.index}`;
};

const names = (rows: readonly KktRow[]): string => [...new Set(rows.map(name))].join(', ');

function places(rows: readonly KktRow[]): Pick<Finding, 'equality' | 'rows' | 'bounds' | 'soc'> {
  const of = (...kinds: KktRow['kind'][]) => [
    ...new Set(rows.filter(({ kind }) => kinds.includes(kind)).map(({ index }) => index)),
  ];
  const equality = of('equality');
  const inequality = of('inequality');
  const bounds = rows.filter(({ kind }) => kind === 'lower' || kind === 'upper').map(name);
  const soc = of('boundary', 'apex');
  return {
    ...(equality.length > 0 ? { equality } : {}),
    ...(inequality.length > 0 ? { rows: inequality } : {}),
    ...(bounds.length > 0 ? { bounds } : {}),
    ...(soc.length > 0 ? { soc } : {}),
  };
}
