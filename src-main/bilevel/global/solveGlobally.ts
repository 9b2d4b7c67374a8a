import { AdjointError } from '@shared/errors';
import { dot } from '../../numerics/linalg/products';
import { factorRowSpace } from '../../numerics/linalg/rowSpace';
import { makeLowerLevel } from '../lower/makeLowerLevel';
import type { Box } from '../problem';
import type { QuadraticBilevel } from '../quadratic';
import { complementarityProgram, type ComplementarityProgram, type Pair } from './complementarity';
import { isFeasible, makePiece, minimiseBelow, minimiseConvex, type Piece } from './piece';

export interface GlobalSettings {
  /** Nodes of the tree, at most. */
  nodes: number;
  /** A node whose bound is within this of the best value, relative to max(1, |F|), is not looked into. */
  tolerance: number;
  /** Seconds, at most. */
  seconds: number;
  /** Called at every node; true ends the search. */
  cancelled?: () => boolean;
}

export const defaultGlobalSettings: GlobalSettings = { nodes: 50_000, seconds: Infinity, tolerance: 1e-9 };

export interface GlobalSolution {
  /** `limit`: the tree was not searched to its end; `bound` says what is left. `unknown pieces` likewise, see `unknown`. */
  status: 'optimal' | 'infeasible' | 'unbounded' | 'limit' | 'unknown pieces';
  /** The best point found, or null. */
  best: { F: number; x: Float64Array; y: Float64Array } | null;
  /** No feasible point has a smaller F than this. */
  bound: number;
  nodes: number;
  /** Nodes on which f was not convex, and was bounded by chords or split into faces. */
  nonconvex: number;
  /** Pieces on which the convex solver gave no certified answer. */
  unknown: number;
  /** g at (x, y) above what the lower level's own solver finds at x; NaN without a point. */
  lowerGap: number;
}

/** Inequalities held with equality, and a lower bound of f on them. */
interface Node {
  held: ReadonlySet<number>;
  bound: number;
}

/** Relative size below which a slack or multiplier is 0. */
const complementary = 1e-9;
/** Rows across the concave direction: the cosine with it is larger than this. */
const crossing = 1e-10;

/**
 * The global optimum of a bilevel problem with quadratic levels and linear rows, by branch and bound on the complementarity of its lower
 * level: at a node some rows are active (slack 0) or idle (multiplier 0) and the others are free of the condition; the convex quadratic
 * program that is left bounds F from below (Bard & Moore, *SIAM J. Sci. Stat. Comput.* 11, 1990; Edmunds & Bard, *IEEE Trans. SMC* 21,
 * 1991). Where f is not convex on a node, chords of its concave directions bound it; where all rows are decided and it is still not
 * convex, its least value lies on a face across the most concave direction, along which every interior point has a lower one on the
 * boundary, and the faces are the next nodes. So every node ends in convex programs, each with a certificate of its own, and `bound` is a
 * proof to their tolerance. Of active rows only independent ones need to have multipliers (Carathéodory), which leaves finitely many.
 */
export function solveGlobally(problem: QuadraticBilevel, given: Partial<GlobalSettings> = {}): GlobalSolution {
  const settings = { ...defaultGlobalSettings, ...given };
  const search = new Search(complementarityProgram(problem), settings, answers(problem));
  const result = search.run();
  if (result.best) {
    clip(result.best.x, problem.domain);
    clip(result.best.y, problem.bounds);
  }
  return { ...result, lowerGap: result.best ? lowerGap(problem, result.best) : NaN };
}

/** Rounding does not take a point out of its box. */
function clip(values: Float64Array, { lower, upper }: Box): void {
  for (let i = 0; i < values.length; i++) values[i] = Math.min(upper[i], Math.max(lower[i], values[i]));
}

/** y*(x) where the lower level's own solver finds it and the rows of the upper level hold there, or null. */
function answers(problem: QuadraticBilevel): (x: Float64Array) => Float64Array | null {
  const { d, n, upperRows, domain } = problem;
  const level = makeLowerLevel(problem);
  return (x) => {
    if (x.some((value, i) => value < domain.lower[i] || value > domain.upper[i])) return null;
    try {
      const { y } = level.solve(x);
      const { C, D, e } = upperRows;
      return e.every((limit, r) => dot(d, C, r * d, x, 0) + dot(n, D, r * n, y, 0) <= limit) ? y : null;
    } catch (error) {
      if (error instanceof AdjointError) return null;
      throw error;
    }
  };
}

