import type { BilevelPreview, LowerView } from '@shared/bilevel';
import { AdjointError } from '@shared/errors';
import type { Landscape, LandscapeAsk } from '@shared/landscape';
import { constraintName } from '../bilevel/constraintName';
import { landscape } from '../bilevel/landscape/landscape';
import { Surface } from '../bilevel/landscape/surface';
import { makeLowerLevel } from '../bilevel/lower/makeLowerLevel';
import { bilevelPreflight, type BilevelPreflight } from '../bilevel/preflight';
import { symmetricEigenvalues } from '../numerics/linalg/eigenvalues';
import { readBilevel, requireBilevel, type FoundBilevel, type SourcedBilevel } from './bilevelSource';

// What viewTask.ts computes of bilevel problems.

/** Largest lower level whose spectrum is computed, and whose preflight (a KKT matrix) is. */
const mostEigenvalues = 1000;
const mostPreflight = 400;

/** What there is to know of a problem before anything is run on it. A lower level without a solution at the start is part of the answer. */
export function previewBilevel(source: FoundBilevel): BilevelPreview {
  const found = readBilevel(source);
  const nothing: BilevelPreview = {
    ...{ findings: [], name: '', about: '', dims: null, start: [], unboundedX: true, checks: [] },
    ...{ lower: null, problem: null, spectrum: [], optimum: null, notes: [], text: null },
  };
  if ('findings' in found) return { ...nothing, findings: found.findings };
  const { problem, start, name, about, optimum, text } = found;
  const { d, n, m, domain } = problem;
  const notes: string[] = [];
  if (n > mostEigenvalues) notes.push(`The spectrum of Q is shown up to n = ${mostEigenvalues}.`);
  const shown: BilevelPreview = {
    ...nothing,
    ...{ name, about, dims: { d, n, m }, start: [...start], notes, text, optimum: optimum?.F ?? null },
    unboundedX: domain.lower.every((value) => value === -Infinity) && domain.upper.every((v) => v === Infinity),
    spectrum: spectrumOf(found, new Float64Array(n)),
  };
  try {
    const checked = n + m > mostPreflight ? null : bilevelPreflight(problem, start);
    if (!checked) notes.push(`The lower level is too large to be checked for kinks and dependent rows here: n + m > ${mostPreflight}.`);
    const lower = lowerView(found, checked);
    return { ...shown, checks: checksOf(checked), lower, spectrum: spectrumOf(found, Float64Array.from(lower.y)) };
  } catch (error) {
    if (!(error instanceof AdjointError)) throw error;
    return { ...shown, problem: error.problem };
  }
} // prettier-ignore

/** Eigenvalues of ∇²_yy g at the start, descending. */
function spectrumOf({ problem, start }: SourcedBilevel, y: Float64Array): number[] {
  const { n } = problem;
  if (n > mostEigenvalues) return [];
  const hessian = new Float64Array(n * n);
  problem.lowerHessian(start, y, hessian);
  return [...symmetricEigenvalues(n, hessian)].sort((a, b) => b - a);
}

const checksOf = (checked: BilevelPreflight | null): BilevelPreview['checks'] =>
  (checked?.findings ?? []).map(({ code, severity, message }) => ({ code, severity, message }));

function lowerView({ problem, start }: SourcedBilevel, checked: BilevelPreflight | null): LowerView {
  const level = makeLowerLevel(problem);
  const { y, side, held, weak } = level.solve(start);
  const surface = new Surface(problem);
  const gradient = surface.gradient(start);
  const finite = (value: number | undefined) => (value !== undefined && Number.isFinite(value) ? value : null);
  return {
    method: level.method,
    F: surface.at(start).F,
    gradientNorm: gradient && Math.hypot(...gradient),
    ...{ y: [...y], side: [...side] },
    lower: Array.from(problem.bounds.lower, finite),
    upper: Array.from(problem.bounds.upper, finite),
    activeRows: [...held.keys()].filter((row) => held[row] === 1),
    weak: weak.map(constraintName),
    smallestActiveMultiplier: finite(checked?.smallestActiveMultiplier),
    smallestInactiveSlack: finite(checked?.smallestInactiveSlack),
    condition: finite(checked?.kktCondition),
  };
}

/** F over a plane or along a line of x, from coarse to fine. @throws AdjointError as `requireBilevel` and `landscape` do */
export const bilevelLandscape = (input: LandscapeAsk, source: FoundBilevel): Iterable<Landscape> =>
  landscape(requireBilevel(source), input);
