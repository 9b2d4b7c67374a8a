import { solveSaddlePoint } from '../../numerics/linalg/saddlePoint';
import { data as everyDatum, type ConvexProblem, type Datum } from '../../solvers/convex/problem';
import { defaultConvexSettings } from '../../solvers/convex/settings';
import type { Solution } from '../../solvers/convex/solution';
import { solveConvex } from '../../solvers/convex/solve';
import type { Derivative } from './derivative';
import { differentiate, linearise } from './differentiate';
import { entriesOf, gradientAtEntry, perturb } from './perturb';
import { ratesOf, type Entry } from './rates';

/** Agreement of a gradient with another way to compute it. */
export interface Agreement {
  /** Cosine of the angle between them; NaN where one is 0. */
  cosine: number;
  /** ‖difference‖ over ‖reference‖, or the difference itself where the reference is 0. */
  relativeError: number;
  /** ‖difference‖: what counts where both are nearly 0, as at a vertex. */
  error: number;
}

export interface DatumAudit {
  datum: Datum;
  /** Entries compared, of how many; with more than `maxEntries` an even spread of them. */
  entries: number;
  of: number;
  /** Against central differences of re-solved problems, by step. */
  sweep: (Agreement & { step: number; failures: number })[];
  /** The step of the sweep with the least error. */
  best: (Agreement & { step: number }) | null;
  /** Against −(uᵀ∂∇L + Σλ̇∂c) entry by entry: the active-set formula, from the rates of change of the rows themselves. */
  exact: Agreement;
  /** |vᵀẏ − ⟨gradient, d⟩| over the size of its terms, ẏ the forward derivative along a fixed direction d of all entries. */
  adjointIdentity: number;
}

export interface GradientAudit {
  refusal: Derivative['refusal'];
  data: DatumAudit[];
}

export interface AuditOptions {
  data?: readonly Datum[];
  steps?: readonly number[];
  /** Entries of a datum that are differenced; each costs two solves a step. */
  maxEntries?: number;
}

/** Checks the gradient of vᵀy* in three ways, datum by datum. A pure function of its arguments. */
export function auditGradient(
  problem: ConvexProblem,
  solution: Solution,
  cotangent: Float64Array,
  { data = everyDatum, steps = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8], maxEntries = 40 }: AuditOptions = {},
): GradientAudit {
  const derivative = differentiate(problem, solution, cotangent, data);
  if (derivative.refusal) return { refusal: derivative.refusal, data: [] };
  const asked = data.filter((datum) => entriesOf(problem, datum).length > 0);
  return {
    refusal: null,
    data: asked.map((datum) => {
      const all = entriesOf(problem, datum);
      const stride = Math.max(1, all.length / maxEntries);
      const entries = Array.from({ length: Math.min(all.length, maxEntries) }, (_, i) => all[Math.floor(i * stride)]);
      const gradient = entries.map((entry) => gradientAtEntry(problem.n, derivative.gradients, entry));
      const sweep = steps.map((step) => difference(problem, cotangent, entries, gradient, step));
      const best = sweep
        .filter(({ failures }) => failures === 0)
        .reduce<(typeof sweep)[number] | null>((a, b) => (a && a.relativeError <= b.relativeError ? a : b), null);
      return {
        ...{ datum, entries: entries.length, of: all.length, sweep },
        best: best && { step: best.step, cosine: best.cosine, relativeError: best.relativeError, error: best.error },
        ...linearChecks(problem, solution, cotangent, entries, gradient),
      };
    }),
  };
}

/** Central differences; entries whose moved problem has no optimum are left out and counted. */
function difference(
  problem: ConvexProblem,
  cotangent: Float64Array,
  entries: readonly Entry[],
  gradient: readonly number[],
  step: number,
): DatumAudit['sweep'][number] {
  const value = (entry: Entry, amount: number): number | null => {
    const { status, y } = solveConvex(perturb(problem, entry, amount));
    return status === 'optimal' ? y.reduce((sum, v, j) => sum + v * cotangent[j], 0) : null;
  };
  const pairs: [number, number][] = [];
  entries.forEach((entry, i) => {
    const [plus, minus] = [value(entry, step), value(entry, -step)];
    if (plus !== null && minus !== null) pairs.push([gradient[i], (plus - minus) / (2 * step)]);
  });
  return { step, failures: entries.length - pairs.length, ...agreement(pairs) };
}

/** The gradient against the active-set formula and the forward derivative. */
function linearChecks(
  problem: ConvexProblem,
  solution: Solution,
  cotangent: Float64Array,
  entries: readonly Entry[],
  gradient: readonly number[],
): Pick<DatumAudit, 'exact' | 'adjointIdentity'> {
  const linear = linearise(problem, solution, defaultConvexSettings.activeTolerance);
  const { rows, lambda, y, system } = linear;
  const adjoint = solveSaddlePoint(system, cotangent, new Float64Array(rows.length));
  const f = new Float64Array(linear.problem.n);
  const g = new Float64Array(rows.length);
  let inner = 0;
  let size = 0;
  const pairs = entries.map((entry, i): [number, number] => {
    const rates = ratesOf(linear.problem, rows, y, entry);
    const moved = rates.gradient(lambda);
    const weight = Math.cos(i);
    let exact = 0;
    for (let j = 0; j < f.length; j++) {
      f[j] -= weight * moved[j];
      exact -= adjoint.x[j] * moved[j];
    }
    for (let r = 0; r < g.length; r++) {
      g[r] -= weight * rates.rows[r];
      exact -= adjoint.lambda[r] * rates.rows[r];
    }
    inner += weight * gradient[i];
    size += Math.abs(weight * gradient[i]);
    return [gradient[i], exact];
  });
  const { x } = solveSaddlePoint(system, f, g);
  const forward = x.reduce((sum, value, j) => sum + value * cotangent[j], 0);
  return { exact: agreement(pairs), adjointIdentity: Math.abs(forward - inner) / Math.max(size, Number.MIN_VALUE) };
}

function agreement(pairs: readonly [number, number][]): Agreement {
  const norm = (of: (pair: readonly [number, number]) => number) => Math.hypot(...pairs.map(of));
  const product = pairs.reduce((sum, [a, b]) => sum + a * b, 0);
  const [mine, reference, error] = [norm(([a]) => a), norm(([, b]) => b), norm(([a, b]) => a - b)];
  return { cosine: product / (mine * reference), relativeError: reference > 0 ? error / reference : error, error };
}
