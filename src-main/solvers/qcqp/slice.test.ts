import { describe, expect, it } from 'vitest';
import { planes } from '@shared/problems';
import { generateInstances } from '../../modelling/families/family';
import { findFamily, requireSettings } from '../../modelling/families/registry';
import { makeSolver } from './bounds';
import { objectiveOf, rowValues } from './instanceView';
import { sliceThrough } from './slice';

const cases = [
  ...planes.map((plane) => ({ kind: 'qcqp', settings: {}, plane })),
  { kind: 'qcqp', settings: { hessians: 'dense' }, plane: 'interior' as const },
  { kind: 'fsnet', settings: { box: 0.4 }, plane: 'interior' as const },
  { kind: 'dc3', settings: {}, plane: 'gradients' as const },
];

describe('a slice of the feasible set', () => {
  it.each(cases)('$kind $settings, plane $plane, is what the problem’s own functions say at its points', (choice) => {
    const kind = findFamily(choice.kind);
    const settings = requireSettings(kind, { n: 20, m: 10, e: 8, instances: 5, ...choice.settings });
    const { family, X } = generateInstances(kind, settings);
    const { n, e, A } = family;
    const x = X.slice(0, e);
    const { y, inequality, objective, status } = makeSolver(family).solve(x);
    expect(status).toBe('optimal');
    const slice = sliceThrough(family, x, 0, y.slice(), inequality, { plane: choice.plane, gridSize: 41 })!;
    const [u, v] = slice.directions;
    const product = (a: number[], b: number[]) => a.reduce((sum, value, j) => sum + value * b[j], 0);
    expect(product(u, u)).toBeCloseTo(1, 12);
    expect(product(v, v)).toBeCloseTo(1, 12);
    expect(product(u, v)).toBeCloseTo(0, 12);
    for (let i = 0; i < e; i++)
      for (const direction of [u, v])
        expect(Math.abs(product([...A.subarray(i * n, (i + 1) * n)], direction))).toBeLessThan(1e-12);

    const span = (range: [number, number], k: number) => range[0] + ((range[1] - range[0]) * k) / 40;
    let inside = 0;
    for (const [i, j] of [
      [0, 0],
      [3, 37],
      [20, 20],
      [40, 11],
      [29, 8],
    ]) {
      const [s, t] = [span(slice.s, j), span(slice.t, i)];
      const point = y.map((value, k) => value + s * u[k] + t * v[k]);
      const bounds = [...point].flatMap((value, k) => [
        family.lower ? family.lower[k] - value : -Infinity,
        family.upper ? value - family.upper[k] : -Infinity,
      ]);
      const worst = Math.max(...rowValues(family, point), ...bounds);
      const at = i * 41 + j;
      expect(Math.abs(slice.violation[at] - worst)).toBeLessThan(1e-5 * Math.max(1, Math.abs(worst)));
      const rise = objectiveOf(family, point) - objective;
      expect(Math.abs(slice.objective[at] - rise)).toBeLessThan(1e-5 * Math.max(1, Math.abs(rise)));
      // The row that is said to bind has that value, by its coefficients.
      const [c0, c1, c2, c3, c4, c5] = slice.rows[slice.binding[at]].coefficients;
      expect(Math.abs(c0 + c1 * s + c2 * t + c3 * s * s + c4 * s * t + c5 * t * t - worst)).toBeLessThan(
        1e-9 * Math.max(1, Math.abs(worst)),
      );
    }
    for (const value of slice.violation) if (value <= 0) inside++;
    // By optimality f ≥ f* wherever the slice is feasible, and the window shows some of both sides.
    slice.violation.forEach((value, k) => value <= 0 && expect(slice.objective[k]).toBeGreaterThan(-1e-9));
    expect(inside).toBeLessThan(41 * 41);
    if (choice.plane === 'interior') expect(inside).toBeGreaterThan(20);
    for (const [from, to] of [slice.s, slice.t]) expect(to - from).toBeGreaterThan(1e-2);
    expect(slice.s[0] < 0 && slice.s[1] > 0 && slice.t[0] < 0 && slice.t[1] > 0).toBe(true);
    expect(slice.rows.filter(({ active }) => active).length).toBeGreaterThan(0);
  });

  it('there is none where the null space of A has one dimension', () => {
    const kind = findFamily('qcqp');
    const { family, X } = generateInstances(kind, requireSettings(kind, { n: 6, m: 3, e: 5, instances: 1 }));
    const { y, inequality } = makeSolver(family).solve(X);
    expect(sliceThrough(family, X, 0, y, inequality, { plane: 'interior', gridSize: 5 })).toBeNull();
  });
});
