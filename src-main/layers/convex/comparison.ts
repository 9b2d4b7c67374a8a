import type { Nested } from './oneSided';

/** One thing that is not as the case expects. */
export interface Difference {
  what: string;
  expected?: unknown;
  actual?: unknown;
  /** Largest difference over the largest expected entry, and what was allowed. */
  error?: number;
  allowed?: number;
}

export interface CaseVerdict {
  name: string;
  verdict: 'pass' | 'fail';
  status: string;
  diagnoses: string[];
  /** The least number of correct significant digits over everything compared; 16 at most. */
  digits: number;
  /** Relative errors allowed for y and multipliers, and for derivatives. */
  allowed: { solution: number; derivative: number };
  differs: Difference[];
  /** What else is worth saying: how it was solved, what was proved. */
  notes?: string[];
}

/**
 * How far from the expected values float64 may be. 1e-9 for y and multipliers and 1e-8 for derivatives, unless the case's own
 * numbers say that this cannot be had: a KKT matrix of condition κ turns the rounding of its data into κε, of which 64 are allowed,
 * and `expected` itself is known to `digits` digits.
 */
export function allowances(condition: number, digits = 15): { solution: number; derivative: number } {
  const rounding = 64 * Number.EPSILON * (Number.isFinite(condition) ? condition : 1);
  const known = 10 ** -digits;
  return { solution: Math.max(1e-9, rounding, known), derivative: Math.max(1e-8, rounding, known) };
}

/** Collects what differs, and the fewest digits seen. */
export class Comparison {
  readonly differs: Difference[] = [];
  digits = 16;

  add(difference: Difference): void {
    this.differs.push(difference);
  }

  same(what: string, expected: unknown, actual: unknown): void {
    if (JSON.stringify(expected) !== JSON.stringify(actual)) this.add({ what, expected, actual });
  }

  /** |actual − expected| ≤ allowed·max|expected| + floor, entry by entry; null only where null is expected. */
  close(what: string, expected: Nested, actual: Nested | undefined, allowed: number, floor = 0): void {
    const wanted = flatten(expected);
    const given = flatten(actual ?? []);
    if (wanted.length !== given.length) {
      this.add({ what, expected: `${wanted.length} entries`, actual: `${given.length} entries` });
      return;
    }
    const scale = wanted.reduce<number>((a, b) => Math.max(a, Math.abs(b ?? 0)), 0);
    let error = 0;
    for (let i = 0; i < wanted.length; i++) {
      const [a, b] = [wanted[i], given[i]];
      if (a === null || b === null) {
        if (a !== b) error = Infinity;
      } else error = Math.max(error, Math.abs(a - b));
    }
    if (error > 0 && scale > 0 && error > floor)
      this.digits = Math.min(this.digits, Math.max(0, -Math.log10(error / scale)));
    if (error <= allowed * scale + floor) return;
    const short = wanted.length <= 12;
    this.add({
      what,
      ...(short ? { expected, actual } : {}),
      error: scale > 0 ? error / scale : error,
      allowed,
    });
  }
}

/** Numbers in order; rows of H without curvature are left out on both sides. */
export function flatten(value: Nested): (number | null)[] {
  if (value === null || typeof value === 'number') return [value];
  if (Array.isArray(value)) {
    const isList = value.some((entry) => Array.isArray(entry));
    return value.flatMap((entry) => (isList && entry === null ? [] : flatten(entry)));
  }
  return ['F', 'g', 'c', 'd'].flatMap((part) => flatten(value[part] ?? []));
}
