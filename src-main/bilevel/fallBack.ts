import { AdjointError } from '@shared/errors';
import type { Estimate, EstimateOptions, Oracle, Work } from './estimators/estimator';
import { joinStates, partOf, type SavedState } from './savedState';

/**
 * Why the estimate is not what the estimator is to give: differences answered in its place at a kink or where y* has no derivative, or,
 * at a kink next to which the lower level has no solution to difference, one element of the generalised gradient.
 */
export const fallBackReasons = ['kink', 'no derivative', 'kink at an edge'] as const;
export type FallBackReason = (typeof fallBackReasons)[number];

/** What a run wants to know of its last estimate, besides the estimate. */
export interface LastCall {
  /** Point and perturbation that the oracle was asked at; q is the problem's own where `ownPerturbation`. */
  readonly x: Float64Array;
  readonly q: Float64Array;
  ownPerturbation: boolean;
  seconds: number;
  /** Rows of the lower level that were weakly active, as many. */
  weakRows: number;
}

export interface WatchedOracle extends Oracle {
  readonly last: LastCall;
  /** Estimates at points with weakly active rows so far. */
  readonly kinks: number;
}

interface Parts {
  oracle: Oracle;
  /** Made when it is first needed. */
  differences: () => Oracle;
  /** Whether the estimate at a kink is to be that of differences. */
  refusesKinks: boolean;
  d: number;
  n: number;
  /** Hears of every fall-back. */
  tell(reason: FallBackReason, why: string, x: Float64Array): void;
}

/**
 * An oracle that differences stand in for where it refuses: where y* has no derivative and, if `refusesKinks`, at a kink. The estimate
 * then says why. It remembers where it was asked last.
 */
export function watchedOracle({ oracle, differences, refusesKinks, d, n, tell }: Parts): WatchedOracle {
  const last: LastCall = {
    ...{ x: new Float64Array(d), q: new Float64Array(n), ownPerturbation: true, seconds: 0, weakRows: 0 },
  };
  const kinks = new Float64Array(1);
  let substitute: Oracle | null = null;
  const requireSubstitute = () => (substitute ??= differences());

  const instead = (x: Float64Array, options: EstimateOptions | undefined, reason: FallBackReason, why: string) => {
    const estimate = requireSubstitute().at(x, { ...options, warm: false });
    tell(reason, why, x);
    return { ...estimate, fallBack: reason };
  };
  const ask = (x: Float64Array, options?: EstimateOptions): Estimate => {
    let estimate: Estimate;
    try {
      estimate = oracle.at(x, options);
    } catch (error) {
      if (!(error instanceof AdjointError) || error.code !== 'unsupported') throw error;
      last.weakRows = 0;
      return instead(x, options, 'no derivative', error.message);
    }
    last.weakRows = estimate.weak.length;
    if (estimate.weak.length === 0) return estimate;
    kinks[0]++;
    if (!refusesKinks) return estimate;
    const rows = estimate.weak.slice(0, 5).map(({ kind, index }) => `${kind} ${index}`);
    const why = `weakly active: ${rows.join(', ')}`;
    const { work } = estimate;
    try {
      const other = instead(x, options, 'kink', why);
      return { ...other, work: sum(work, other.work) };
    } catch (error) {
      if (!(error instanceof AdjointError) || error.code !== 'bad-request') throw error;
      tell('kink at an edge', why, x);
      return { ...estimate, fallBack: 'kink at an edge' };
    }
  };
  return {
    last,
    get kinks() {
      return kinks[0];
    },
    at(x, options) {
      last.x.set(x);
      last.ownPerturbation = options?.q === undefined;
      if (options?.q) last.q.set(options.q);
      const estimate = ask(x, options);
      last.seconds = estimate.work.seconds;
      return estimate;
    },
    save: () =>
      joinStates({
        own: {
          arrays: { kinks: kinks.slice(), lastX: last.x.slice(), lastQ: last.q.slice() },
          values: { ownPerturbation: last.ownPerturbation, hasSubstitute: substitute !== null },
        },
        oracle: oracle.save(),
        ...(substitute ? { substitute: substitute.save() } : {}),
      }),
    restore(saved: SavedState) {
      const { arrays, values } = partOf(saved, 'own');
      kinks.set(arrays.kinks);
      last.x.set(arrays.lastX);
      last.q.set(arrays.lastQ);
      last.ownPerturbation = values.ownPerturbation as boolean;
      oracle.restore(partOf(saved, 'oracle'));
      if (values.hasSubstitute) requireSubstitute().restore(partOf(saved, 'substitute'));
    },
  };
}

const sum = (a: Work, b: Work): Work => ({
  bytes: Math.max(a.bytes, b.bytes),
  lowerSolves: a.lowerSolves + b.lowerSolves,
  products: a.products + b.products,
  seconds: a.seconds + b.seconds,
});
