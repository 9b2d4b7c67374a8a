import { dot } from '../../numerics/linalg/products';
import { makeDualActiveSet, solveInequalityQp, type DualActiveSet } from '../../solvers/activeSet/dualActiveSet';
import { rowLimits } from '../problem';
import type { QuadraticBilevel } from '../quadratic';
import {
  checkPoint,
  lowerLevelFailure,
  weakTolerance,
  type LowerLevel,
  type LowerRow,
  type LowerSolution,
  type SolveOptions,
} from './lowerLevel';
import { oppositeRows } from './oppositeRows';

/** A positive definite lower level with rows, and bounds as further rows, by the dual active-set method. */
export class RowsLowerLevel implements LowerLevel {
  readonly method = 'dual active set';
  readonly bytes: number;
  readonly #problem: QuadraticBilevel;
  /** What each row of the solver is. */
  readonly #rows: LowerRow[];
  readonly #solver: DualActiveSet;
  /** The other half of an equality, or −1, of the first m rows. */
  readonly #opposite: Int32Array;
  readonly #linear: Float64Array;
  readonly #limits: Float64Array;
  readonly #noEqualities = new Float64Array(0);
  readonly #weak: LowerRow[] = [];
  readonly #solution: LowerSolution;
  readonly #adjoint: { u: Float64Array; w: Float64Array };
  readonly #residual: Float64Array;
  readonly #step: Float64Array;
  readonly #rates: Float64Array;

