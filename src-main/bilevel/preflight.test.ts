import { expect, it } from 'vitest';
import { drawBilevel } from './families';
import { bilevelPreflight } from './preflight';
import { bilevelProblem } from './quadratic';

const codes = (...[problem, x]: Parameters<typeof bilevelPreflight>) =>
  bilevelPreflight(problem, x).findings.map(({ code }) => code);

it('a lower level without x is called meaningless for comparisons, in words', () => {
  const { problem, x } = drawBilevel('V2', { d: 4, n: 6 });
  const { lowerDependsOnX, answerMovesWithX, findings } = bilevelPreflight(problem, x);
  expect([lowerDependsOnX, answerMovesWithX]).toEqual([false, false]);
  expect(findings[0]).toMatchObject({ code: 'lower-ignores-x', severity: 'meaningless' });
  expect(findings[0].message).toMatch(/does not depend on x: dy\*\/dx = 0 everywhere.*vacuous/);
});

it('the other families contain x, and their answers move', () => {
  for (const family of ['coupled', 'V1', 'V3'] as const) {
    const { problem, x } = drawBilevel(family, { d: 10, n: 10, seed: 2 });
    const { lowerDependsOnX, answerMovesWithX, strictComplementarity } = bilevelPreflight(problem, x);
    expect([family, lowerDependsOnX, answerMovesWithX, strictComplementarity]).toEqual([family, true, true, true]);
  }
});

const one = (value: number) => Float64Array.of(value);

/** ½y² + x y over |y| ≤ 1: y* = −x, held at a bound beyond |x| = 1. */
const clipped = (curvature = 1) =>
  bilevelProblem(1, 1, { Qyy: one(1) }, { Q: one(curvature), P: one(1), lower: one(-1), upper: one(1) });

it('an answer that bounds hold does not move, though the lower level contains x', () => {
  const { lowerDependsOnX, answerMovesWithX, findings } = bilevelPreflight(clipped(), one(3));
  expect([lowerDependsOnX, answerMovesWithX]).toEqual([true, false]);
  expect(findings.map(({ code }) => code)).toEqual(['answer-does-not-move']);
});

it('the same holds where rows meet in a corner', () => {
  const corner = bilevelProblem(
    1,
    2,
    { cy: Float64Array.of(1, 1) },
    {
      ...{ Q: Float64Array.of(1, 0.3, 0.3, 1), P: Float64Array.of(1, 2), c: Float64Array.of(-9, -9) },
      ...{ A: Float64Array.of(1, 0.7, 0.3, 1), b: Float64Array.of(1, 1) },
    },
  );
  expect(codes(corner, one(1))).toEqual(['answer-does-not-move']);
});

it('a kink and a kink nearby are told apart', () => {
  const kink = bilevelPreflight(clipped(), one(1));
  expect(kink.findings).toMatchObject([{ code: 'kink', bounds: ['lower 0'] }]);
  expect(kink.strictComplementarity).toBe(false);
  expect(codes(clipped(), one(1 - 1e-5))).toEqual(['kink-nearby']);
  expect(codes(clipped(), one(0.9))).toEqual([]);
});

it('rows that say the same twice are named', () => {
  const twice = bilevelProblem(
    1,
    2,
    { cy: Float64Array.of(1, 1) },
    {
      ...{ Q: Float64Array.of(1, 0, 0, 1), c: Float64Array.of(-3, 0) },
      ...{ A: Float64Array.of(1, 0, 2, 0), B: Float64Array.of(1, 2), b: Float64Array.of(1, 2) },
    },
  );
  const { findings, activeCount, activeRank } = bilevelPreflight(twice, one(0));
  expect([activeCount, activeRank]).toEqual([2, 1]);
  expect(findings).toContainEqual(expect.objectContaining({ code: 'dependent-rows', rows: [0, 1] }));
});

it('a semidefinite lower level whose answer is not one point, and one that is badly conditioned', () => {
  const flat = bilevelProblem(
    1,
    2,
    { cy: Float64Array.of(1, 1) },
    { Q: Float64Array.of(1, 0, 0, 0), P: Float64Array.of(1, 0) },
  );
  expect(codes(flat, one(0.5))).toContain('not-unique');
  const steep = bilevelProblem(
    1,
    2,
    { cy: Float64Array.of(1, 1) },
    { Q: Float64Array.of(1, 0, 0, 1e-11), P: Float64Array.of(1, 1e-11) },
  );
  expect(codes(steep, one(0.5))).toContain('ill-conditioned');
});

it('an upper level that does not look at y is named', () => {
  const blind = bilevelProblem(1, 1, { Qxx: one(1) }, { Q: one(1), P: one(1) });
  expect(codes(blind, one(1))).toEqual(['upper-ignores-y']);
});
