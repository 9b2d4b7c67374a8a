import type { DenseKernels } from '../../numerics/linalg/denseKernels';
import type { DifferentiableResidual } from './residualModel';

/** One residual among others, with where it begins and arrays of its own. */
interface Part<Gradient> {
  model: DifferentiableResidual<Gradient>;
  from: number;
  y: Float64Array;
  a: Float64Array;
  out: Float64Array;
  rows: Float64Array;
  weight: Float64Array;
  matrix: Float64Array;
}

/**
 * Residuals of the same unknowns one below the other: ½‖r‖² is the sum of their costs. The derivatives of part p go to `into[p]`.
 */
export class CompositeResidual<Gradient> implements DifferentiableResidual<readonly Gradient[]> {
  readonly n: number;
  readonly rows: number;
  readonly kernels: DenseKernels;
  readonly lowRank = null;
  readonly #parts: Part<Gradient>[];

  /** Every model must have the same n. */
  constructor(models: readonly DifferentiableResidual<Gradient>[]) {
    const [{ n, kernels }] = models;
    this.n = n;
    this.kernels = kernels;
    let from = 0;
    this.#parts = models.map((model) => {
      const array = (length: number) => model.kernels.allocate(length);
      const part = {
        ...{ model, from, y: array(n), a: array(n), out: array(n) },
        ...{ rows: array(model.rows), weight: array(model.rows), matrix: array(n * n) },
      };
      from += model.rows;
      return part;
    });
    this.rows = from;
  }

  residual(y: Float64Array, r: Float64Array): void {
    for (const part of this.#parts) {
      part.y.set(y);
      part.model.residual(part.y, part.rows);
      r.set(part.rows, part.from);
    }
  }

  linearise(y: Float64Array, r: Float64Array): void {
    for (const part of this.#parts) {
      part.y.set(y);
      take(r, part.from, part.rows);
      part.model.linearise(part.y, part.rows);
    }
  }

  multiply(v: Float64Array, out: Float64Array): void {
    for (const part of this.#parts) {
      part.a.set(v);
      part.model.multiply(part.a, part.rows);
      out.set(part.rows, part.from);
    }
  }

  multiplyTransposed(u: Float64Array, out: Float64Array): void {
    out.fill(0);
    for (const part of this.#parts) {
      take(u, part.from, part.weight);
      part.model.multiplyTransposed(part.weight, part.out);
      add(part.out, out);
    }
  }

  normalMatrix(out: Float64Array): void {
    out.fill(0);
    for (const part of this.#parts) {
      part.model.normalMatrix(part.matrix);
      add(part.matrix, out);
    }
  }

  addCurvature(weight: Float64Array, out: Float64Array): void {
    for (const part of this.#parts) {
      take(weight, part.from, part.weight);
      part.matrix.fill(0);
      part.model.addCurvature(part.weight, part.matrix);
      add(part.matrix, out);
    }
  }

  pullResidual(y: Float64Array, weight: Float64Array, cotangent: Float64Array, into: readonly Gradient[]): void {
    this.#parts.forEach((part, p) => {
      part.y.set(y);
      take(weight, part.from, part.weight);
      part.out.fill(0);
      part.model.pullResidual(part.y, part.weight, part.out, into[p]);
      add(part.out, cotangent);
    });
  }

  pullJacobian(
    y: Float64Array,
    weight: Float64Array,
    a: Float64Array,
    cotangent: Float64Array,
    into: readonly Gradient[],
  ): void {
    this.#parts.forEach((part, p) => {
      part.y.set(y);
      part.a.set(a);
      take(weight, part.from, part.weight);
      part.out.fill(0);
      part.model.pullJacobian(part.y, part.weight, part.a, part.out, into[p]);
      add(part.out, cotangent);
    });
  }

  pullDiagonal(y: Float64Array, weight: Float64Array, cotangent: Float64Array, into: readonly Gradient[]): void {
    this.#parts.forEach((part, p) => {
      part.y.set(y);
      part.a.set(weight);
      part.out.fill(0);
      part.model.pullDiagonal(part.y, part.a, part.out, into[p]);
      add(part.out, cotangent);
    });
  }
}

function take(from: Float64Array, at: number, to: Float64Array): void {
  for (let i = 0; i < to.length; i++) to[i] = from[at + i];
}

function add(from: Float64Array, to: Float64Array): void {
  for (let i = 0; i < from.length; i++) to[i] += from[i];
}
