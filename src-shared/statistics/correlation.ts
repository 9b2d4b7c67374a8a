import { studentTail } from './distributions';
import { midranks } from './ranks';
import { mean, type Sample } from './summary';

/**
 * Pearson's correlation; NaN where a sample is constant or there are fewer than two pairs.
 * @throws RangeError if the samples differ in length.
 */
export function pearson(x: Sample, y: Sample): number {
  if (x.length !== y.length)
    throw new RangeError(`pairs need two samples of one length, not ${x.length} and ${y.length}`);
  const [cx, cy] = [mean(x), mean(y)];
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [x[i] - cx, y[i] - cy];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)));
}

export interface Correlation {
  rho: number;
  /** Two-sided, of ρ√((n − 2)/(1 − ρ²)) against Student's t; NaN below three pairs. */
  p: number;
  n: number;
}

/** Spearman's rank correlation: Pearson's of the ranks, ties with their mean rank. */
export function spearman(x: Sample, y: Sample): Correlation {
  const rho = pearson(midranks(x), midranks(y));
  const n = x.length;
  const degrees = n - 2;
  if (degrees < 1 || Number.isNaN(rho)) return { rho, p: NaN, n };
  const p = Math.abs(rho) === 1 ? 0 : 2 * studentTail(Math.abs(rho) * Math.sqrt(degrees / (1 - rho * rho)), degrees);
  return { rho, p, n };
}
