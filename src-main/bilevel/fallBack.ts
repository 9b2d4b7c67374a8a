import { AdjointError } from '@shared/errors';
import { constraintName } from './constraintName';
import type { Estimate, EstimateOptions, Oracle, Work } from './estimators/estimator';
import { joinStates, partOf, type SavedState } from './savedState';

/**
 * Why the estimate is not what the estimator is to give: differences answered in its place at a kink or where y* has no derivative, or,
 * at a kink next to which the lower level has no solution to difference, one element of the generalised gradient.
 */
export const fallBackReasons = ['kink', 'no derivative', 'kink at an edge'] as const;
export type FallBackReason = (typeof fallBackReasons)[number];

export interface WatchedOracle extends Oracle {
  /** Estimates at points with weakly active rows so far. */
  readonly kinks: number;
}

interface Parts {
  oracle: Oracle;
  /** Made when it is first needed. */
  differences: () => Oracle;
  /** Whether the estimate at a kink is to be that of differences. */
  refusesKinks: boolean;
  /** Hears of every fall-back. */
  tell(reason: FallBackReason, why: string, x: Float64Array): void;
}

/**
 * An oracle that differences stand in for where it refuses: where y* has no derivative and, if `refusesKinks`, at a kink. The estimate
 * then says why.
 */
export function watchedOracle({ oracle, differences, refusesKinks, tell }: Parts): WatchedOracle {
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
      return instead(x, options, 'no derivative', error.message);
    }
    if (estimate.weak.length === 0) return estimate;
    kinks[0]++;
    if (!refusesKinks) return estimate;
    const rows = estimate.weak.slice(0, 5).map(constraintName);
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
    get kinks() {
      return kinks[0];
    },
    at: ask,
    save: () =>
      joinStates({
        own: { arrays: { kinks: kinks.slice() }, values: { hasSubstitute: substitute !== null } },
        oracle: oracle.save(),
        ...(substitute ? { substitute: substitute.save() } : {}),
      }),
    restore(saved: SavedState) {
      const { arrays, values } = partOf(saved, 'own');
      kinks.set(arrays.kinks);
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
