import { normalTail } from './distributions';
import { midranks } from './ranks';
import type { Sample } from './summary';

export interface TestResult {
  /** Sign test: number of positive differences. Signed-rank test: W⁺, the sum of their ranks. */
  statistic: number;
  /** Two-sided. */
  p: number;
  /** Pairs that count: those that are equal do not. */
  n: number;
  /** False where a normal approximation stands in for the exact distribution. */
  exact: boolean;
}

/** Two-sided sign test: under the null hypothesis, positive differences are binomial with ½. Exact. */
export function signTest(differences: Sample): TestResult {
  let positive = 0;
  let negative = 0;
  for (let i = 0; i < differences.length; i++) {
    if (differences[i] > 0) positive++;
    else if (differences[i] < 0) negative++;
  }
  const n = positive + negative;
  const fewer = Math.min(positive, negative);
  // Terms relative to the middle one, which is the greatest: nothing overflows, whatever n.
  const middle = Math.floor(n / 2);
  const terms = new Float64Array(n + 1);
  terms[middle] = 1;
  for (let k = middle; k > 0; k--) terms[k - 1] = (terms[k] * k) / (n - k + 1);
  for (let k = middle; k < n; k++) terms[k + 1] = (terms[k] * (n - k)) / (k + 1);
  const total = terms.reduce((sum, term) => sum + term, 0);
  const tail = terms.subarray(0, fewer + 1).reduce((sum, term) => sum + term, 0);
  return { statistic: positive, p: Math.min(1, (2 * tail) / total), n, exact: true };
}

/** Most differences whose exact null distribution is computed; the normal approximation is within 1e-3 of it there. */
const mostExact = 200;

/**
 * Two-sided Wilcoxon signed-rank test (Wilcoxon, *Biometrics* 1, 1945); zeros are dropped and ties take their mean rank. Up to 200 differences the
 * distribution given the ties is exact: every sign has probability ½. Beyond, the normal approximation with the ties' variance.
 */
export function wilcoxonSignedRank(differences: Sample): TestResult {
  const kept = Float64Array.from(differences).filter((value) => value !== 0);
  const n = kept.length;
  // Twice the ranks are integers, also of ties.
  const doubled = midranks(kept.map(Math.abs)).map((rank) => 2 * rank);
  const sum = doubled.reduce((total, rank) => total + rank, 0);
  const observed = doubled.reduce((total, rank, i) => (kept[i] > 0 ? total + rank : total), 0);
  const statistic = observed / 2;
  if (n === 0) return { statistic: 0, p: 1, n, exact: true };
  if (n > mostExact) {
    const variance = doubled.reduce((total, rank) => total + rank * rank, 0) / 16;
    const z = (statistic - sum / 4) / Math.sqrt(variance);
    return { statistic, p: Math.min(1, 2 * normalTail(Math.abs(z))), n, exact: false };
  }
  const probability = signedRankDistribution(doubled, sum);
  // The distribution is symmetric about sum/2: twice the smaller tail.
  let tail = 0;
  for (let w = 0; w <= Math.min(observed, sum - observed); w++) tail += probability[w];
  return { statistic, p: Math.min(1, 2 * tail), n, exact: true };
}

/** P(Σ of a random half of the ranks = w) for w = 0 … sum, each rank taken with probability ½. */
function signedRankDistribution(ranks: Float64Array, sum: number): Float64Array {
  const probability = new Float64Array(sum + 1);
  probability[0] = 1;
  let reached = 0;
  for (const rank of ranks) {
    reached += rank;
    for (let w = reached; w >= rank; w--) probability[w] = 0.5 * (probability[w] + probability[w - rank]);
    for (let w = Math.min(rank - 1, reached); w >= 0; w--) probability[w] *= 0.5;
  }
  return probability;
}
