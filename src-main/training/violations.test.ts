import { expect, it } from 'vitest';
import { largest, largestOfRows } from './violations';

it('the largest violation of a row, over all instances, is that of its column', () => {
  const violations = Float64Array.of(1, 0, 3, 2, 5, 0);
  expect([...largestOfRows(violations, 2)]).toEqual([5, 2]);
  expect(largest(violations, 2, 4)).toBe(3);
  expect(largest(violations, 2, 2)).toBe(0);
});

it('a violation that is no number is not hidden by one after it', () => {
  expect(largest(Float64Array.of(1, NaN, 0.5), 0, 3)).toBeNaN();
});
