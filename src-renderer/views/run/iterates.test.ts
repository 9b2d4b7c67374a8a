import { describe, expect, it } from 'vitest';
import { iteratesOf, planeThrough } from './iterates';
import { measured } from './measured';

describe('the iterates of a bilevel run', () => {
  it('are read from the series of their entries, whole ones only', () => {
    const part = (...y: number[]) => ({ y: Float64Array.from(y) });
    expect(iteratesOf([part(1, 2, 3), part(4, NaN)])).toEqual([[1, 4]]);
    expect(iteratesOf([])).toEqual([]);
  });

  it('span a plane: the last, the first, and the one that turns aside most', () => {
    const way = [
      [2, 0, 0],
      [1, 0.1, 0],
      [1, 0, 3],
      [0, 0, 0],
    ];
    expect(planeThrough(way)).toMatchObject({ points: [way[3], way[0], way[2]] });
  });

  it('along a straight line span that line, and no plane where they do not move', () => {
    expect(planeThrough([[0, 0, 0], [1, 1, 1], [2, 2, 2]])).toMatchObject({ points: [[2, 2, 2], [0, 0, 0]] }); // prettier-ignore
    expect(planeThrough([[1, 2, 3], [1, 2, 3]])).toBeNull(); // prettier-ignore
    expect(planeThrough([])).toBeNull();
  });
});

it('metrics of which an ended run never had a value are no panels; a live run may still have some', () => {
  const summary = { last: null, min: null, max: null, count: 0, tailMean: null, area: null };
  const metrics = { 'bilevel/gap': summary, 'bilevel/F': { ...summary, count: 3, last: 1 } };
  const recorded = { step: ['bilevel/F', 'bilevel/gap', 'bilevel/x'] };
  expect(measured({ state: 'done', metrics }, recorded)).toEqual({ step: ['bilevel/F', 'bilevel/x'] });
  expect(measured({ state: 'running', metrics }, recorded)).toEqual(recorded);
});
