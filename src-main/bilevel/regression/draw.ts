import { AdjointError } from '@shared/errors';
import { Generator } from '@shared/random/generator';
import { dot } from '../../numerics/linalg/products';
import { logisticLoss, softmaxLoss, squaredLoss, type Loss } from './losses';
import { RegressionBilevel, type Hyperparameters, type Samples } from './regressionBilevel';

export interface RegressionSettings {
  /** Training and validation samples. */
  samples: number;
  validation: number;
  features: number;
  /** |y| ≤ this, or 0 for no bounds. */
  bound: number;
  /** X is |x| ≤ this; 0 for all of ℝᵈ. */
  domain: number;
  /** Standard deviation of what is added to targets or scores. */
  noise: number;
  seed: number;
  /** Standard deviation of the perturbation q. */
  perturbation: number;
}

export interface RidgeSettings extends RegressionSettings {
  /** Groups of features with a weight decay each: the entries of x. */
  groups: number;
}

export interface LogisticSettings extends RidgeSettings {
  /** 2: one score a sample; more: a score a class. */
  classes: number;
}

export interface CleaningSettings extends RegressionSettings {
  classes: number;
  /** Share of training samples whose label is replaced by another one. */
  corrupted: number;
  /** Weight decay. */
  decay: number;
}

type Drawn = { problem: RegressionBilevel; x: Float64Array };

/*
 * All numbers come from one generator (`numpy.random.default_rng(seed)`), matrices row by row, N the standard normal. The order is for
 * ever: true weights W/√p [outputs, p], training features [samples, p], validation features [validation, p], noise of the training
 * scores [samples, outputs], noise of the validation scores [validation, outputs], for hyper-cleaning U(0, 1) [samples] and
 * U(0, 1) [samples], then x [d] and q [n].
 */

/** Targets Wa + noise; feature j belongs to group ⌊j·groups/p⌋. */
export function drawRidge(settings: RidgeSettings): Drawn {
  const source = new Source(settings, squaredLoss);
  const { training, validation } = source.samples((scores) => scores[0]);
  return source.finish(squaredLoss, training, validation, decayOf(settings), settings.groups);
}

/** The class is that of the largest score Wa + noise; with two classes class 1 where the score is negative. */
export function drawLogistic(settings: LogisticSettings): Drawn {
  const loss = lossOf(settings.classes);
  const source = new Source(settings, loss);
  const { training, validation } = source.samples(classOf);
  return source.finish(loss, training, validation, decayOf(settings), settings.groups);
}

/** Classes as in `drawLogistic`; sample i is corrupted where its first uniform is below the share, to class (b + 1 + ⌊u·(K − 1)⌋) mod K. */
export function drawCleaning(settings: CleaningSettings): Drawn {
  const { classes, corrupted, decay, samples } = settings;
  const loss = lossOf(classes);
  const source = new Source(settings, loss);
  const { training, validation } = source.samples(classOf);
  const [chance, choice] = [source.uniforms(samples), source.uniforms(samples)];
  for (let i = 0; i < samples; i++)
    if (chance[i] < corrupted)
      training.targets[i] = (training.targets[i] + 1 + Math.floor(choice[i] * (classes - 1))) % classes;
  return source.finish(loss, training, validation, { kind: 'weights', decay }, samples);
}

const lossOf = (classes: number): Loss => (classes === 2 ? logisticLoss : softmaxLoss(classes));

const classOf = (scores: Float64Array): number =>
  scores.length === 1 ? (scores[0] < 0 ? 1 : 0) : scores.indexOf(Math.max(...scores));

function decayOf({ features, groups }: RidgeSettings): Hyperparameters {
  if (groups > features)
    throw new AdjointError('bad-request', `${features} features do not make ${groups} groups.`, {
      where: 'groups',
      fix: `Give groups from 1 to ${features}.`,
    });
  return { kind: 'decay', group: Int32Array.from({ length: features }, (_, j) => Math.floor((j * groups) / features)) };
}

class Source {
  readonly #settings: RegressionSettings;
  readonly #generator: Generator;
  readonly #outputs: number;
  readonly #truth: Float64Array;

  constructor(settings: RegressionSettings, { outputs }: Loss) {
    this.#settings = settings;
    this.#generator = new Generator(settings.seed);
    this.#outputs = outputs;
    this.#truth = this.#normals(outputs * settings.features, 1 / Math.sqrt(settings.features));
  }

  #normals(count: number, scale = 1): Float64Array {
    return this.#generator.standardNormals(count).map((value) => value * scale);
  }

  uniforms(count: number): Float64Array {
    return this.#generator.uniforms(0, 1, count);
  }

  samples(target: (scores: Float64Array) => number): { training: Samples; validation: Samples } {
    const { samples, validation, features: p, noise } = this.#settings;
    const [first, second] = [samples, validation].map((count) => this.#normals(count * p));
    const of = (count: number, features: Float64Array): Samples => {
      const errors = this.#normals(count * this.#outputs, noise);
      const targets = Float64Array.from({ length: count }, (_, i) =>
        target(
          Float64Array.from(
            { length: this.#outputs },
            (_, k) => dot(p, features, i * p, this.#truth, k * p) + errors[i * this.#outputs + k],
          ),
        ),
      );
      return { count, features, targets };
    };
    return { training: of(samples, first), validation: of(validation, second) };
  }

  finish(loss: Loss, training: Samples, validation: Samples, hyperparameters: Hyperparameters, d: number): Drawn {
    const { features: p, bound, domain, perturbation } = this.#settings;
    const n = this.#outputs * p;
    const box = (size: number, limit: number) => ({
      lower: new Float64Array(size).fill(limit > 0 ? -limit : -Infinity),
      upper: new Float64Array(size).fill(limit > 0 ? limit : Infinity),
    });
    const x = this.#normals(d);
    const q = this.#normals(n, perturbation);
    const problem = new RegressionBilevel({
      ...{ p, loss, training, validation, hyperparameters, q },
      ...{ domain: box(d, domain), bounds: box(n, bound) },
    });
    return { problem, x };
  }
}