  constructor(problem: QuadraticBilevel) {
    const { n, m, lower } = problem;
    this.#problem = problem;
    const rows: LowerRow[] = Array.from({ length: m }, (_, index) => ({ kind: 'inequality', index }));
    for (let index = 0; index < n; index++) {
      if (lower.lower[index] > -Infinity) rows.push({ kind: 'lower', index });
      if (lower.upper[index] < Infinity) rows.push({ kind: 'upper', index });
    }
    this.#rows = rows;
    this.#opposite = oppositeRows(problem);
    const G = new Float64Array(rows.length * n);
    G.set(lower.A);
    this.#limits = new Float64Array(rows.length);
    for (let r = m; r < rows.length; r++) {
      const { kind, index } = rows[r];
      G[r * n + index] = kind === 'lower' ? -1 : 1;
      this.#limits[r] = kind === 'lower' ? -lower.lower[index] : lower.upper[index];
    }
    this.#solver = makeDualActiveSet({ n, e: 0, m: rows.length, Q: lower.Q, A: this.#noEqualities, G });
    const zeros = (length = n) => new Float64Array(length);
    // L, J and R of the factorisation, the normals here and in the solver, and vectors.
    this.bytes = 8 * (3 * n * n + 2 * rows.length * n + 12 * n + 4 * rows.length);
    this.#linear = zeros();
    this.#solution = {
      y: this.#solver.y,
      multipliers: { inequality: zeros(m), lower: zeros(), upper: zeros() },
      ...{ held: new Uint8Array(m), side: new Int8Array(n), weak: this.#weak },
    };
    this.#adjoint = { u: zeros(), w: zeros(m) };
    [this.#residual, this.#step, this.#rates] = [zeros(), zeros(), zeros()];
  }

  solve(x: Float64Array, { warm = false, q }: SolveOptions = {}): LowerSolution {
    const solver = this.#solver;
    checkPoint(x, this.#problem.d);
    this.#problem.linearTerm(x, this.#linear, q);
    rowLimits(this.#problem, x, this.#limits);
    solveInequalityQp(solver, this.#linear, this.#noEqualities, this.#limits, warm);
    if (solver.status !== 'optimal') throw lowerLevelFailure(solver.status ?? 'iteration limit', x);
    this.#holdEqualities();
    this.#letGoOfWeakRows();
    this.#readMultipliers();
    return this.#solution;
  }

  /** One half of every equality is in the factor, also where the other rows alone happen to satisfy it. */
  #holdEqualities(): void {
    const { factor, multipliers, normals, work } = this.#solver;
    const { n } = this.#problem;
    this.#opposite.forEach((other, r) => {
      if (other < r || factor.has(r) || factor.has(other)) return;
      if (factor.directions(normals.subarray(r * n, (r + 1) * n), work.primal, work.dual) === 0) return;
      factor.add(r, normals, r * n);
      multipliers[r] = 0;
    });
  }

  /** Weakly active rows leave the factor, so that the derivative counts them as inactive. */
  #letGoOfWeakRows(): void {
    const { n, lower } = this.#problem;
    const { factor, multipliers, normals, rhs, y, p } = this.#solver;
    let scale = 1;
    for (let j = 0; j < n; j++) scale = Math.max(scale, Math.abs(p[j]));
    this.#weak.length = 0;
    this.#rows.forEach((row, r) => {
      if (row.kind === 'inequality' ? this.#opposite[r] >= 0 : lower.lower[row.index] === lower.upper[row.index])
        return;
      const held = factor.has(r);
      let [largest, terms] = [0, Math.max(1, Math.abs(rhs[r]))];
      for (let j = 0, at = r * n; j < n; j++, at++) {
        largest = Math.max(largest, Math.abs(normals[at]));
        terms = Math.max(terms, Math.abs(normals[at] * y[j]));
      }
      const distance = held ? (multipliers[r] * largest) / scale : (rhs[r] - dot(n, normals, r * n, y, 0)) / terms;
      if (distance > weakTolerance) return;
      this.#weak.push(row);
      if (held) factor.remove(factor.rows.indexOf(r));
    });
  }

  #readMultipliers(): void {
    const { multipliers, held, side } = this.#solution;
    const { factor } = this.#solver;
    held.fill(0);
    side.fill(0);
    for (const values of Object.values(multipliers)) values.fill(0);
    for (let k = 0; k < factor.size; k++) {
      const { kind, index } = this.#rows[factor.rows[k]];
      multipliers[kind][index] = this.#solver.multipliers[factor.rows[k]];
      if (kind === 'inequality') held[index] = 1;
      else side[index] = kind === 'lower' ? -1 : 1;
    }
  }

  /** u = Hv and w = N⁺v with the operators of Goldfarb & Idnani; one step of refinement. */
  adjoint(v: Float64Array): { u: Float64Array; w: Float64Array } {
    const { n, lower } = this.#problem;
    const { factor, normals } = this.#solver;
    const { u, w } = this.#adjoint;
    const [residual, step, rates] = [this.#residual, this.#step, this.#rates];
    factor.directions(v, u, rates);
    for (let j = 0; j < n; j++) residual[j] = v[j] - dot(n, lower.Q, j * n, u, 0);
    this.#accumulate(rates, residual, normals);
    w.fill(0);
    this.#addRates(rates);
    factor.directions(residual, step, rates);
    for (let j = 0; j < n; j++) u[j] += step[j];
    this.#addRates(rates);
    return this.#adjoint;
  }

  saveWarmStart(): Float64Array {
    return this.#solver.factor.save();
  }

  restoreWarmStart(saved: Float64Array): void {
    this.#solver.factor.restore(saved);
  }

  /** residual ← residual − N rates */
  #accumulate(rates: Float64Array, residual: Float64Array, normals: Float64Array): void {
    const { n } = this.#problem;
    const { factor } = this.#solver;
    for (let k = 0; k < factor.size; k++)
      for (let j = 0, at = factor.rows[k] * n; j < n; j++, at++) residual[j] -= rates[k] * normals[at];
  }

  #addRates(rates: Float64Array): void {
    const { factor } = this.#solver;
    for (let k = 0; k < factor.size; k++) {
      const { kind, index } = this.#rows[factor.rows[k]];
      if (kind === 'inequality') this.#adjoint.w[index] += rates[k];
    }
  }
}
