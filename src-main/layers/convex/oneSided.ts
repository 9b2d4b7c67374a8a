import { AdjointError } from '@shared/errors';
import { attempt } from '../../solvers/convex/attempt';
import { examine, type Examined } from '../../solvers/convex/certificate';
import { gradientAt, rounded } from '../../solvers/convex/evaluate';
import { hessianOf, noMultipliers, type KktRow } from '../../solvers/convex/kktRows';
import { contradiction, examineEqualities } from '../../solvers/convex/prepare';
import {
  convexProblem,
  type ConvexProblem,
  type Datum,
  type SecondOrderRow,
  type SymmetricMatrix,
} from '../../solvers/convex/problem';
import { canBePositive } from '../../solvers/convex/multiplierSearch';
import { polish } from '../../solvers/convex/polish';
import { scalesOf } from '../../solvers/convex/scaling';
import { defaultConvexSettings, type ConvexSettings } from '../../solvers/convex/settings';
import type { Solution } from '../../solvers/convex/solution';
import { ratesOf, type Entry, type Rates } from './rates';

/** lim (L(t + s) − L(t))/s and lim (L(t) − L(t − s))/s for s falling to 0; `null` where the moved problem is infeasible. */
export interface OneSided<T> {
  plus: T;
  minus: T;
}

/** A number or null an entry, nested as the datum is in a problem file. */
export type Nested = number | null | Nested[] | { [part: string]: Nested };

/**
 * One-sided derivatives of L = vᵀy* for every entry of the data asked for, at a point where the solution map need not be
 * differentiable. The direction y′ solves (Ralph & Dempe, *Directional derivatives of the solution of a parametric nonlinear program*,
 * Math. Program. 70, 1995)
 *
 *     minimise ½dᵀ∇²L d + ġᵀd  subject to  J_r d + ċ_r = 0 where λ_r > 0,  ≤ 0 where λ_r = 0 and c_r = 0
 *
 * with λ a multiplier at which λᵀċ is largest. Those λ are dual to the linear program min ∇fᵀd over J d + ċ ≤ 0, which is infeasible
 * exactly if the moved problem is so to first order. Two small solves an entry and side.
 *
 * The solution must be optimal and unique. Where no point is strictly feasible only p and Q are moved: active rows have `null`.
 */
export function oneSidedDerivatives(
  problem: ConvexProblem,
  solution: Solution,
  cotangent: Float64Array,
  asked: readonly Datum[],
  given: Partial<ConvexSettings> = {},
): Partial<Record<Datum, OneSided<Nested>>> {
  const settings = { ...defaultConvexSettings, ...given };
  const { y } = solution;
  const { onFace, moving, rows, directionFor } = movesOf(problem, solution, settings);
  const own = onFace ? examine(problem, y, noMultipliers(problem), settings.activeTolerance).rows : rows;
  const isIdle = (entry: Entry) => ratesOf(problem, own, y, entry).rows.every((rate) => rate === 0);
  const side = (entry: Entry, sign: 1 | -1): number | null => {
    if (onFace && entry.datum !== 'p' && entry.datum !== 'Q') return isIdle(entry) ? 0 : null;
    const direction = directionFor(scale(ratesOf(moving, rows, y, entry), sign));
    return direction && sign * direction.reduce((sum, value, j) => sum + value * cotangent[j], 0) + 0;
  };
  const result: Partial<Record<Datum, OneSided<Nested>>> = {};
  for (const datum of asked) {
    const plus = nest(problem, datum, (entry) => side(entry, 1));
    const minus = nest(problem, datum, (entry) => side(entry, -1));
    result[datum] = { plus, minus };
  }
  return result;
}

/**
 * y′ [n] for a joint change of p and h at the rates ṗ [n] and ḣ [m], as for a parameter that enters both; null where the moved
 * problem is infeasible to first order. The solution must be optimal and unique.
 *
 * @throws AdjointError `unsupported` where ḣ ≠ 0 and no point is strictly feasible
 */
export function directionalDerivative(
  problem: ConvexProblem,
  solution: Solution,
  rateOfP: Float64Array,
  rateOfH: Float64Array,
  given: Partial<ConvexSettings> = {},
): Float64Array | null {
  const { onFace, rows, directionFor } = movesOf(problem, solution, { ...defaultConvexSettings, ...given });
  if (onFace && rateOfH.some((rate) => rate !== 0))
    throw new AdjointError('unsupported', 'No point is strictly feasible: one-sided derivatives for h are not known.', {
      where: 'h',
    });
  return directionFor({
    rows: Float64Array.from(rows, ({ kind, index }) => (kind === 'inequality' && !onFace ? 0 - rateOfH[index] : 0)),
    gradient: () => rateOfP.slice(),
  });
}

