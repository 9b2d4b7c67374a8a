import { expect, it } from 'vitest';
import { measuredRows, nearestRow, shownBins } from './innerPictures';

it('the epoch that is asked for is the nearest there is, and the last without one', () => {
  expect(nearestRow({ epoch: [0, 2, 4] }, 2.9)).toBe(1);
  expect(nearestRow({ epoch: [0, 2, 4] }, null)).toBe(2);
  expect(nearestRow({ epoch: [] }, 1)).toBe(-1);
});

it('validations at which nothing was followed are passed over', () => {
  expect(measuredRows([[1], null, [2]])).toEqual([0, 2]);
  expect(measuredRows(undefined)).toEqual([]);
});

it('bins end one after the last that is filled; what never arrived is shown only where there is some', () => {
  expect(shownBins([[0, 3, 0, 0, 0, 0], null])).toEqual([0, 1, 2]);
  expect(shownBins([[0, 3, 0, 0, 0, 2]])).toEqual([0, 1, 2, 5]);
});
