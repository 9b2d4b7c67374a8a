import { AdjointError } from '@shared/errors';
import { subscript } from '@shared/format';
import {
  vectorData,
  type Audited,
  type CertificateView,
  type CotangentChoice,
  type Sensitivity,
  type SolveAudit,
  type SolvedRow,
  type SolveReport,
  type SolveRun,
  type Traced,
  type VectorDatum,
} from '@shared/solve';
import { auditGradient } from '../layers/convex/audit';
import { differentiate, linearise } from '../layers/convex/differentiate';
import { jacobianOf } from '../layers/convex/jacobian';
import { oneSidedDerivatives } from '../layers/convex/oneSided';
import { entriesOf } from '../layers/convex/perturb';
import { preflight } from '../layers/convex/preflight';
import { rowValue } from '../solvers/convex/kktRows';
import { secondOrderAt } from '../solvers/convex/evaluate';
import { data, type ConvexProblem, type Datum } from '../solvers/convex/problem';
import { defaultConvexSettings } from '../solvers/convex/settings';
import type { Multipliers, Solution } from '../solvers/convex/solution';
import { solveConvex } from '../solvers/convex/solve';
import { traceInteriorPoint, type TracedIterate } from '../solvers/convex/trace';
import { pictureOf } from './solvePicture';
import { readSource, type FoundSource, type SourcedProblem } from './solveSource';

/** Sizes up to which there is each part of the answer: what a person would wait for, and look at. */
const mostTraced = 600;
const mostPreflight = 400;
const mostJacobian = 300;
const mostJacobianEntries = 40_000;
const mostOneSided = 80;
const mostRows = 1000;
const mostAudited = 300;
/** Seconds that the differences of an audit may take together. */
const auditBudget = 12;
const auditSteps = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9];

/** A problem solved, with everything that can be said about its solution. @throws AdjointError as `readSource` and `solveConvex` do */
export function solveReport(input: Omit<SolveRun, 'source' | 'key'>, source: FoundSource): SolveReport {
  const sourced = readSource(source);
  const { problem, name, about, where } = sourced;
  const solution = solveConvex(problem);
  const notes: string[] = [];
  const hasPoint = Number.isFinite(solution.y[0]);
  const path = problem.n <= mostTraced && solution.status !== 'not convex' ? tracedPath(problem, solution) : [];
  if (path.length === 0 && problem.n > mostTraced)
    notes.push(`Iterates are shown up to ${mostTraced} variables.`);
  const picture = solution.status === 'optimal' && problem.n <= mostTraced
      ? pictureOf(problem, solution, path.map(({ y }) => y), input)
      : { slice: null, path: [], note: null };
  if (picture.note) notes.push(picture.note);
  const optimal = solution.status === 'optimal';
  const warnings = optimal && problem.n <= mostPreflight ? preflight(problem, solution).warnings : [];
  const sensitivity = sensitivityOf(sourced, solution, input.cotangent, input.jacobian);
  const rows = solvedRows(problem, solution);
  const { n, e, m, soc, lower, upper } = problem;
  return {
    ...{ name, about, where, dims: { n, e, m, soc: soc.length } },
    structure: {
      Q: problem.Q?.kind ?? 'none',
      curved: problem.H.filter((row) => row !== null).length,
      lower: lower.reduce((count, value) => count + Number(Number.isFinite(value)), 0),
      upper: upper.reduce((count, value) => count + Number(Number.isFinite(value)), 0),
    },
    status: solution.status,
    findings: solution.findings.map(({ diagnosis, message }) => ({ diagnosis, message: message.replaceAll('`', '') })),
    warnings: warnings.map(({ code, severity, message }) => ({ code, severity, message })),
    objective: finite(solution.objective),
    y: hasPoint ? [...solution.y] : null,
    lower: Array.from(lower, finite),
    upper: Array.from(upper, finite),
    rows: rows.slice(0, mostRows),
    rowCount: rows.length,
    certificate: hasPoint ? certificateView(problem, solution) : null,
    infeasibility: solution.infeasibility && proofRows(solution.infeasibility),
    ray: solution.ray && [...solution.ray],
    trace: path.length > 0 ? traceView(path, solution) : null,
    ...{ slice: picture.slice, path: picture.path, sensitivity, notes },
    ...{ iterations: solution.iterations, polishSteps: solution.polishSteps, seconds: solution.seconds },
  };
} // prettier-ignore

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

