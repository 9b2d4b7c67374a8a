import { expect, it } from 'vitest';
import { bilevelProblem } from '../quadratic';
import { Domain, needsRowsInX } from './domain';

const of = (...values: number[]) => Float64Array.from(values);
const box = { domain: { lower: of(0, 0), upper: of(2, 2) } };
/** 0 ≤ y ≤ 1 and y ≥ x₁ + x₂ − 1: there is a y as long as x₁ + x₂ ≤ 2. */
const lower = { Q: of(1), A: of(-1), B: of(1, 1), b: of(1), lower: of(0), upper: of(1) };

it('clips to the box, and projects onto rows of the upper level only where they are violated', () => {
  const rows = { C: of(1, 1), D: of(0), e: of(3) };
  const domain = new Domain(bilevelProblem(2, 1, { ...box, rows }, { Q: of(1) }));
  const projected = (...x: number[]) => {
    const point = Float64Array.from(x);
    domain.project(point);
    return [...point];
  };
  expect(projected(-1, 5)).toEqual([0, 2]);
  const [a, b] = projected(2, 2);
  expect(a).toBeCloseTo(1.5, 9);
  expect(b).toBeCloseTo(1.5, 9);
});

it('finds the nearest x at which the lower level has a feasible y, and says where there is none', () => {
  const problem = bilevelProblem(2, 1, box, lower);
  const domain = new Domain(problem);
  expect(domain.mayLackFeasibleY).toBe(true);
  const x = of(2, 1.6);
  expect(domain.projectOntoFeasible(x)).toBe(true);
  expect(x[0]).toBeCloseTo(1.2, 6);
  expect(x[1]).toBeCloseTo(0.8, 6);
  expect(x[0] + x[1]).toBeLessThan(2);
  const nowhere = new Domain(bilevelProblem(2, 1, box, { ...lower, b: of(-3) }));
  const kept = of(1, 1);
  expect(nowhere.projectOntoFeasible(kept)).toBe(false);
  expect([...kept]).toEqual([1, 1]);
});

it('names the rows of the upper level that contain y', () => {
  const rows = { C: of(1, 0, 0, 1), D: of(0, -2), e: of(3, 1) };
  expect(needsRowsInX(bilevelProblem(2, 1, { rows }, { Q: of(1) }))).toContain('(row 1)');
  expect(needsRowsInX(bilevelProblem(2, 1, box, lower))).toBeNull();
});