function lowerGap(problem: QuadraticBilevel, { x, y }: { x: Float64Array; y: Float64Array }): number {
  try {
    return problem.lowerValue(x, y) - problem.lowerValue(x, makeLowerLevel(problem).solve(x).y);
  } catch (error) {
    // x may lie where the lower level is feasible in one point only, which its own solver rounds away.
    if (error instanceof AdjointError) return NaN;
    throw error;
  }
}

class Search {
  readonly #program: ComplementarityProgram;
  readonly #settings: GlobalSettings;
  readonly #answer: (x: Float64Array) => Float64Array | null;
  readonly #seen = new Set<string>();
  #open: Node[] = [];
  #best: GlobalSolution['best'] = null;
  #nodes = 0;
  #nonconvex = 0;
  #unknown = 0;
  /** The least bound of nodes that were given up. */
  #givenUp = Infinity;

  constructor(
    program: ComplementarityProgram,
    settings: GlobalSettings,
    answer: (x: Float64Array) => Float64Array | null,
  ) {
    this.#program = program;
    this.#settings = settings;
    this.#answer = answer;
  }

  run(): Omit<GlobalSolution, 'lowerGap'> {
    const { nodes, seconds, cancelled } = this.#settings;
    const end = performance.now() + 1000 * seconds;
    this.#push(new Set(), -Infinity);
    while (this.#open.length > 0) {
      if (this.#nodes >= nodes || performance.now() > end || cancelled?.()) return this.#result('limit');
      const node = this.#takeLeast();
      if (this.#isWorse(node.bound)) continue;
      this.#nodes++;
      if (this.#visit(node) === 'unbounded') return this.#result('unbounded');
    }
    if (this.#unknown > 0 && this.#givenUp < this.#target()) return this.#result('unknown pieces');
    return this.#result(this.#best ? 'optimal' : 'infeasible');
  }

  #result(status: GlobalSolution['status']): Omit<GlobalSolution, 'lowerGap'> {
    const left = this.#open.reduce((least, { bound }) => Math.min(least, bound), this.#givenUp);
    const F = this.#best?.F ?? Infinity;
    const bound = { optimal: Math.min(F, left), infeasible: Infinity, unbounded: -Infinity }[status as string];
    return {
      ...{ status, best: this.#best, bound: bound ?? Math.min(F, left) },
      ...{ nodes: this.#nodes, nonconvex: this.#nonconvex, unknown: this.#unknown },
    };
  }

  #target(): number {
    const F = this.#best?.F ?? Infinity;
    return F - this.#settings.tolerance * Math.max(1, Math.abs(F));
  }

  #isWorse(bound: number): boolean {
    return this.#best !== null && bound >= this.#target();
  }

  #push(held: ReadonlySet<number>, bound: number): void {
    const key = [...held].sort((a, b) => a - b).join(',');
    if (this.#seen.has(key) || this.#hasDependentSupport(held)) return;
    this.#seen.add(key);
    this.#open.push({ held, bound });
  }

  /** The node of least bound; among equals the one with most rows held, so that points are found early. */
  #takeLeast(): Node {
    let at = 0;
    this.#open.forEach(({ bound, held }, i) => {
      const best = this.#open[at];
      if (bound < best.bound || (bound === best.bound && held.size > best.held.size)) at = i;
    });
    const [node] = this.#open.splice(at, 1);
    return node;
  }

