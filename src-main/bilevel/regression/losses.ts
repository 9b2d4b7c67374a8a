/**
 * A loss of one sample as a function of its scores s [outputs] and its target b: a number for regression, the index of a class for
 * classification.
 */
export interface Loss {
  /** Scores a sample, so that y has as many entries a feature. */
  outputs: number;
  value(scores: Float64Array, target: number): number;
  /** `result` [outputs] ← ∇_s ℓ */
  gradient(scores: Float64Array, target: number, result: Float64Array): void;
  /** `result` [outputs, outputs] ← ∇²_ss ℓ */
  hessian(scores: Float64Array, result: Float64Array): void;
  /** Bounds of the eigenvalues of ∇²_ss ℓ over all scores. */
  curvature: { least: number; most: number };
}

/** ½(s − b)² */
export const squaredLoss: Loss = {
  outputs: 1,
  value: ([s], target) => 0.5 * (s - target) ** 2,
  gradient: ([s], target, result) => void (result[0] = s - target),
  hessian: (_scores, result) => void (result[0] = 1),
  curvature: { least: 1, most: 1 },
};

/** log(1 + e⁻ˢ) for class 0 and log(1 + eˢ) for class 1, without overflow: logistic regression with one score. */
export const logisticLoss: Loss = {
  outputs: 1,
  value: ([s], target) => softplus(target === 1 ? s : -s),
  gradient: ([s], target, result) => void (result[0] = target === 1 ? sigmoid(s) : -sigmoid(-s)),
  hessian: ([s], result) => void (result[0] = sigmoid(s) * sigmoid(-s)),
  curvature: { least: 0, most: 0.25 },
};

/** −s_b + log Σ_k e^{s_k}: multinomial logistic regression with a score a class. Its Hessian diag(p) − ppᵀ is at most ½ (Böhning 1992). */
export const softmaxLoss = (classes: number): Loss => ({
  outputs: classes,
  value: (scores, target) => logSumExp(scores) - scores[target],
  gradient(scores, target, result) {
    const total = logSumExp(scores);
    for (let k = 0; k < classes; k++) result[k] = Math.exp(scores[k] - total);
    result[target] -= 1;
  },
  hessian(scores, result) {
    const total = logSumExp(scores);
    for (let k = 0; k < classes; k++) {
      const p = Math.exp(scores[k] - total);
      for (let l = 0; l < classes; l++) result[k * classes + l] = (k === l ? p : 0) - p * Math.exp(scores[l] - total);
    }
  },
  curvature: { least: 0, most: 0.5 },
});

export const sigmoid = (t: number): number => (t >= 0 ? 1 / (1 + Math.exp(-t)) : Math.exp(t) / (1 + Math.exp(t)));

const softplus = (t: number): number => Math.max(t, 0) + Math.log1p(Math.exp(-Math.abs(t)));

function logSumExp(scores: Float64Array): number {
  let largest = -Infinity;
  for (const s of scores) largest = Math.max(largest, s);
  let sum = 0;
  for (const s of scores) sum += Math.exp(s - largest);
  return largest + Math.log(sum);
}
