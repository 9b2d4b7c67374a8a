import { Generator } from '@shared/random/generator';
import type { LossProbe, ProbedLoss, WeightBlock } from './lossProbe';
import type { Progress } from './progress';

export interface LandscapeSettings {
  /** Grid points along each direction; odd, so that the middle is the checkpoint itself. */
  points: number;
  /** Of the coordinates, in units of the weights' own size. */
  radius: number;
  dimensions: 1 | 2;
  seed: number;
}

export interface LossLandscape {
  /** Coordinates along both directions, rising; one entry, 0, along the second in one dimension. */
  a: Float64Array;
  b: Float64Array;
  /** Row by row: entry j·|a| + i belongs to (a_i, b_j). */
  values: Record<keyof ProbedLoss, Float64Array>;
  seconds: number;
}

/**
 * The loss over a line or plane through the weights, along random directions that are normalised filter by filter (Li et al., *Visualizing
 * the Loss Landscape of Neural Nets*, NeurIPS 2018): for every output of a layer, the direction has the norm of the weights that lead to it, so
 * that scaling a ReLU network, which changes nothing of it, does not change the picture either. Biases and other vectors stay where they are.
 */
export async function lossLandscape(
  probe: LossProbe,
  { points, radius, dimensions, seed }: LandscapeSettings,
  onProgress: Progress = () => undefined,
): Promise<LossLandscape> {
  const start = performance.now();
  const generator = new Generator(seed);
  const u = filterNormalised(probe, generator);
  const v = dimensions === 2 ? filterNormalised(probe, generator) : new Float64Array(probe.size);
  const a = coordinates(points, radius);
  const b = dimensions === 2 ? coordinates(points, radius) : new Float64Array(1);
  const count = a.length * b.length;
  const column = () => new Float64Array(count);
  const values = { loss: column(), objective: column(), constraint: column(), penalty: column() };
  const moved = new Float64Array(probe.size);
  for (let j = 0; j < b.length; j++)
    for (let i = 0; i < a.length; i++) {
      for (let k = 0; k < moved.length; k++) moved[k] = probe.weights[k] + a[i] * u[k] + b[j] * v[k];
      const found = await probe.loss(moved);
      for (const key of Object.keys(values) as (keyof ProbedLoss)[]) values[key][j * a.length + i] = found[key];
      await onProgress(j * a.length + i + 1, count);
    }
  return { a, b, values, seconds: (performance.now() - start) / 1e3 };
}

const coordinates = (points: number, radius: number): Float64Array =>
  Float64Array.from({ length: points }, (_, i) => (points === 1 ? 0 : radius * ((2 * i) / (points - 1) - 1)));

/** A random direction, [size], whose columns in every kernel [inputs, outputs] have the norms of the kernel's own; 0 at vectors. */
export function filterNormalised(
  { blocks, weights, size }: Pick<LossProbe, 'blocks' | 'weights' | 'size'>,
  generator: Generator,
): Float64Array {
  const direction = new Float64Array(size);
  for (const { shape, first, length } of blocks.filter(isMatrix)) {
    const [inputs, outputs] = shape;
    const draws = generator.standardNormals(length);
    for (let j = 0; j < outputs; j++) {
      let [own, drawn] = [0, 0];
      for (let i = 0; i < inputs; i++) {
        own += weights[first + i * outputs + j] ** 2;
        drawn += draws[i * outputs + j] ** 2;
      }
      const scale = drawn > 0 ? Math.sqrt(own / drawn) : 0;
      for (let i = 0; i < inputs; i++) direction[first + i * outputs + j] = scale * draws[i * outputs + j];
    }
  }
  return direction;
}

const isMatrix = ({ shape }: WeightBlock): boolean => shape.length === 2;