type Path = (TracedIterate & { end: string })[];

function tracedPath(problem: ConvexProblem, solution: Solution): Path {
  const taken = solution.iterations > 0 ? solution.iterations : defaultConvexSettings.maxIterations;
  const { iterates, end } = traceInteriorPoint(solution.face?.problem ?? problem, taken);
  return iterates.map((iterate) => ({ ...iterate, end }));
}

function traceView(path: Path, { status, certificate, polishSteps }: Solution): Traced {
  const whole = path.filter(({ dual, primal, gap }) => Number.isFinite(dual + primal + gap));
  return {
    iterations: whole.map(({ dual, primal, gap, objective }) => ({ dual, primal, gap, objective })),
    end: status === 'optimal' ? 'converged' : path[path.length - 1].end,
    polish:
      status === 'optimal' && polishSteps > 0
        ? {
            steps: polishSteps,
            dual: certificate.relativeDualResidual,
            primal: certificate.primalResidual,
            gap: certificate.relativeGap,
          }
        : null,
  };
}

/** Every row with its value and multiplier, active ones first; weakly active rows are those that a finding names. */
function solvedRows(problem: ConvexProblem, solution: Solution): SolvedRow[] {
  const { y, multipliers, certificate, findings } = solution;
  if (!Number.isFinite(y[0])) return [];
  const weak = findings.filter(({ diagnosis }) => diagnosis === 'zero-multiplier' || diagnosis === 'kink');
  const isWeak = (kind: SolvedRow['kind'], index: number) =>
    weak.some(({ rows, bounds, soc }) =>
      kind === 'inequality'
        ? rows?.includes(index)
        : kind === 'soc'
          ? soc?.includes(index)
          : bounds?.includes(`${kind} ${index}`),
    );
  const list: SolvedRow[] = [];
  for (let index = 0; index < problem.e; index++)
    list.push({
      ...{ kind: 'equality', index, curved: false, state: 'equality' },
      value: rowValue(problem, { kind: 'equality', index }, y).value,
      multiplier: finite(multipliers.equality[index]),
    });
  for (const kind of ['inequality', 'lower', 'upper'] as const) {
    const active = new Set(certificate.active[kind]);
    for (let index = 0; index < problem[kind === 'inequality' ? 'm' : 'n']; index++) {
      if (kind !== 'inequality' && !Number.isFinite(problem[kind][index])) continue;
      const { value } = rowValue(problem, { kind, index }, y);
      const state = isWeak(kind, index) ? 'weak' : active.has(index) ? 'active' : 'inactive';
      const curved = kind === 'inequality' && problem.H[index] !== null;
      list.push({ kind, index, curved, value, multiplier: finite(multipliers[kind][index]), state });
    }
  }
  problem.soc.forEach((row, index) => {
    const state = isWeak('soc', index) ? 'weak' : certificate.active.soc.includes(index) ? 'active' : 'inactive';
    const { value } = secondOrderAt(row, problem.n, y);
    list.push({ kind: 'soc', index, curved: true, value, multiplier: finite(multipliers.soc[index][0]), state });
  });
  const order = { weak: 0, active: 0, equality: 1, inactive: 2 };
  return list.sort((a, b) => order[a.state] - order[b.state]);
}

function certificateView({ n }: ConvexProblem, { certificate }: Solution): CertificateView {
  const { active: _, condition, ...rest } = certificate;
  return {
    ...rest,
    smallestActiveMultiplier: finite(rest.smallestActiveMultiplier),
    smallestInactiveSlack: finite(rest.smallestInactiveSlack),
    complementarityMargin: finite(rest.complementarityMargin),
    condition: finite(condition),
    singular: condition === Infinity || rest.activeRank < Math.min(n, rest.activeCount),
  };
}

