import { certificateHolds, examine, type Examined } from './certificate';
import { runInteriorPoint, type InteriorPointResult } from './interiorPointSolve';
import type { ActiveSet } from './kktRows';
import { polish } from './polish';
import { examineEqualities, type EqualityRows } from './prepare';
import type { ConvexProblem } from './problem';
import { scalesOf } from './scaling';
import type { ConvexSettings } from './settings';
import type { Multipliers } from './solution';

/** A solve by interior point and polish that its certificate accepts or does not. */
export interface Attempt {
  holds: boolean;
  y: Float64Array;
  multipliers: Multipliers;
  examined: Examined;
  /** What the interior point held for strictly active: its multipliers are near the centre of those that there are. */
  guess: ActiveSet;
  interiorPoint: InteriorPointResult;
  polishSteps: number;
  /** Where polishes found no multipliers of the right signs, though there may be some. */
  stuckAt: Float64Array[];
}

/** Scaled residuals at which the polish is tried. */
const stages = [1e-8, 1e-11, 1e-13];

/** Solves a problem without fixed variables whose equalities do not contradict each other. */
export function attempt(
  problem: ConvexProblem,
  settings: ConvexSettings,
  equalities: EqualityRows = examineEqualities(problem),
): Attempt {
  const scaling = scalesOf(problem);
  let best: Omit<Attempt, 'stuckAt'> | null = null;
  const stuckAt: Float64Array[] = [];
  const weigh = (
    y: Float64Array,
    multipliers: Multipliers,
    interiorPoint: InteriorPointResult,
    polishSteps: number,
  ): boolean => {
    const examined = examine(problem, y, multipliers, settings.activeTolerance, scaling);
    const holds = certificateHolds(examined.certificate, y, settings.maxResidual);
    if (holds || !best)
      best = { holds, y, multipliers, examined, guess: interiorPoint.active, interiorPoint, polishSteps };
    return holds;
  };
  runInteriorPoint(problem, equalities, settings, stages, (result) => {
    for (const active of guesses(result)) {
      const polished = polish(problem, { ...result, active }, settings.polishSteps, scaling);
      if ('stuckAt' in polished) {
        if (polished.stuckAt) stuckAt.push(polished.stuckAt);
      } else if (weigh(polished.y, polished.multipliers, result, polished.steps)) return true;
    }
    return weigh(result.y, result.multipliers, result, 0) && result.end !== 'converged';
  });
  return { ...best!, stuckAt };
}

/** The interior point's active set; then with the cones near their apex at it, which their slacks tell apart late. */
function guesses({ active, nearApex }: InteriorPointResult): ActiveSet[] {
  const soc = active.soc.map((state, k) => (nearApex[k] ? 2 : state));
  return soc.every((state, k) => state === active.soc[k]) ? [active] : [active, { ...active, soc }];
}
