import { init, makeInteriorPoint, step, terminate, type InteriorPoint, type InteriorPointEnd } from './interiorPoint';
import { emptyActiveSet, noMultipliers, type ActiveSet } from './kktRows';
import { keepEqualities, type EqualityRows } from './prepare';
import type { ConvexProblem } from './problem';
import { scaleProblem, scalesOf, unscaleMultipliers } from './scaling';
import { tailNorm } from './secondOrderCone';
import type { ConvexSettings } from './settings';
import type { Multipliers } from './solution';

/** Where the interior point stands, in the original problem. */
export interface InteriorPointResult {
  y: Float64Array;
  multipliers: Multipliers;
  /** Rows whose multiplier dominates their slack in the scaled problem. */
  active: ActiveSet;
  /** By cone: active, and its slack is small in the scaled problem, so that it may be at its apex. */
  nearApex: boolean[];
  end: InteriorPointEnd;
  iterations: number;
}

/**
 * Runs the interior point on the scaled problem. `accept` is shown the iterate at each of the `tolerances` in turn, and ends the solve
 * by returning true; so a polish gets its chance as soon as the active set can be seen.
 */
export function runInteriorPoint(
  problem: ConvexProblem,
  equalities: EqualityRows,
  settings: ConvexSettings,
  tolerances: readonly number[],
  accept: (result: InteriorPointResult) => boolean,
): InteriorPointResult {
  const reduced = keepEqualities(problem, equalities);
  const scaling = scalesOf(reduced);
  const state = makeInteriorPoint(scaleProblem(reduced, scaling));
  init(state);
  let result: InteriorPointResult | null = null;
  for (const tolerance of tolerances) {
    state.end = null;
    while (!terminate(state, { ...settings, tolerance })) step(state);
    result = postprocess(state);
    if (accept(result) || result.end !== 'converged') break;
  }
  return result ?? postprocess(state);

  function postprocess({ space, end, iteration }: InteriorPoint): InteriorPointResult {
    const y = space.y.map((value, j) => value * scaling.variables[j]);
    const scaled = noMultipliers(reduced);
    const active = emptyActiveSet(reduced);
    const nearApex: boolean[] = [];
    const { m, s, lambda, nu, lowerIndex, upperIndex, coneAt, coneSize, sCone, zCone } = space;
    scaled.equality.set(nu);
    scaled.inequality.set(lambda.subarray(0, m));
    for (let i = 0; i < m; i++) active.inequality[i] = lambda[i] > s[i] ? 1 : 0;
    lowerIndex.forEach((j, r) => {
      scaled.lower[j] = lambda[m + r];
      active.lower[j] = lambda[m + r] > s[m + r] ? 1 : 0;
    });
    const first = m + lowerIndex.length;
    upperIndex.forEach((j, r) => {
      scaled.upper[j] = lambda[first + r];
      active.upper[j] = lambda[first + r] > s[first + r] ? 1 : 0;
    });
    coneAt.forEach((at, k) => {
      const q = coneSize[k];
      scaled.soc[k].set(zCone.subarray(at, at + q));
      // Eigenvalues of s and z in complementary pairs.
      const sTail = tailNorm(q, sCone, at);
      const zTail = tailNorm(q, zCone, at);
      if (sCone[at] - sTail > zCone[at] + zTail) active.soc[k] = 0;
      else active.soc[k] = sCone[at] + sTail > zCone[at] - zTail ? 1 : 2;
      nearApex.push(active.soc[k] > 0 && sCone[at] + sTail < 1e-2);
    });
    const multipliers = unscaleMultipliers(reduced, scaling, scaled);
    const equality = new Float64Array(problem.e);
    equalities.independent.forEach((i, at) => (equality[i] = multipliers.equality[at]));
    return {
      y,
      multipliers: { ...multipliers, equality },
      active,
      nearApex,
      end: end ?? 'iteration limit',
      iterations: iteration,
    };
  }
}
