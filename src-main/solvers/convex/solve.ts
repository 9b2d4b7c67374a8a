import { attempt, type Attempt } from './attempt';
import { examine } from './certificate';
import { reduceToFace } from './facialReduction';
import { degeneracies } from './findings';
import { noMultipliers } from './kktRows';
import { leastMultipliers, searchMultipliers } from './multiplierSearch';
import { fallsWithoutBound, findRay, infeasibilityMargin, phaseOne } from './phases';
import { contradiction, examineEqualities, fixVariables, unfixMultipliers, type EqualityRows } from './prepare';
import type { ConvexProblem } from './problem';
import { isSeparable } from './separable';
import { solveSeparable } from './separableSolve';
import { defaultConvexSettings, type ConvexSettings } from './settings';
import type { Certificate, Finding, Multipliers, Solution, SolveStatus } from './solution';
import { checkProblem, convexityFindings } from './validate';

/**
 * Solves a convex problem and proves what it says: interior point, polish on the active set, certificate from the original data. Where
 * there is no optimum the proof of that; where the optimum is degenerate, why.
 *
 * @throws AdjointError `bad-request` for data that are not well formed, `unsupported` for a problem that does not fit into memory
 */
export function solveConvex(problem: ConvexProblem, given: Partial<ConvexSettings> = {}): Solution {
  const settings = { ...defaultConvexSettings, ...given };
  const began = performance.now();
  checkProblem(problem, settings);
  const findings = convexityFindings(problem);
  const setup = (performance.now() - began) / 1000;
  const result =
    findings.length > 0 ? { ...nothing(problem, 'not convex'), findings } : solveChecked(problem, settings);
  result.seconds = { setup, solve: (performance.now() - began) / 1000 - setup, differentiate: 0 };
  return result;
}

function solveChecked(problem: ConvexProblem, settings: ConvexSettings): Solution {
  const { lower, upper } = problem;
  const crossed = lower.findIndex((value, j) => value > upper[j]);
  if (crossed >= 0) {
    const proof = noMultipliers(problem);
    proof.lower[crossed] = 1;
    proof.upper[crossed] = 1;
    return infeasible(
      problem,
      proof,
      `lower bound ${lower[crossed]} of variable ${crossed} is above its upper bound ${upper[crossed]}`,
    );
  }
  if (isSeparable(problem)) return solveSeparable(problem, nothing(problem, 'optimal'));
  const fixing = fixVariables(problem);
  const outcome = solveCore(fixing.problem, settings, 0);
  if (outcome.kind === 'infeasible')
    return infeasible(
      problem,
      unfixMultipliers(fixing, outcome.proof),
      'the multipliers in `infeasibility` prove that no point satisfies all rows',
    );
  if (outcome.kind === 'unbounded') {
    const message = outcome.ray
      ? 'the objective falls for ever along `ray`, which no row stops'
      : 'the objective falls without bound, though along no straight ray: within balls of radius 10², 10⁴, 10⁶ and 10⁸ it falls ever faster';
    const finding: Finding = { diagnosis: 'unbounded', message };
    return { ...nothing(problem, 'dual infeasible'), ray: outcome.ray, findings: [finding] };
  }
  const { attempt: last, equalities } = outcome;
  const shared = { iterations: last.interiorPoint.iterations, polishSteps: last.polishSteps };
  if (outcome.kind === 'failed') {
    const { certificate, objective } = last.examined;
    const status: SolveStatus = last.interiorPoint.end === 'iteration limit' ? 'iteration limit' : 'numerical trouble';
    const multipliers = unfixMultipliers(fixing, last.multipliers);
    return { ...nothing(problem, status), ...shared, y: last.y, objective, multipliers, certificate };
  }
  const { y } = last;
  const { findings } = degeneracies(outcome.problem, last.examined, equalities, settings);
  if (fixing.fixed.length > 0)
    findings.push({
      diagnosis: 'duplicate-constraint',
      message:
        'both bounds are the same value: the variable is fixed and only the difference of its multipliers is unique',
      bounds: fixing.fixed.flatMap((j) => [`lower ${j}`, `upper ${j}`]),
    });
  const { certificate, objective } = last.examined;
  certificate.active.lower.push(...fixing.fixed);
  certificate.active.upper.push(...fixing.fixed);
  const optimal = { ...nothing(problem, 'optimal'), ...shared, y, objective };
  if (!outcome.face)
    return { ...optimal, multipliers: unfixMultipliers(fixing, last.multipliers), certificate, findings };
  const face = { problem: outcome.problem, multipliers: last.multipliers };
  const own = searchMultipliers(fixing.problem, y, settings);
  if (!own)
    return {
      ...optimal,
      multipliers: filled(problem, NaN),
      certificate,
      face,
      findings: [
        {
          diagnosis: 'no-multiplier',
          message:
            'no point is strictly feasible and no multipliers satisfy the KKT conditions; y is optimal by the certificate on the smallest face of the feasible set',
        },
        ...findings.filter(({ diagnosis }) => diagnosis === 'not-unique'),
      ],
    };
  const examined = examine(fixing.problem, y, own, settings.activeTolerance);
  const original = degeneracies(fixing.problem, examined, examineEqualities(fixing.problem), settings);
  return {
    ...optimal,
    multipliers: unfixMultipliers(fixing, own),
    certificate: examined.certificate,
    face,
    findings: [
      ...original.findings.filter(({ diagnosis }) => diagnosis !== 'not-unique'),
      ...findings.filter(({ diagnosis }) => diagnosis === 'not-unique'),
    ],
  };
}

