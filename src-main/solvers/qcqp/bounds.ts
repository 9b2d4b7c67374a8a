import type { QcqpFamily } from '../../modelling/families/family';
import { QcqpSolver, type InstanceSolver } from './solver';
import type { QcqpResult, QcqpSolverSettings } from './types';

/** A finite bound as the linear row ±y_j ≤ ±b. */
export interface BoundRow {
  kind: 'lower' | 'upper';
  variable: number;
  bound: number;
}

/** The finite bounds of a family, lower ones first. */
export function boundRows({ n, lower, upper }: QcqpFamily): BoundRow[] {
  const rows: BoundRow[] = [];
  for (const [kind, bounds] of [
    ['lower', lower],
    ['upper', upper],
  ] as const)
    for (let j = 0; bounds && j < n; j++)
      if (Number.isFinite(bounds[j])) rows.push({ kind, variable: j, bound: bounds[j] });
  return rows;
}

/** The same problem with its bounds as rows m, m + 1, … in the order of `boundRows`. */
export function boundsAsRows(family: QcqpFamily): QcqpFamily {
  const { n, m, diagonal } = family;
  const rows = boundRows(family);
  if (rows.length === 0) return family;
  const total = m + rows.length;
  const G = new Float64Array(total * n);
  const H = new Float64Array(total * (diagonal ? n : n * n));
  const h = new Float64Array(total);
  G.set(family.G);
  H.set(family.H);
  h.set(family.h);
  rows.forEach(({ kind, variable, bound }, r) => {
    const sign = kind === 'lower' ? -1 : 1;
    G[(m + r) * n + variable] = sign;
    h[m + r] = sign * bound;
  });
  const { e, Q, p, A } = family;
  return { n, m: total, e, Q, p, A, G, H, diagonal, h };
}

/** A solver for a family with or without bounds. @throws AdjointError `bad-request` if A has no full row rank */
export function makeSolver(family: QcqpFamily, settings: Partial<QcqpSolverSettings> = {}): InstanceSolver {
  return boundRows(family).length === 0 ? new QcqpSolver(family, settings) : new BoundedSolver(family, settings);
}

/**
 * Bounds are added only where they matter: an optimum of the problem without them that satisfies them is the optimum with them, their
 * multipliers 0. Otherwise they join as linear rows. Which of the two is tried first is decided by the instance x = 0: by the family
 * alone, so that a result depends on its own instance only.
 */
class BoundedSolver implements InstanceSolver {
  readonly #family: QcqpFamily;
  readonly #settings: Partial<QcqpSolverSettings>;
  readonly #rows: readonly BoundRow[];
  readonly #relaxed: QcqpSolver;
  #full: QcqpSolver | null = null;
  readonly #relaxFirst: boolean;
  readonly #lower: Float64Array;
  readonly #upper: Float64Array;
  readonly #inequality: Float64Array;

  constructor(family: QcqpFamily, settings: Partial<QcqpSolverSettings>) {
    this.#family = family;
    this.#settings = settings;
    this.#rows = boundRows(family);
    this.#relaxed = new QcqpSolver(family, settings);
    this.#lower = new Float64Array(family.n);
    this.#upper = new Float64Array(family.n);
    this.#inequality = new Float64Array(family.m);
    this.#relaxFirst = this.#room(this.#relaxed.solve(new Float64Array(family.e)).y) >= 0;
  }

  /** The smallest distance of y to a bound; negative outside. */
  #room(y: Float64Array): number {
    let room = Infinity;
    for (const { kind, variable, bound } of this.#rows)
      room = Math.min(room, kind === 'lower' ? y[variable] - bound : bound - y[variable]);
    return room;
  }

  solve(x: Float64Array, at = 0): QcqpResult {
    const lower = this.#lower.fill(0);
    const upper = this.#upper.fill(0);
    if (this.#relaxFirst) {
      const relaxed = this.#relaxed.solve(x, at);
      // Without a feasible point outside the box there is none inside.
      if (relaxed.status === 'primal infeasible') return { ...relaxed, lower, upper };
      const room = relaxed.status === 'optimal' ? this.#room(relaxed.y) : -1;
      if (room >= 0) {
        const complementarityMargin = Math.min(relaxed.certificate.complementarityMargin, room);
        return { ...relaxed, lower, upper, certificate: { ...relaxed.certificate, complementarityMargin } };
      }
    }
    this.#full ??= new QcqpSolver(boundsAsRows(this.#family), this.#settings);
    const full = this.#full.solve(x, at);
    const { m } = this.#family;
    this.#inequality.set(full.inequality.subarray(0, m));
    this.#rows.forEach(({ kind, variable }, r) => {
      (kind === 'lower' ? lower : upper)[variable] = full.inequality[m + r];
    });
    return { ...full, inequality: this.#inequality, lower, upper };
  }
}
