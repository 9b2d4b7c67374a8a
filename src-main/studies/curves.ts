import type { Clock } from '@shared/run';
import { meanInterval } from '@shared/statistics/bootstrap';
import { mean } from '@shared/statistics/summary';
import type { StudyRun } from './study';

/** A curve over training: mean over seeds and bootstrap band; null where no run has a sample. */
export interface Curve {
  x: number[];
  y: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
}

/**
 * Means of a metric over equal parts of training, then over seeds. Parts instead of single steps: what one batch says is mostly noise.
 *
 * @param parts into how many equal parts the epochs of the longest run are cut
 * @param of what is averaged; the value itself if left out
 */
export function curve(
  runs: readonly StudyRun[],
  clock: Clock,
  metric: string,
  parts: number,
  of: (value: number) => number = (value) => value,
): Curve {
  const samples = runs.map((run) => {
    const { epoch, values } = run.series(clock, [metric]);
    return { x: epoch, values: values[metric].map(of) };
  });
  return meanCurve(samples, parts);
}

/** Samples of one run over whatever its training is measured by. */
export interface Samples {
  x: Float64Array;
  values: Float64Array;
}

/** The same for samples over anything else: means over equal parts of the longest run, then over runs. */
export function meanCurve(samples: readonly Samples[], parts: number): Curve {
  const end = Math.max(...samples.map(({ x }) => x.at(-1) ?? 0));
  const perRun = samples.map(({ x, values }) => partMeans(x, values, end, parts));
  const result: Curve = { x: [], y: [], low: [], high: [] };
  for (let part = 0; part < parts; part++) {
    const values = perRun.map((means) => means[part]).filter((value) => !Number.isNaN(value));
    const interval = meanInterval(values);
    result.x.push(((part + 0.5) * end) / parts);
    result.y.push(values.length > 0 ? mean(values) : null);
    result.low.push(interval?.low ?? null);
    result.high.push(interval?.high ?? null);
  }
  return result;
}

/** Mean of the values within each of `parts` equal parts of [0, end]; NaN for an empty part. NaN values were not measured. */
export function partMeans(x: Float64Array, values: Float64Array, end: number, parts: number): Float64Array {
  const sums = new Float64Array(parts);
  const counts = new Float64Array(parts);
  for (let i = 0; i < x.length; i++) {
    if (Number.isNaN(values[i])) continue;
    const part = Math.min(parts - 1, Math.floor((x[i] / end) * parts));
    sums[part] += values[i];
    counts[part]++;
  }
  return sums.map((sum, part) => sum / counts[part]);
}