/** What one-sided derivatives at a solution share: the problem that moves, its active rows, and y′ for their rates. */
function movesOf(problem: ConvexProblem, solution: Solution, settings: ConvexSettings) {
  const { y } = solution;
  // Without a strictly feasible point the rows of the face stay where they are: only p and Q may move.
  const onFace = solution.face !== null;
  const { problem: moving, multipliers } = solution.face ?? { problem, multipliers: solution.multipliers };
  const examined = examine(moving, y, multipliers, settings.activeTolerance);
  const { rows, certificate } = examined;
  const unique = certificate.activeRank === certificate.activeCount;
  const gradient = rounded(gradientAt(moving, y));
  const directionFor = (rates: Rates) => directionOf(moving, examined, gradient, rates, unique, y, settings);
  return { onFace, moving, rows, directionFor };
}

const scale = ({ rows, gradient }: Rates, factor: number): Rates => ({
  rows: rows.map((value) => factor * value),
  gradient: (lambda) => gradient(lambda).map((value) => factor * value),
});

/** y′, or null where no point satisfies the moved rows to first order. */
function directionOf(
  problem: ConvexProblem,
  examined: Examined,
  gradient: Float64Array,
  rates: Rates,
  unique: boolean,
  y: Float64Array,
  settings: ConvexSettings,
): Float64Array | null {
  const { rows, weak } = examined;
  let lambda: ArrayLike<number> = examined.lambda;
  let strict = rows.map((_, r) => !weak[r]);
  if (!unique) {
    const chosen = argmaxMultipliers(problem, examined, gradient, rates, settings);
    if (!chosen) return null;
    ({ lambda, strict } = chosen);
  }
  const hessian = hessianOf(problem, rows, Float64Array.from(lambda), y);
  const moved = linearised(problem, examined, rates, strict);
  const solved = attempt({ ...moved, Q: { kind: 'dense', values: hessian }, p: rates.gradient(lambda) }, settings);
  return solved.holds ? solved.y : null;
}

/** The multipliers at which λᵀċ is largest, and which rows have a positive one. */
function argmaxMultipliers(
  problem: ConvexProblem,
  examined: Examined,
  gradient: Float64Array,
  rates: Rates,
  settings: ConvexSettings,
): { lambda: Float64Array; strict: boolean[] } | null {
  const { rows } = examined;
  const none = rows.map(() => false);
  const moved = linearised(problem, examined, rates, none);
  const equalities = examineEqualities(moved);
  if (contradiction(moved, equalities)) return null;
  // Where the best d are many they may reach to infinity. A little curvature takes the nearest of them, and for a linear program that is
  // exact (Mangasarian & Meyer, SIAM J. Control Optim. 17, 1979); the multipliers are then those of the program itself.
  const { variables } = scalesOf(problem);
  const weight = Math.max(...gradient.map((value, j) => Math.abs(value) * variables[j]), Number.MIN_VALUE) * 1e-5;
  const program = { ...moved, p: gradient };
  const curvature: SymmetricMatrix = { kind: 'diagonal', values: variables.map((scale) => weight / scale ** 2) };
  const curved = attempt({ ...program, Q: curvature }, settings, equalities);
  const near = curved.holds ? curved : attempt(program, settings, equalities);
  if (!near.holds) return null;
  const exact = polish(
    program,
    { y: near.y, multipliers: near.multipliers, active: near.examined.active },
    settings.polishSteps,
  );
  const solved = 'stuckAt' in exact ? near : { ...near, multipliers: exact.multipliers };
  const at = examine(program, near.y, solved.multipliers, settings.activeTolerance);
  const isStrict = (index: number) => {
    const r = at.rows.findIndex((row) => row.kind === 'inequality' && row.index === index);
    return r >= 0 && (!at.weak[r] || canBePositive(program, at, r, settings));
  };
  let equality = 0;
  let inequality = 0;
  const lambda = new Float64Array(rows.length);
  const strict = rows.map((row, r) => {
    if (row.kind === 'equality') {
      lambda[r] = solved.multipliers.equality[equality++];
      return true;
    }
    if (row.kind === 'apex') {
      lambda[r] = examined.lambda[r];
      return !examined.weak[r];
    }
    lambda[r] = solved.multipliers.inequality[inequality];
    return isStrict(inequality++);
  });
  return { lambda, strict };
}

