import { type BilevelFamily, drawBilevel } from '../bilevel/families';
import { bilevelPreflight } from '../bilevel/preflight';

/**
 * Why numbers about hypergradients on a family of problems would mean nothing, in the words of the preflight, or null. Whether x occurs
 * in the lower level does not depend on size or data, so that a small problem tells.
 */
export function vacuousReason(family: BilevelFamily): string | null {
  const { problem, x } = drawBilevel(family, { d: 3, n: 3, seed: 0 });
  return bilevelPreflight(problem, x).findings.find(({ severity }) => severity === 'meaningless')?.message ?? null;
}

/** The finding for a study that is asked for such a family without saying that this is meant; null where it may run. */
export function vacuousRefusal(family: BilevelFamily, allowVacuous: boolean): string | null {
  const reason = allowVacuous ? null : vacuousReason(family);
  return reason === null
    ? null
    : `${reason} Take coupled, V1 or V3. Set allowVacuous to run the study all the same; its numbers are then marked.`;
}
