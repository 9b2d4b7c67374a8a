import { formatX } from '@shared/charts/scale';
import type { ProblemTraits } from '@shared/applicability';

const counted = (count: number, one: string, many = `${one}s`) => `${formatX(count)} ${count === 1 ? one : many}`;

/** What of a problem decides which techniques can be used on it, in words. */
export function traitWords(traits: ProblemTraits): string[] {
  const { n, e, m, curvedRows, convexRows, boundedVariables, equalityRank, rank } = traits;
  const words = [`n = ${formatX(n)}`];
  words.push(e === 0 ? 'no equalities' : counted(e, 'equality', 'equalities'));
  if (equalityRank < e) words.push(`rank of A ${formatX(equalityRank)}`);
  words.push(m === 0 ? 'no inequalities' : `${counted(m, 'inequality', 'inequalities')}${curvature(curvedRows, m)}`);
  if (curvedRows > 0) words.push(convexRows ? 'convex' : 'not convex');
  if (boundedVariables > 0) words.push(counted(boundedVariables, 'bounded variable'));
  words.push(`rank of all rows ${formatX(rank)}`);
  return words;
}

function curvature(curved: number, m: number): string {
  if (curved === 0) return ', affine';
  return curved === m ? ', quadratic' : `, ${formatX(curved)} of them quadratic`;
}