  /** Multipliers on dependent rows are not needed: another node has the same points with fewer. */
  #hasDependentSupport(held: ReadonlySet<number>): boolean {
    const { n, pairs, equalities, d } = this.#program;
    const support = pairs.filter(({ slack, multiplier }) => held.has(slack) && !held.has(multiplier));
    const equal = equalities.slice(n).map(({ g }) => g.slice(d, d + n));
    const rankOf = (rows: Float64Array[]) => {
      const stacked = new Float64Array(rows.length * n);
      rows.forEach((row, r) => stacked.set(row, r * n));
      return factorRowSpace(stacked, rows.length, n, 1e-11).rank;
    };
    return rankOf([...equal, ...support.map(({ normal }) => normal)]) < rankOf(equal) + support.length;
  }

  #visit({ held, bound }: Node): 'unbounded' | void {
    const piece = makePiece(this.#program, held);
    if (!piece) return;
    const isConvex = piece.k === 0 || piece.values[0] >= 0;
    if (!isConvex) this.#nonconvex++;
    const found = isConvex ? minimiseConvex(piece) : (minimiseBelow(piece) ?? { status: 'unknown' as const });
    if (found.status === 'infeasible') return;
    const z = found.status === 'optimal' ? found.z : null;
    const least = found.status === 'optimal' ? Math.max(bound, found.value) : bound;
    if (this.#isWorse(least)) return;
    const undecided = this.#undecided(held);
    const violated = z ? this.#mostViolated(undecided, z) : null;
    if (z && !violated) {
      this.#offer(z, held);
      // The least point of the convex relaxation is a point of the problem.
      if (isConvex || this.#isWorse(least)) return;
    }
    if (z && violated) this.#offerAnswer(z);
    const pair = violated ?? undecided[0];
    if (pair) {
      this.#push(new Set([...held, pair.slack]), least);
      this.#push(new Set([...held, pair.multiplier]), least);
    } else if (!isConvex) return this.#splitIntoFaces(piece, held, least);
    else if (found.status === 'unbounded') return 'unbounded';
    else {
      this.#unknown++;
      this.#givenUp = Math.min(this.#givenUp, bound);
    }
  }

  /** The faces that a minimiser must lie on: those across the most concave direction. Where it runs free one way there is none. */
  #splitIntoFaces(piece: Piece, held: ReadonlySet<number>, bound: number): 'unbounded' | void {
    const { k, vectors, rows } = piece;
    const along = rows.map(({ g }) => dot(k, g, 0, vectors, 0));
    const isBlocked = (sign: 1 | -1) => along.some((value) => sign * value > crossing);
    if (!isBlocked(1) || !isBlocked(-1)) {
      const status = isFeasible(piece);
      if (status === 'optimal') return 'unbounded';
      if (status === 'infeasible') return;
      this.#unknown++;
      this.#givenUp = Math.min(this.#givenUp, bound);
      return;
    }
    rows.forEach(({ index }, r) => {
      if (Math.abs(along[r]) > crossing) this.#push(new Set([...held, index]), bound);
    });
  }

  #undecided(held: ReadonlySet<number>): Pair[] {
    return this.#program.pairs.filter(({ slack, multiplier }) => !held.has(slack) && !held.has(multiplier));
  }

  #slack(index: number, z: Float64Array): number {
    const { g, h } = this.#program.inequalities[index];
    return h - dot(z.length, g, 0, z, 0);
  }

  /** The pair of which both sides are farthest from 0, or null where one of each is 0. */
  #mostViolated(pairs: readonly Pair[], z: Float64Array): Pair | null {
    let worst: Pair | null = null;
    let most = complementary * z.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
    for (const pair of pairs) {
      const violation = Math.min(this.#slack(pair.slack, z), this.#slack(pair.multiplier, z));
      if (violation > most) [worst, most] = [pair, violation];
    }
    return worst;
  }

  /** Takes a point of the problem if it is better; first with the smaller side of every pair made 0 exactly, where that can be had. */
  #offer(z: Float64Array, held: ReadonlySet<number>): void {
    const decided = this.#undecided(held).map(({ slack, multiplier }) =>
      this.#slack(slack, z) <= this.#slack(multiplier, z) ? slack : multiplier,
    );
    const piece = decided.length > 0 ? makePiece(this.#program, new Set([...held, ...decided])) : null;
    const exact = piece && (piece.k === 0 || piece.values[0] >= 0) ? minimiseConvex(piece) : null;
    const point = exact?.status === 'optimal' ? exact.z : z;
    const F = this.#value(point);
    if (this.#best && F >= this.#best.F) return;
    const { d, n } = this.#program;
    this.#best = { F, x: point.slice(0, d), y: point.slice(d, d + n) };
  }

  /** The lower level's answer to the x of a relaxation is a point of the problem, good or not. */
  #offerAnswer(z: Float64Array): void {
    const { d, n, size } = this.#program;
    const x = z.slice(0, d);
    const y = this.#answer(x);
    if (!y) return;
    const point = new Float64Array(size);
    point.set(x);
    point.set(y, d);
    const F = this.#value(point);
    if (!this.#best || F < this.#best.F) this.#best = { F, x, y: point.slice(d, d + n) };
  }

  #value(z: Float64Array): number {
    const { size, H, p, constant } = this.#program;
    let value = constant;
    for (let i = 0; i < size; i++) if (z[i] !== 0) value += z[i] * (0.5 * dot(size, H, i * size, z, 0) + p[i]);
    return value;
  }
}