function proofRows({ equality, inequality, lower, upper, soc }: Multipliers) {
  const of = (kind: SolvedRow['kind'], values: ArrayLike<number>) =>
    Array.from(values, (multiplier, index) => ({ kind, index, multiplier })).filter(({ multiplier }) => multiplier !== 0);
  return [
    ...of('equality', equality),
    ...of('inequality', inequality),
    ...of('lower', lower),
    ...of('upper', upper),
    ...of('soc', soc.map(([head]) => head)),
  ];
} // prettier-ignore

/** @throws AdjointError `bad-request` for a variable that there is not */
function cotangentOf({ problem: { n }, cotangent }: SourcedProblem, choice: CotangentChoice) {
  if (typeof choice === 'object') {
    if (choice.variable >= n)
      throw new AdjointError('bad-request', `There is no variable ${choice.variable}.`, {
        where: 'cotangent',
        fix: `The variables are 0 to ${n - 1}.`,
      });
    const unit = new Float64Array(n);
    unit[choice.variable] = 1;
    return { v: unit, words: `y${subscript(choice.variable)}*` };
  }
  if (choice === 'file' && cotangent) return { v: cotangent, words: 'vᵀy* with the v of the file' };
  return { v: new Float64Array(n).fill(1), words: 'the sum of all y*' };
}

function sensitivityOf(
  sourced: SourcedProblem,
  solution: Solution,
  choice: CotangentChoice,
  wanted?: VectorDatum,
): Sensitivity {
  const { problem } = sourced;
  const { v, words } = cotangentOf(sourced, choice);
  const present = vectorData.filter((datum) => entriesOf(problem, datum).length > 0);
  const derivative = differentiate(problem, solution, v, present);
  solution.seconds.differentiate = derivative.seconds;
  const { refusal, gradients, oneSidedOnly } = derivative;
  const shared = { cotangent: [...v], words, ownCotangent: sourced.cotangent !== null, refusal: refusal?.message ?? null };
  if (refusal) return { ...shared, ...nothingOf(present), oneSided: sidesOf(problem, solution, v, present, {}) };
  const notes: string[] = [];
  const datum = wanted && present.includes(wanted) ? wanted : present[0];
  const entries = entriesOf(problem, datum).map(({ i }) => i);
  let jacobian: Sensitivity['jacobian'] = null;
  if (problem.n > mostJacobian || problem.n * entries.length > mostJacobianEntries)
    notes.push(`The Jacobian has ${problem.n} × ${entries.length} entries: it is shown up to ${mostJacobian} variables and ${mostJacobianEntries} entries.`);
  else {
    const whole = jacobianOf(problem, linearise(problem, solution, defaultConvexSettings.activeTolerance), datum);
    const columns = problem[datum].length;
    const values: number[] = [];
    for (let j = 0; j < problem.n; j++) for (const k of entries) values.push(whole[j * columns + k] + 0);
    jacobian = { datum, entries, values };
  }
  const lists = Object.fromEntries(present.flatMap((name) => (gradients[name] ? [[name, [...gradients[name]]]] : [])));
  const sided = present.filter((name) => oneSidedOnly.includes(name));
  return {
    ...shared,
    ...{ oneSidedOnly, jacobian, available: present, notes },
    gradients: lists,
    oneSided: sidesOf(problem, solution, v, sided, lists),
  };
} // prettier-ignore

const nothingOf = (available: VectorDatum[]) => ({
  ...{ oneSidedOnly: [], gradients: {}, jacobian: null, available, notes: [] },
});

