import { addTransposed, dot } from '../../numerics/linalg/products';
import { symmetricEigenvalues } from '../../numerics/linalg/eigenvalues';
import type { BilevelProblem, Box, LowerRows, UpperRows } from '../problem';
import { sigmoid, type Loss } from './losses';

/** Features a [count, p], row-major, and a target each. */
export interface Samples {
  count: number;
  features: Float64Array;
  targets: Float64Array;
}

/** What x stands for. */
export type Hyperparameters =
  /** r_j = e^{x_k}: x_k is the logarithm of the weight decay of the features of group k, [p]. */
  | { kind: 'decay'; group: Int32Array }
  /** w_i = σ(x_i): how much training sample i counts; the weight decay is constant. */
  | { kind: 'weights'; decay: number };

export interface RegressionData {
  p: number;
  loss: Loss;
  training: Samples;
  validation: Samples;
  hyperparameters: Hyperparameters;
  domain: Box;
  bounds: Box;
  /** [n] */
  q: Float64Array;
}

/**
 * Hyperparameters of a regularised linear model, with N training and M validation samples a_i ∈ ℝᵖ, scores Y a for Y [outputs, p] the
 * matrix of y, and n = outputs·p:
 *
 *     f(y)    = 1/M Σ_i ℓ(Y a_i; b_i)                                  over the validation samples
 *     g(x, y) = 1/N Σ_i w_i ℓ(Y a_i; b_i) + ½ Σ_kj r_j Y_kj²           over the training samples
 *
 * x is log r (with w = 1), or w through σ (with r constant). Since r > 0, g is strongly convex in y. There are no rows, and there may be
 * bounds of y. (Bengio, *Neural Computation* 12, 2000; Pedregosa, ICML 2016; for data hyper-cleaning Franceschi et al., ICML 2017.)
 */
export class RegressionBilevel implements BilevelProblem {
  readonly d: number;
  readonly n: number;
  readonly m = 0;
  readonly upperRows: UpperRows = { C: new Float64Array(0), D: new Float64Array(0), e: new Float64Array(0) };
  readonly rows: LowerRows = { A: new Float64Array(0), B: new Float64Array(0), b: new Float64Array(0) };
  readonly lowerContainsX = true;
  readonly upperContainsY = true;
  readonly data: RegressionData;
  readonly #weights: Float64Array;
  readonly #decay: Float64Array;
  readonly #scores: Float64Array;
  readonly #slopes: Float64Array;
  readonly #directions: Float64Array;
  readonly #curvatures: Float64Array;
  /** Extreme eigenvalues of Σ aaᵀ/N over the training samples. */
  readonly #gram: { least: number; most: number };

  constructor(data: RegressionData) {
    const { p, loss, training, hyperparameters } = data;
    const { outputs } = loss;
    this.data = data;
    this.n = outputs * p;
    this.d = data.domain.lower.length;
    this.#weights = new Float64Array(training.count).fill(1);
    this.#decay = new Float64Array(p).fill(hyperparameters.kind === 'weights' ? hyperparameters.decay : 0);
    [this.#scores, this.#slopes, this.#directions] = Array.from({ length: 3 }, () => new Float64Array(outputs));
    this.#curvatures = new Float64Array(outputs * outputs);
    const gram = new Float64Array(p * p);
    for (let i = 0; i < training.count; i++) {
      const row = training.features.subarray(i * p, (i + 1) * p);
      for (let a = 0; a < p; a++) for (let b = 0; b < p; b++) gram[a * p + b] += (row[a] * row[b]) / training.count;
    }
    const values = symmetricEigenvalues(p, gram);
    this.#gram = { least: Math.max(0, values[0]), most: values[p - 1] };
  }

  get domain(): Box {
    return this.data.domain;
  }

  get bounds(): Box {
    return this.data.bounds;
  }

  get q(): Float64Array {
    return this.data.q;
  }

  /** Sets w and r from x. */
  #take(x: Float64Array): void {
    const { hyperparameters: given } = this.data;
    if (given.kind === 'weights') for (let i = 0; i < x.length; i++) this.#weights[i] = sigmoid(x[i]);
    else for (let j = 0; j < given.group.length; j++) this.#decay[j] = Math.exp(x[given.group[j]]);
  }

