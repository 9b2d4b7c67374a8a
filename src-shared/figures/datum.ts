import { z } from 'zod';

/**
 * A number as it stands in a figure's specification. JSON has no NaN and no infinities, and null means *not measured*: never the same as a
 * measurement that is not a number.
 */
export const datumSchema = z.union([
  z.number(),
  z.null(),
  z.literal('NaN'),
  z.literal('Infinity'),
  z.literal('-Infinity'),
]);
export type Datum = z.infer<typeof datumSchema>;

export function datum(value: number | null): Datum {
  if (value === null || Number.isFinite(value)) return value;
  return String(value) as 'NaN' | 'Infinity' | '-Infinity';
}

/** For drawing: what was not measured is a gap like NaN. */
export const toNumber = (value: Datum): number => (value === null ? NaN : Number(value));

export const data = (values: ArrayLike<number | null>): Datum[] => Array.from(values, datum);
export const toNumbers = (values: readonly Datum[]): Float64Array => Float64Array.from(values, toNumber);
