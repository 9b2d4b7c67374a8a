/**
 * Exponential moving average with bias correction (Kingma & Ba, Adam, §3): m_t = w·m_{t−1} + (1 − w)·y_t, divided by 1 − wᵗ, so
 * that the first values are not pulled towards zero. Values that are not finite are passed through and do not enter the mean.
 * @param weight in [0, 1); 0 returns the values themselves
 */
export function smooth(values: Float64Array, weight: number): Float64Array {
  if (!(weight > 0)) return values;
  const known = smoothedOf.get(values);
  if (known?.weight === weight) return known.smoothed;
  const smoothed = average(values, weight);
  smoothedOf.set(values, { weight, smoothed });
  return smoothed;
}
/** A zoom draws the same values again and again. */
const smoothedOf = new WeakMap<Float64Array, { weight: number; smoothed: Float64Array }>();

function average(values: Float64Array, weight: number): Float64Array {
  const smoothed = new Float64Array(values.length);
  let mean = 0;
  let bias = 1;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) {
      smoothed[i] = NaN;
      continue;
    }
    mean = weight * mean + (1 - weight) * value;
    bias *= weight;
    smoothed[i] = mean / (1 - bias);
  }
  return smoothed;
}
