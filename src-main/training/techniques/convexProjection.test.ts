import { describe, expect, it } from 'vitest';
import { traitsOf } from '../../modelling/traits';
import { layerOn, expectLayerGradient, saved, savedProblem, trainBriefly } from './fixtures/layers';

const projection = { kind: 'convexProjection', distance: 0.3 };

describe.each(['affine', 'curved'] as const)('the convex projection layer on %s rows', (rows) => {
  it('has the gradient of central differences', () =>
    expectLayerGradient(savedProblem(rows), projection, Float64Array.from(saved.y), Float64Array.from(saved.x)));

  it('learns, and is feasible in every validation', async () => {
    const { before, after, steps, notes } = await trainBriefly(rows, { kind: 'convexProjection' });
    for (const { 'valid/eq_max': eq, 'valid/ineq_max': ineq } of [before, after])
      expect(Math.max(eq, ineq)).toBeLessThan(1e-9);
    expect(after['valid/gap_mean']).toBeGreaterThanOrEqual(-1e-9);
    expect(after['valid/gap_mean']).toBeLessThan(0.3 * before['valid/gap_mean']);
    expect(notes).toEqual([]);
    expect(steps[0]).toMatchObject({ 'inner/failed': 0 });
    expect(steps[0]['inner/iterations']).toBeGreaterThan(0);
  });
});

it('is refused where the feasible set is not convex, or rows of A are dependent', () => {
  const problem = savedProblem('curved');
  const { technique, settings } = layerOn(problem, projection);
  expect(technique.refusal!(settings, traitsOf(problem))).toBeNull();
  const H = problem.H.map((value, at) => (at === 3 ? -0.1 : value));
  expect(technique.refusal!(settings, traitsOf({ ...problem, H }))).toContain('is not convex');
  const A = problem.A.slice().copyWithin(problem.n, 0, problem.n);
  expect(technique.refusal!(settings, traitsOf({ ...problem, A }))).toContain('A has 3 rows but only rank 2');
});
