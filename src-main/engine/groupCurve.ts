import { meanInterval } from '@shared/statistics/bootstrap';
import { mean } from '@shared/statistics/summary';

/** Measured samples of one run, x ascending; y is NaN where a sample was not a number. */
export interface MemberCurve {
  x: Float64Array;
  y: Float64Array;
}

/** All of the length of the positions. */
export interface GroupCurve {
  /** NaN where no run is left. */
  mean: Float64Array;
  /** NaN where fewer than two are. */
  low: Float64Array;
  high: Float64Array;
  count: Float64Array;
}

/**
 * The mean curve of several runs and its bootstrap band. Each run is interpolated linearly at the positions between its own first and
 * last sample; where it has not begun, has ended, or is not a number, it is not counted.
 */
export function groupCurve(positions: Float64Array, members: readonly MemberCurve[]): GroupCurve {
  const n = positions.length;
  const curve = { mean: undefinedAt(n), low: undefinedAt(n), high: undefinedAt(n), count: new Float64Array(n) };
  const next = members.map(() => 0);
  const values = new Float64Array(members.length);
  for (let i = 0; i < n; i++) {
    let count = 0;
    for (let k = 0; k < members.length; k++) {
      const { x, y } = members[k];
      while (next[k] < x.length && x[next[k]] < positions[i]) next[k]++;
      const value = between(x, y, next[k], positions[i]);
      if (Number.isFinite(value)) values[count++] = value;
    }
    curve.count[i] = count;
    if (count === 0) continue;
    const present = values.subarray(0, count);
    curve.mean[i] = mean(present);
    const interval = meanInterval(present);
    if (!interval) continue;
    curve.low[i] = interval.low;
    curve.high[i] = interval.high;
  }
  return curve;
}

const undefinedAt = (n: number) => new Float64Array(n).fill(NaN);

/** The value at `position`; `at` is the first sample that is not before it. */
function between(x: Float64Array, y: Float64Array, at: number, position: number): number {
  if (at === x.length) return NaN;
  if (x[at] === position) return y[at];
  if (at === 0) return NaN;
  const share = (position - x[at - 1]) / (x[at] - x[at - 1]);
  return y[at - 1] + share * (y[at] - y[at - 1]);
}
