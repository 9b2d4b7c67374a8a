import type { Tensor } from '../../numerics/devices/device';
import type { LayerEvaluation, Pass } from './technique';

/** A batch that a layer has computed on the host, in float64. */
export interface HostBatch {
  /** [B, n], row-major. */
  y: Float64Array;
  /** Inner iterations of each instance. */
  iterations: number[];
  /** Why an instance passed unchanged; null where the layer did its work. */
  failures: (string | null)[];
  /** dℓ/d(raw) [B, width] from dℓ/dy [B, n]. x is data and has no gradient. */
  backward(dy: Float64Array): Float64Array;
}

/** The layer on raw outputs [B, width] and x [B, e]. */
export type HostLayer = (raw: Float64Array, X: Float64Array, count: number) => HostBatch;

/** A layer that computes one instance after the other; `differentiate` puts dℓ/d(raw) of one into gradient[at …], from dℓ/dy = dy[at …]. */
export function instanceLayer<Solved extends { y: Float64Array; iterations: number; failure: string | null }>(
  { n, e }: { n: number; e: number },
  solve: (raw: Float64Array, at: number, X: Float64Array, xAt: number) => Solved,
  differentiate: (solved: Solved, dy: Float64Array, gradient: Float64Array, at: number) => void,
): HostLayer {
  return (raw, X, count) => {
    const batch = Array.from({ length: count }, (_, i) => solve(raw, i * n, X, i * e));
    const y = new Float64Array(count * n);
    batch.forEach((solved, i) => y.set(solved.y, i * n));
    return {
      y,
      iterations: batch.map(({ iterations }) => iterations),
      failures: batch.map(({ failure }) => failure),
      backward(dy) {
        const gradient = new Float64Array(count * n);
        batch.forEach((solved, i) => differentiate(solved, dy, gradient, i * n));
        return gradient;
      },
    };
  };
}

/** Metrics that every layer on the host has. */
export const hostLayerMetrics = [
  ...['inner/iterations', 'inner/failed', 'time/inner_forward', 'time/inner_backward'],
  'inner/displacement',
] as const;

/** The layer as an op with a gradient, [B, width] → [B, n]. It is computed in float64 whatever the device's precision. */
export function applyHostLayer(
  { device, data, note }: Pass<unknown>,
  raw: Tensor,
  x: Tensor,
  layer: HostLayer,
): Tensor {
  const { tf, tensor } = device;
  const op = tf.customGrad((..._: unknown[]) => {
    const count = raw.shape[0];
    const began = performance.now();
    const batch = layer(Float64Array.from(raw.dataSync()), Float64Array.from(x.dataSync()), count);
    note('time/inner_forward', performance.now() - began);
    note('inner/iterations', batch.iterations.reduce((sum, value) => sum + value, 0) / count);
    note('inner/failed', batch.failures.filter((failure) => failure !== null).length);
    const gradFunc = (dy: Tensor) => {
      const begun = performance.now();
      const gradient = batch.backward(Float64Array.from(dy.dataSync()));
      note('time/inner_backward', performance.now() - begun);
      return [tensor(gradient, raw.shape)];
    };
    return { value: tensor(batch.y, [count, data.n]), gradFunc };
  });
  return op(raw);
}

/** What there is to say of a validation set whose outputs are y and of which nothing else is measured. */
export const evaluated = (outputs: Float64Array): LayerEvaluation => ({
  ...{ outputs, metrics: {}, vectors: {}, inner: null, notes: [], cautions: [] },
});

/** What the layer makes of a validation set, and how far it moves ŷ, which is [N, n] as y is. */
export function evaluateHostLayer(
  { data: { n, e } }: Pass<unknown>,
  raw: Float64Array,
  X: Float64Array,
  layer: HostLayer,
): LayerEvaluation {
  const count = X.length / e;
  const { y, failures } = layer(raw, X, count);
  const metrics = { 'inner/displacement': meanDistance(n, count, y, raw) };
  return { ...evaluated(y), metrics, notes: failureNotes(failures) };
}

/** Mean over instances of ‖y − ŷ‖; both are [count, n]. */
function meanDistance(n: number, count: number, y: Float64Array, raw: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    let squared = 0;
    for (let j = i * n; j < (i + 1) * n; j++) squared += (y[j] - raw[j]) ** 2;
    sum += Math.sqrt(squared);
  }
  return sum / count;
}

/** One line for every reason, with the first instances that have it. */
function failureNotes(failures: readonly (string | null)[]): string[] {
  const instances = new Map<string, number[]>();
  failures.forEach((failure, i) => {
    if (failure !== null) instances.set(failure, [...(instances.get(failure) ?? []), i]);
  });
  return [...instances].map(([reason, which]) => {
    const shown = which.slice(0, 10).join(', ');
    const more = which.length > 10 ? ` and ${which.length - 10} more` : '';
    return `validation instances ${shown}${more} passed the layer unchanged: ${reason}`;
  });
}