type Outcome =
  | { kind: 'optimal'; problem: ConvexProblem; attempt: Attempt; equalities: EqualityRows; face: boolean }
  | { kind: 'infeasible'; proof: Multipliers }
  | { kind: 'unbounded'; ray: Float64Array | null }
  | { kind: 'failed'; attempt: Attempt; equalities: EqualityRows };

/** |t| of phase one within this of 0: no point is strictly feasible. */
const interior = 1e-7;
/** Faces have fewer dimensions each time; more reductions than this are a sign of bad numbers. */
const mostFaces = 5;

function solveCore(problem: ConvexProblem, settings: ConvexSettings, depth: number): Outcome {
  const equalities = examineEqualities(problem);
  const contradicted = contradiction(problem, equalities);
  if (contradicted) return { kind: 'infeasible', proof: contradicted };
  const first = attempt(problem, settings, equalities);
  if (first.holds && !mayLackInterior(problem, first)) {
    const least = isDependent(first) ? leastMultipliers(problem, first.examined, first.y, settings) : null;
    if (least) {
      first.multipliers = least;
      first.examined = examine(problem, first.y, least, settings.activeTolerance);
    }
    return { kind: 'optimal', problem, attempt: first, equalities, face: false };
  }
  for (const y of first.holds ? [] : first.stuckAt) {
    const multipliers = searchMultipliers(problem, y, settings);
    if (!multipliers) continue;
    const found = {
      ...first,
      holds: true,
      y,
      multipliers,
      examined: examine(problem, y, multipliers, settings.activeTolerance),
    };
    return { kind: 'optimal', problem, attempt: found, equalities, face: false };
  }
  const phase = phaseOne(problem, settings);
  if (phase.t > -interior && infeasibilityMargin(problem, phase.multipliers) > 1e-9 && !first.holds)
    return { kind: 'infeasible', proof: phase.multipliers };
  if (Math.abs(phase.t) < interior && depth < mostFaces) {
    const face = reduceToFace(problem, phase);
    if (face) {
      const onFace = solveCore(face, settings, depth + 1);
      if (onFace.kind === 'optimal') return { ...onFace, face: true };
      if (onFace.kind === 'unbounded') return onFace;
    }
  }
  if (first.holds) return { kind: 'optimal', problem, attempt: first, equalities, face: false };
  const ray = phase.t < interior ? findRay(problem, settings) : null;
  if (ray) return { kind: 'unbounded', ray };
  if (phase.t < -interior && fallsWithoutBound(problem, settings)) return { kind: 'unbounded', ray: null };
  return { kind: 'failed', attempt: first, equalities };
}

const isDependent = ({ examined }: Attempt): boolean =>
  examined.certificate.activeRank < examined.certificate.activeCount;

/** Dependent active rows of which one is curved: their common zero may be smaller than that of their linearisation. */
const mayLackInterior = (problem: ConvexProblem, attempted: Attempt): boolean =>
  isDependent(attempted) &&
  attempted.examined.rows.some(
    ({ kind, index }) => kind === 'boundary' || (kind === 'inequality' && problem.H[index] !== null),
  );

const emptyCertificate = (): Certificate => ({
  ...{ primalResidual: NaN, dualResidual: NaN, relativeDualResidual: NaN, gap: NaN, relativeGap: NaN },
  ...{ multiplierSigns: NaN, smallestActiveMultiplier: NaN, smallestInactiveSlack: NaN, complementarityMargin: NaN },
  active: { inequality: [], lower: [], upper: [], soc: [] },
  ...{ activeCount: 0, activeRank: 0, condition: NaN },
});

const filled = (problem: ConvexProblem, value: number): Multipliers => {
  const result = noMultipliers(problem);
  for (const part of [result.equality, result.inequality, result.lower, result.upper, ...result.soc]) part.fill(value);
  return result;
};

/** A solution that says nothing yet. */
const nothing = (problem: ConvexProblem, status: SolveStatus): Solution => ({
  status,
  y: new Float64Array(problem.n).fill(NaN),
  objective: NaN,
  multipliers: filled(problem, NaN),
  certificate: emptyCertificate(),
  ...{ findings: [], infeasibility: null, ray: null, face: null, iterations: 0, polishSteps: 0 },
  seconds: { setup: 0, solve: 0, differentiate: 0 },
});

const infeasible = (problem: ConvexProblem, infeasibility: Multipliers, message: string): Solution => ({
  ...nothing(problem, 'primal infeasible'),
  infeasibility,
  findings: [{ diagnosis: 'infeasible', message }],
});
