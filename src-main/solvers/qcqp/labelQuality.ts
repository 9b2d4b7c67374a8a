import type { DatasetInfo } from '@shared/datasets';
import { dot } from '../../numerics/linalg/products';
import type { Dataset } from '../../store/dataset';
import { rowValues, violationOf } from './instanceView';

/** Multiplications that a check may take: a second or less. */
const budget = 5e8;

/**
 * How good the labels of a dataset are, recomputed from its arrays alone: the largest violation, and where there are multipliers the
 * largest relative gap of `certificate.ts`, over as many instances as are quick to check.
 */
export function labelQuality(dataset: Dataset): NonNullable<DatasetInfo['labels']> {
  const { n, m, e, N, X, Y, diagonal } = dataset;
  const each = n * n + m * n * (diagonal ? 2 : n) + 2 * e * n;
  const checked = Math.max(1, Math.min(N, Math.floor(budget / each)));
  let violation = 0;
  let instance = 0;
  let gap: number | null = null;
  for (let i = 0; i < checked; i++) {
    const worst = violationOf(dataset, Y, i * n, X, i * e);
    if (worst > violation) {
      violation = worst;
      instance = i;
    }
    const own = relativeGap(dataset, i);
    if (own !== null) gap = Math.max(gap ?? 0, own);
  }
  return { checked, violation, instance, gap };
}

/** (Σ|λ_ic_i| + ‖∇L‖ max(1, ‖y‖))/max(1, |f|) at the label of instance i; null without multipliers. */
function relativeGap(dataset: Dataset, i: number): number | null {
  const { n, m, e, Q, p, A, G, H, diagonal, Y, lower, upper, multipliers } = dataset;
  const { inequality, equality } = multipliers;
  if (!inequality || !equality || ((lower || upper) && !(multipliers.lower && multipliers.upper))) return null;
  const y = Y.subarray(i * n, (i + 1) * n);
  const gradient = new Float64Array(n);
  let objective = 0;
  for (let j = 0; j < n; j++) {
    const qy = dot(n, Q, j * n, y, 0);
    gradient[j] = qy + p[j];
    objective += (0.5 * qy + p[j]) * y[j];
  }
  let slackness = 0;
  const values = rowValues(dataset, y);
  for (let r = 0; r < m; r++) {
    const lambda = inequality[i * m + r];
    slackness += Math.abs(lambda * values[r]);
    if (lambda === 0) continue;
    for (let j = 0; j < n; j++) {
      const curved = diagonal ? H[r * n + j] * y[j] : dot(n, H, (r * n + j) * n, y, 0);
      gradient[j] += lambda * (2 * curved + G[r * n + j]);
    }
  }
  for (let r = 0; r < e; r++) {
    const nu = equality[i * e + r];
    for (let j = 0; j < n; j++) gradient[j] += nu * A[r * n + j];
  }
  for (let j = 0; j < n; j++) {
    const low = multipliers.lower?.[i * n + j] ?? 0;
    const high = multipliers.upper?.[i * n + j] ?? 0;
    gradient[j] += high - low;
    if (low !== 0 && lower) slackness += Math.abs(low * (y[j] - lower[j]));
    if (high !== 0 && upper) slackness += Math.abs(high * (y[j] - upper[j]));
  }
  const length = Math.sqrt(dot(n, y, 0, y, 0));
  const stationarity = Math.sqrt(dot(n, gradient, 0, gradient, 0));
  return (slackness + stationarity * Math.max(1, length)) / Math.max(1, Math.abs(objective));
}
