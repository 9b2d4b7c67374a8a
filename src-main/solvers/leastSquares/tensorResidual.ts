import type { Device, Scalar, Tensor } from '../../numerics/devices/device';
import { plainKernels } from '../../numerics/linalg/denseKernels';
import type { DifferentiableResidual } from './residualModel';

export interface TensorResidualSpec<Datum extends string> {
  n: number;
  rows: number;
  /**
   * r [B, rows] of y [B, n], in ops that have second derivatives. Rows of the batch must not depend on each other; data have the shapes of one
   * instance and apply to all of B.
   */
  residual: (y: Tensor, data: Record<Datum, Tensor>) => Tensor;
  data: Record<Datum, { values: ArrayLike<number>; shape: number[] }>;
}

/** Sums of derivatives by datum, in the shapes of the data; a datum that is absent costs nothing. */
export type TensorGradient<Datum extends string> = Partial<Record<Datum, Float64Array>>;

/**
 * Any residual that is written in TensorFlow.js ops. J comes from one backward pass over `rows` copies of y, each with another row's cotangent;
 * derivatives of weightᵀJa are those of aᵀ∇(weightᵀr). Its precision is the device's.
 */
export class TensorResidual<Datum extends string> implements DifferentiableResidual<TensorGradient<Datum>> {
  readonly n: number;
  readonly rows: number;
  readonly kernels = plainKernels;
  readonly lowRank = null;
  readonly #device: Device;
  readonly #spec: TensorResidualSpec<Datum>;
  readonly #data: Record<Datum, Tensor>;
  readonly #jacobian: Float64Array;
  readonly #transposed: Float64Array;
  readonly #point: Float64Array;

  constructor(device: Device, spec: TensorResidualSpec<Datum>) {
    const { n, rows, data } = spec;
    this.#device = device;
    this.#spec = spec;
    [this.n, this.rows] = [n, rows];
    this.#jacobian = new Float64Array(rows * n);
    this.#transposed = new Float64Array(rows * n);
    this.#point = new Float64Array(n);
    const names = Object.keys(data) as Datum[];
    this.#data = Object.fromEntries(
      names.map((name) => [name, device.tensor(data[name].values, data[name].shape)]),
    ) as Record<Datum, Tensor>;
  }

  /** Another value of a datum: of the next instance, or of a weight that is learnt. */
  set(name: Datum, values: ArrayLike<number>): void {
    this.#data[name].dispose();
    this.#data[name] = this.#device.tensor(values, this.#spec.data[name].shape);
  }

  dispose(): void {
    for (const tensor of Object.values<Tensor>(this.#data)) tensor.dispose();
  }

  residual(y: Float64Array, r: Float64Array): void {
    const { tf, tensor } = this.#device;
    tf.tidy(() => r.set(this.#spec.residual(tensor(y, [1, this.n]), this.#data).dataSync()));
  }

  linearise(y: Float64Array): void {
    const { tf } = this.#device;
    const { n, rows } = this;
    this.#point.set(y);
    tf.tidy(() => {
      const copies = this.#copies(y, rows);
      const J = this.#slope((given) => tf.sum(tf.mul(this.#spec.residual(given, this.#data), tf.eye(rows))), copies);
      if (J) this.#jacobian.set(J.dataSync());
      else this.#jacobian.fill(0);
    });
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < n; j++) this.#transposed[j * rows + i] = this.#jacobian[i * n + j];
  }

  /** y, `count` times: [count, n] */
  #copies(y: Float64Array, count: number): Tensor {
    const { tf, tensor } = this.#device;
    return tf.tile(tensor(y, [1, this.n]), [count, 1]);
  }

  /** ∇f(at), or null where f does not depend on it. */
  #slope(f: (at: Tensor) => Tensor, at: Tensor): Tensor | null {
    const { grads } = this.#device.tf.engine().gradients(() => f(at) as Scalar, [at], undefined, true);
    return grads[0] as Tensor | null;
  }

  multiply(v: Float64Array, out: Float64Array): void {
    this.kernels.multiply(this.rows, this.n, this.#jacobian, v, 0, out, 0);
  }

  multiplyTransposed(u: Float64Array, out: Float64Array): void {
    out.fill(0);
    this.kernels.addTransposed(this.rows, this.n, this.#jacobian, u, 0, out);
  }

  normalMatrix(out: Float64Array): void {
    this.kernels.multiplySymmetric(this.n, this.rows, this.#transposed, out, 0, this.n);
  }

  addCurvature(weight: Float64Array, out: Float64Array): void {
    const { tf } = this.#device;
    const { n, rows } = this;
    tf.tidy(() => {
      const w = this.#device.tensor(weight, [1, rows]);
      // Row b: the gradient of the b-th entry of the gradient.
      const entry = (given: Tensor) => {
        const slope = this.#slope((y) => tf.sum(tf.mul(this.#spec.residual(y, this.#data), w)), given);
        return slope ? tf.sum(tf.mul(slope, tf.eye(n))) : tf.sum(tf.mul(given, 0));
      };
      const hessian = this.#slope(entry, this.#copies(this.#point, n))?.dataSync();
      if (hessian) for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) out[i * n + j] += hessian[i * n + j];
    });
  }

  pullResidual(y: Float64Array, weight: Float64Array, cotangent: Float64Array, into: TensorGradient<Datum>): void {
    const { tf, tensor } = this.#device;
    this.#pull(y, cotangent, into, (given, data) =>
      tf.sum(tf.mul(this.#spec.residual(given, data), tensor(weight, [1, this.rows]))),
    );
  }

  pullJacobian(
    y: Float64Array,
    weight: Float64Array,
    a: Float64Array,
    cotangent: Float64Array,
    into: TensorGradient<Datum>,
  ): void {
    const { tf, tensor } = this.#device;
    this.#pull(y, cotangent, into, (given, data) => {
      const w = tensor(weight, [1, this.rows]);
      const slope = this.#slope((at) => tf.sum(tf.mul(this.#spec.residual(at, data), w)), given);
      return slope && tf.sum(tf.mul(slope, tensor(a, [1, this.n])));
    });
  }

  pullDiagonal(y: Float64Array, weight: Float64Array, cotangent: Float64Array, into: TensorGradient<Datum>): void {
    const { tf, tensor } = this.#device;
    const { n, rows } = this;
    this.#pull(y, cotangent, into, (given, data) => {
      const copies = tf.tile(given, [rows, 1]);
      const J = this.#slope((at) => tf.sum(tf.mul(this.#spec.residual(at, data), tf.eye(rows))), copies);
      return J && tf.sum(tf.mul(tf.square(J), tensor(weight, [1, n])));
    });
  }

  /** Adds the gradient of a scalar of y and the data. */
  #pull(
    y: Float64Array,
    cotangent: Float64Array,
    into: TensorGradient<Datum>,
    scalar: (y: Tensor, data: Record<Datum, Tensor>) => Tensor | null,
  ): void {
    const { tf, tensor } = this.#device;
    const names = (Object.keys(into) as Datum[]).filter((name) => into[name]);
    tf.tidy(() => {
      const given = tensor(y, [1, this.n]);
      const inputs = [given, ...names.map((name) => this.#data[name])];
      const sums = [cotangent, ...names.map((name) => into[name]!)];
      const value = () => (scalar(given, this.#data) ?? tf.sum(tf.mul(given, 0))) as Scalar;
      const { grads } = tf.engine().gradients(value, inputs, undefined, true);
      (grads as (Tensor | null)[]).forEach((gradient, at) =>
        gradient?.dataSync().forEach((value, k) => (sums[at][k] += value)),
      );
    });
  }
}
