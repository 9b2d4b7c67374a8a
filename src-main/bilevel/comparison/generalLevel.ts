import { AdjointError } from '@shared/errors';
import { cholesky, solveCholesky } from '../../numerics/linalg/cholesky';
import { init, makeAdmm, step, terminate, type Admm } from '../../solvers/firstOrder/admm';
import { lowerLevelFailure } from '../lower/lowerLevel';
import type { QuadraticBilevel } from '../quadratic';

/**
 * A lower level with bounds as a user of a general solver has it: operator splitting to a tolerance, from a start that may be given,
 * and no word on which bounds are active. Who wants a derivative guesses them by a distance from the bounds.
 */
export class GeneralLevel {
  readonly #problem: QuadraticBilevel;
  readonly #admm: Admm;
  readonly #linear: Float64Array;
  readonly #threshold: number;

  /**
   * @param threshold how near its bound a variable counts as active
   * @throws AdjointError `unsupported` with rows that couple x and y
   */
  constructor(problem: QuadraticBilevel, { tolerance, threshold }: { tolerance: number; threshold: number }) {
    const { n, m, lower } = problem;
    if (m > 0)
      throw new AdjointError('unsupported', 'The comparison of hypergradients takes lower levels with bounds only.', {
        fix: 'Take coupled, V2 or V3.',
      });
    const identity = new Float64Array(n * n);
    for (let j = 0; j < n; j++) identity[j * (n + 1)] = 1;
    this.#problem = problem;
    this.#linear = new Float64Array(n);
    const data = { n, rows: n, Q: lower.Q, A: identity };
    // The step size is adapted once and then kept: a solve does not depend on those before it.
    const adapted = this.#run(makeAdmm(data, { tolerance }), new Float64Array(problem.d), problem.q);
    this.#admm = makeAdmm(data, { tolerance, rho: adapted.rho, adaptEvery: 0 });
    this.#threshold = threshold;
  }

  /**
   * y*(x) to the tolerance, [n]; overwritten by the next solve. Every solve begins at `start` [n], at 0 without one, with multipliers 0;
   * the factor is kept, as in a program that is updated with new data.
   *
   * @throws AdjointError `bad-request` where it does not converge
   */
  solve(x: Float64Array, q: Float64Array, start?: Float64Array): Float64Array {
    this.#run(this.#admm, x, q, start);
    if (this.#admm.status !== 'converged') throw lowerLevelFailure('iteration limit', x);
    return this.#admm.y;
  }

  #run(admm: Admm, x: Float64Array, q: Float64Array, start?: Float64Array): Admm {
    const { n, lower } = this.#problem;
    this.#problem.linearTerm(x, this.#linear, q);
    init(admm, this.#linear, lower.lower, lower.upper, true);
    admm.multipliers.fill(0);
    for (let j = 0; j < n; j++) {
      admm.y[j] = start?.[j] ?? 0;
      admm.z[j] = Math.min(lower.upper[j], Math.max(lower.lower[j], admm.y[j]));
    }
    while (!terminate(admm)) step(admm);
    return admm;
  }

  /** u with Q_FF u_F = v_F over the variables that are not within the threshold of a bound at y, and 0 elsewhere, [n]. */
  adjoint(y: Float64Array, v: Float64Array): Float64Array {
    const { n, lower } = this.#problem;
    const free: number[] = [];
    for (let j = 0; j < n; j++)
      if (y[j] - lower.lower[j] > this.#threshold && lower.upper[j] - y[j] > this.#threshold) free.push(j);
    const k = free.length;
    const reduced = new Float64Array(k * k);
    const rhs = new Float64Array(k);
    for (let a = 0; a < k; a++) {
      for (let b = 0; b <= a; b++) reduced[a * k + b] = lower.Q[free[a] * n + free[b]];
      rhs[a] = v[free[a]];
    }
    cholesky(k, reduced);
    solveCholesky(k, reduced, rhs);
    const u = new Float64Array(n);
    for (let a = 0; a < k; a++) u[free[a]] = rhs[a];
    return u;
  }
}