/** One-sided derivatives of the entries at which left and right may differ, where y* is unique. */
function sidesOf(
  problem: ConvexProblem,
  solution: Solution,
  v: Float64Array,
  asked: readonly VectorDatum[],
  gradients: Partial<Record<VectorDatum, number[]>>,
): Sensitivity['oneSided'] {
  const isUnique = !solution.findings.some(({ diagnosis }) => diagnosis === 'not-unique');
  if (solution.status !== 'optimal' || !isUnique || solution.face) return [];
  const cheap = asked.filter((datum) => entriesOf(problem, datum).length <= mostOneSided);
  const sides = cheap.length > 0 && problem.n <= mostOneSided ? oneSidedDerivatives(problem, solution, v, cheap) : {};
  return cheap.flatMap((datum) => {
    const side = sides[datum];
    if (!side) return [];
    const [plus, minus] = [side.plus, side.minus] as (number | null)[][];
    return entriesOf(problem, datum).map(({ i }) => ({
      ...{ datum, index: i, minus: minus[i], plus: plus[i], chosen: gradients[datum]?.[i] ?? 0 },
    }));
  });
}

/** The gradient of vᵀy* checked against differences over a sweep of steps and in two exact ways. */
export function auditReport(input: Pick<SolveAudit, 'cotangent'>, source: FoundSource): Audited {
  const began = performance.now();
  const sourced = readSource(source);
  const { problem } = sourced;
  const { v, words } = cotangentOf(sourced, input.cotangent);
  if (problem.n > mostAudited)
    throw new AdjointError('unsupported', `Auditing ${problem.n} variables would take very many solves.`, {
      where: sourced.where,
      fix: `The audit takes up to ${mostAudited} variables.`,
    });
  const solution = solveConvex(problem);
  const present = data.filter((datum) => entriesOf(problem, datum).length > 0);
  // Warm: the first solve of a thread takes ten times as long.
  const each = Math.max(2e-5, Math.min(...[0, 1, 2].map(() => solveConvex(problem).seconds.solve)));
  const share = auditBudget / (present.length * auditSteps.length * 2 * each);
  const maxEntries = Math.max(2, Math.min(40, Math.floor(share)));
  const { oneSidedOnly } = differentiate(problem, solution, v, present);
  const { refusal, data: audits } = auditGradient(problem, solution, v, { data: present, steps: auditSteps, maxEntries });
  const { differences } = solution.status === 'optimal' ? preflight(problem, solution) : { differences: null };
  const thinned = audits.filter(({ entries, of }) => entries < of).length;
  return {
    refusal: refusal?.message ?? null,
    data: audits.map(({ datum, entries, of, sweep, exact, adjointIdentity }) => ({
      ...{ datum, entries, of, oneSidedOnly: oneSidedOnly.includes(datum) },
      sweep: sweep.map(({ step, relativeError, cosine, failures }) => ({
        ...{ step, relativeError: failures < entries ? finite(relativeError) : null, cosine: finite(cosine), failures },
      })),
      ...{ exact: exact.relativeError, adjointIdentity: Math.min(adjointIdentity, 1) },
      vanishes: vanishes(problem, solution, v, datum),
    })),
    noise: differences && { rounding: differences.step ** 3, ...differences },
    words,
    seconds: (performance.now() - began) / 1000,
    notes:
      thinned > 0
        ? [`Of ${thinned === 1 ? 'one datum' : `${thinned} data`} only ${maxEntries} entries, evenly spread, were differenced.`]
        : [],
  };
} // prettier-ignore

/** Is the gradient with respect to a datum 0, to rounding? */
function vanishes(problem: ConvexProblem, solution: Solution, v: Float64Array, datum: Datum): boolean {
  const { gradients } = differentiate(problem, solution, v, [datum]);
  const largest = (value: unknown): number =>
    typeof value === 'number'
      ? Math.abs(value)
      : value instanceof Float64Array
        ? value.reduce((a, b) => Math.max(a, Math.abs(b)), 0)
        : value && typeof value === 'object'
          ? Math.max(0, ...Object.values(value).map(largest))
          : 0;
  return largest(gradients) <= 1e-13 * Math.max(1, largest(v));
}
