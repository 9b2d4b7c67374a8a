function mulberry(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const stepsPerEpoch = 50;

/** A metric's value at a step: a decaying curve with noise, by kind of metric. */
export function fakeValue(run: number, metric: string, step: number, total: number): number {
  const random = mulberry(run * 7919 + step * 104_729 + metric.length * 31 + metric.charCodeAt(metric.length - 1));
  const noise = random() + random() - 1;
  const t = step / total;
  const decay = Math.exp(-5 * t);
  const spread = metric.endsWith('_max') ? 6 : metric.endsWith('_median') ? 0.8 : 1;
  if (metric === 'loss') return 12 + 40 * decay + run * 0.4 + 3 * decay * noise + 0.4 * noise;
  if (metric === 'objective') return -14 - 2 * decay + 0.5 * noise;
  if (metric.includes('gap')) return spread * (0.35 * decay - 0.02 * t + 0.012 * noise);
  if (metric.includes('ineq') && t > 0.8 && random() < 0.3) return 0;
  if (metric.includes('ineq') || metric.includes('eq')) return spread * 10 ** (-0.5 - 3 * t + 0.15 * noise);
  if (metric.includes('dist') || metric === 'penalty') return spread * 10 ** (-0.2 - 1.6 * t + 0.1 * noise);
  if (metric === 'gradient/cosine') return run === 3 && step % 97 === 0 ? NaN : -0.6 + 0.5 * t + 0.2 * noise;
  if (metric === 'gradient/norm_ratio') return 10 ** (1.2 - 1.4 * t + 0.2 * noise);
  if (metric.startsWith('gradient/'))
    return 10 ** (1 - 1.5 * t + (metric.includes('penalty') ? 0.4 - t : 0) + 0.1 * noise);
  if (metric === 'lambda') return 10;
  if (metric === 'learning_rate') return 1e-3;
  if (metric === 'time/backward') return 2.4 + 0.3 * noise;
  if (metric.startsWith('time/')) return 0.8 + 0.1 * noise + metric.length * 0.05;
  if (metric === 'system/memory') return 180 + 30 * t + 2 * noise;
  if (metric === 'valid/violated_share') return Math.max(0, 1 - 1.2 * t + 0.03 * noise);
  if (metric === 'valid/violated_rows') return 30 * decay + 2 + noise;
  return 1 + noise * 0.1;
}