/** The rows J d + ċ of active rows: equalities where strict, else inequalities; weak apexes as the cone, or the line on it. */
function linearised(
  problem: ConvexProblem,
  { rows, J, weak, lambda: known }: Examined,
  rates: Rates,
  strict: readonly boolean[],
): ConvexProblem {
  const { n } = problem;
  const equal: { row: Float64Array; value: number }[] = [];
  const below: { row: Float64Array; value: number }[] = [];
  const soc: SecondOrderRow[] = [];
  rows.forEach((row, r) => {
    const here = { row: J.subarray(r * n, (r + 1) * n), value: -rates.rows[r] };
    if (row.kind === 'apex' && weak[r]) {
      if (row.part === 0) weakApex(problem, row, r, J, rates, known, equal, below, soc);
    } else if (row.kind === 'equality' || row.kind === 'apex' || strict[r]) equal.push(here);
    else below.push(here);
  });
  const flat = (list: { row: Float64Array }[]) => {
    const result = new Float64Array(list.length * n);
    list.forEach(({ row }, i) => result.set(row, i * n));
    return result;
  };
  return convexProblem(n, {
    A: flat(equal),
    b: Float64Array.from(equal, ({ value }) => value),
    G: flat(below),
    h: Float64Array.from(below, ({ value }) => value),
    soc,
  });
}

/** (cᵀd + ṫ, Fd + ṙ) stays in the cone where (z₀, z) = 0, and on the ray (z₀, −z) where it is on the cone's boundary. */
function weakApex(
  { n, soc }: ConvexProblem,
  row: KktRow,
  first: number,
  J: Float64Array,
  rates: Rates,
  known: Float64Array,
  equal: { row: Float64Array; value: number }[],
  below: { row: Float64Array; value: number }[],
  cones: SecondOrderRow[],
): void {
  const { k } = soc[row.index];
  const part = (i: number) => J.slice((first + i) * n, (first + i + 1) * n).map((value) => -value);
  const rate = (i: number) => -rates.rows[first + i];
  const z = known.subarray(first, first + k + 1);
  if (z[0] <= 1e-300) {
    const F = new Float64Array(k * n);
    for (let i = 0; i < k; i++) F.set(part(i + 1), i * n);
    cones.push({ k, F, g: Float64Array.from({ length: k }, (_, i) => rate(i + 1)), c: part(0), d: rate(0) });
    return;
  }
  const head = part(0);
  below.push({ row: head.map((value) => -value), value: rate(0) });
  for (let i = 1; i <= k; i++)
    equal.push({
      row: part(i).map((value, j) => z[0] * value + z[i] * head[j]),
      value: -(z[0] * rate(i) + z[i] * rate(0)),
    });
}

/** Calls `value` for every entry of a datum and nests the results as the datum is. */
function nest(problem: ConvexProblem, datum: Datum, value: (entry: Entry) => number | null): Nested {
  const { n, e, m, Q, H, lower, upper, soc } = problem;
  const list = (length: number, of: (i: number) => Nested): Nested[] => Array.from({ length }, (_, i) => of(i));
  switch (datum) {
    case 'p':
    case 'b':
    case 'h':
      return list(datum === 'p' ? n : datum === 'b' ? e : m, (i) => value({ datum, i, j: 0 }));
    case 'lower':
    case 'upper':
      return list(n, (i) => (Number.isFinite((datum === 'lower' ? lower : upper)[i]) ? value({ datum, i, j: 0 }) : 0));
    case 'A':
    case 'G':
      return list(datum === 'A' ? e : m, (i) => list(n, (j) => value({ datum, i, j })));
    case 'Q':
      if (Q?.kind === 'diagonal') return list(n, (i) => value({ datum, i, j: i }));
      return list(n, (i) => list(n, (j) => value({ datum, i, j })));
    case 'H':
      return list(m, (row) => {
        const matrix = H[row];
        if (matrix === null) return null;
        if (matrix.kind === 'diagonal') return list(n, (i) => value({ datum, row, i, j: i }));
        return list(n, (i) => list(n, (j) => value({ datum, row, i, j })));
      });
    case 'soc':
      return list(soc.length, (row) => ({
        F: list(soc[row].k, (i) => list(n, (j) => value({ datum, row, part: 'F', i, j }))),
        g: list(soc[row].k, (i) => value({ datum, row, part: 'g', i, j: 0 })),
        c: list(n, (j) => value({ datum, row, part: 'c', i: 0, j })),
        d: value({ datum, row, part: 'd', i: 0, j: 0 }),
      }));
  }
}
