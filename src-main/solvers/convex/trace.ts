import { objectiveAt } from './evaluate';
import { init, makeInteriorPoint, step, terminate, type InteriorPointEnd } from './interiorPoint';
import { examineEqualities, fixVariables, keepEqualities } from './prepare';
import type { ConvexProblem } from './problem';
import { scaleProblem, scalesOf } from './scaling';
import { defaultConvexSettings } from './settings';

/** One iterate of the interior point in the original variables. Residuals and gap are relative, in the scaled problem, as it measures them. */
export interface TracedIterate {
  /** [n] */
  y: Float64Array;
  dual: number;
  primal: number;
  gap: number;
  objective: number;
}

/**
 * The path of the interior point from its start, iterate by iterate: the same steps as in a solve, with each kept. A solve itself keeps
 * none, so that it allocates nothing. `iterations`: at most so many steps, such as a solve took before its polish.
 */
export function traceInteriorPoint(
  original: ConvexProblem,
  iterations: number,
): { iterates: TracedIterate[]; end: InteriorPointEnd } {
  const { problem } = fixVariables(original);
  const reduced = keepEqualities(problem, examineEqualities(problem));
  const scaling = scalesOf(reduced);
  const state = makeInteriorPoint(scaleProblem(reduced, scaling));
  const settings = { ...defaultConvexSettings, maxIterations: iterations, tolerance: 1e-13 };
  const iterates: TracedIterate[] = [];
  const keep = () => {
    const y = state.space.y.map((value, j) => value * scaling.variables[j]);
    iterates.push({
      y,
      dual: state.dual / state.dualScale,
      primal: state.primal / state.primalScale,
      gap: (state.mu * state.space.degree) / Math.max(1, Math.abs(state.objective)),
      objective: objectiveAt(original, y),
    });
  };
  init(state);
  keep();
  while (!terminate(state, settings)) {
    step(state);
    if (state.iteration === iterates.length) keep();
  }
  return { iterates, end: state.end ?? 'iteration limit' };
}