  /** `scores` ← Y a for sample i. */
  #score({ features }: Samples, i: number, y: Float64Array, scores: Float64Array): void {
    const { p } = this.data;
    for (let k = 0; k < scores.length; k++) scores[k] = dot(p, features, i * p, y, k * p);
  }

  #meanLoss(samples: Samples, y: Float64Array, weights: Float64Array | null): number {
    const { loss } = this.data;
    let sum = 0;
    for (let i = 0; i < samples.count; i++) {
      this.#score(samples, i, y, this.#scores);
      sum += (weights ? weights[i] : 1) * loss.value(this.#scores, samples.targets[i]);
    }
    return sum / samples.count;
  }

  /** `result` ← gradient in y of the mean loss. */
  #lossGradient(samples: Samples, y: Float64Array, weights: Float64Array | null, result: Float64Array): void {
    const { p, loss } = this.data;
    result.fill(0);
    for (let i = 0; i < samples.count; i++) {
      this.#score(samples, i, y, this.#scores);
      loss.gradient(this.#scores, samples.targets[i], this.#slopes);
      this.#addOuter(samples, i, (weights ? weights[i] : 1) / samples.count, this.#slopes, p, result);
    }
  }

  /** `result` [outputs, p] ← `result` + factor·s aᵀ */
  #addOuter({ features }: Samples, i: number, factor: number, s: Float64Array, p: number, result: Float64Array): void {
    for (let k = 0; k < s.length; k++) {
      const weight = factor * s[k];
      for (let j = 0, at = i * p; j < p; j++, at++) result[k * p + j] += weight * features[at];
    }
  }

  /** `result` [n, n] ← Hessian in y of the mean loss. */
  #lossHessian(samples: Samples, y: Float64Array, weights: Float64Array | null, result: Float64Array): void {
    const { p, loss } = this.data;
    const { outputs } = loss;
    const { n } = this;
    result.fill(0);
    for (let i = 0; i < samples.count; i++) {
      this.#score(samples, i, y, this.#scores);
      loss.hessian(this.#scores, this.#curvatures);
      const factor = (weights ? weights[i] : 1) / samples.count;
      const a = samples.features.subarray(i * p, (i + 1) * p);
      for (let k = 0; k < outputs; k++)
        for (let l = 0; l <= k; l++) {
          const curvature = factor * this.#curvatures[k * outputs + l];
          for (let j = 0; j < p; j++) {
            const weight = curvature * a[j];
            const at = (k * p + j) * n + l * p;
            for (let h = 0; h < p; h++) result[at + h] += weight * a[h];
          }
        }
    }
    for (let a = 0; a < n; a++) for (let b = 0; b < a; b++) result[b * n + a] = result[a * n + b];
  }

  upperValue(_x: Float64Array, y: Float64Array): number {
    return this.#meanLoss(this.data.validation, y, null);
  }

  upperGradientX(_x: Float64Array, _y: Float64Array, result: Float64Array): void {
    result.fill(0);
  }

  upperGradientY(_x: Float64Array, y: Float64Array, result: Float64Array): void {
    this.#lossGradient(this.data.validation, y, null, result);
  }

  upperHessianY(_x: Float64Array, y: Float64Array, result: Float64Array): void {
    this.#lossHessian(this.data.validation, y, null, result);
  }

  lowerValue(x: Float64Array, y: Float64Array, q: Float64Array = this.q): number {
    this.#take(x);
    const { p } = this.data;
    let value = this.#meanLoss(this.data.training, y, this.#weights);
    for (let j = 0; j < this.n; j++) value += y[j] * (0.5 * this.#decay[j % p] * y[j] + q[j]);
    return value;
  }

  lowerGradientX(x: Float64Array, y: Float64Array, result: Float64Array): void {
    const { p, training, hyperparameters: given, loss } = this.data;
    this.#take(x);
    result.fill(0);
    if (given.kind === 'decay') {
      for (let j = 0; j < this.n; j++) result[given.group[j % p]] += 0.5 * this.#decay[j % p] * y[j] ** 2;
      return;
    }
    for (let i = 0; i < training.count; i++) {
      this.#score(training, i, y, this.#scores);
      result[i] = (this.#rateOfWeight(i) * loss.value(this.#scores, training.targets[i])) / training.count;
    }
  }

  /** σ′(x_i) */
  #rateOfWeight(i: number): number {
    return this.#weights[i] * (1 - this.#weights[i]);
  }

  lowerGradientY(x: Float64Array, y: Float64Array, result: Float64Array, q: Float64Array = this.q): void {
    this.#take(x);
    const { p } = this.data;
    this.#lossGradient(this.data.training, y, this.#weights, result);
    for (let j = 0; j < this.n; j++) result[j] += this.#decay[j % p] * y[j] + q[j];
  }

  lowerHessianProduct(x: Float64Array, y: Float64Array, v: Float64Array, result: Float64Array): void {
    this.#take(x);
    const { p, loss, training } = this.data;
    for (let j = 0; j < this.n; j++) result[j] = this.#decay[j % p] * v[j];
    for (let i = 0; i < training.count; i++) {
      this.#score(training, i, y, this.#scores);
      loss.hessian(this.#scores, this.#curvatures);
      this.#score(training, i, v, this.#directions);
      this.#slopes.fill(0);
      // The Hessian is symmetric.
      addTransposed(loss.outputs, loss.outputs, this.#curvatures, this.#directions, this.#slopes);
      this.#addOuter(training, i, this.#weights[i] / training.count, this.#slopes, p, result);
    }
  }

  lowerHessian(x: Float64Array, y: Float64Array, result: Float64Array): void {
    this.#take(x);
    const { p } = this.data;
    this.#lossHessian(this.data.training, y, this.#weights, result);
    for (let j = 0; j < this.n; j++) result[j * (this.n + 1)] += this.#decay[j % p];
  }

  lowerCrossProduct(x: Float64Array, y: Float64Array, u: Float64Array, result: Float64Array): void {
    const { p, training, hyperparameters: given, loss } = this.data;
    this.#take(x);
    result.fill(0);
    if (given.kind === 'decay') {
      for (let j = 0; j < this.n; j++) result[given.group[j % p]] += this.#decay[j % p] * y[j] * u[j];
      return;
    }
    for (let i = 0; i < training.count; i++) {
      this.#score(training, i, y, this.#scores);
      loss.gradient(this.#scores, training.targets[i], this.#slopes);
      this.#score(training, i, u, this.#directions);
      result[i] = (this.#rateOfWeight(i) * dot(loss.outputs, this.#slopes, 0, this.#directions, 0)) / training.count;
    }
  }

  /** r and w bound the curvature together with that of the loss and the extreme eigenvalues of Σ aaᵀ/N. */
  lowerCurvature(x: Float64Array): { least: number; most: number } {
    this.#take(x);
    const { least, most } = this.data.loss.curvature;
    const [low, high] = [Math.min(...this.#weights), Math.max(...this.#weights)];
    return {
      least: Math.min(...this.#decay) + low * least * this.#gram.least,
      most: Math.max(...this.#decay) + high * most * this.#gram.most,
    };
  }
}
