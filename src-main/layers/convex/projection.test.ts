import { describe, expect, it } from 'vitest';
import { Generator } from '@shared/random/generator';
import { factorRowSpace, leastNorm } from '../../numerics/linalg/rowSpace';
import { convexProblem, type SymmetricMatrix } from '../../solvers/convex/problem';
import { solveConvex } from '../../solvers/convex/solve';
import { differentiate } from './differentiate';
import fromPeers from './fixtures/projection.json' with { type: 'json' };
import { type FeasibleSet, Projection } from './projection';

/** A feasible set around a point that satisfies its rows strictly, and points from near to far. */
function draw(seed: number, rows: 'affine' | 'diagonal' | 'dense', withBounds: boolean, [n, m, e] = [9, 6, 3]) {
  const generator = new Generator(seed);
  const A = generator.standardNormals(e * n);
  const G = generator.standardNormals(m * n);
  const inside = generator.standardNormals(n).map((value) => 0.3 * value);
  const H = new Float64Array(rows === 'dense' ? m * n * n : m * n);
  if (rows === 'diagonal') H.set(generator.uniforms(0, 0.6, m * n));
  if (rows === 'dense')
    for (let i = 0; i < m; i++) {
      const factor = generator.standardNormals(2 * n);
      for (let j = 0; j < n; j++)
        for (let k = 0; k < n; k++)
          H[(i * n + j) * n + k] = (factor[j] * factor[k] + factor[n + j] * factor[n + k]) / 6;
    }
  const h = Float64Array.from({ length: m }, (_, i) => {
    let value = 0.2 + generator.random();
    for (let j = 0; j < n; j++) {
      value += G[i * n + j] * inside[j];
      if (rows === 'diagonal') value += H[i * n + j] * inside[j] ** 2;
      if (rows === 'dense') for (let k = 0; k < n; k++) value += inside[j] * H[(i * n + j) * n + k] * inside[k];
    }
    return value;
  });
  const x = Float64Array.from({ length: e }, (_, i) => inside.reduce((sum, y, j) => sum + A[i * n + j] * y, 0));
  const bounds = withBounds ? { lower: new Float64Array(n).fill(-0.9), upper: new Float64Array(n).fill(0.8) } : {};
  const set: FeasibleSet = { n, m, e, A, G, H, h, diagonal: rows !== 'dense', ...bounds };
  const points = [0.01, 0.5, 1, 3].map((scale) => {
    const direction = generator.standardNormals(n);
    return inside.map((value, j) => value + scale * direction[j]);
  });
  return { set, x, inside, points };
}

/** The projection by the general solver of convex problems, and its derivative from the KKT system of that. */
function reference({ n, m, A, G, H, h, diagonal, lower, upper }: FeasibleSet, x: Float64Array, point: Float64Array) {
  const size = diagonal ? n : n * n;
  const parts = Array.from({ length: m }, (_, i): SymmetricMatrix => {
    const values = H.slice(i * size, (i + 1) * size);
    return values.some((value) => value !== 0) ? { kind: diagonal ? 'diagonal' : 'dense', values } : null;
  });
  const Q: SymmetricMatrix = { kind: 'diagonal', values: new Float64Array(n).fill(1) };
  const p = point.map((value) => -value);
  const problem = convexProblem(n, { Q, p, A, b: x, G, h, H: parts, ...(lower && { lower }), ...(upper && { upper }) });
  const solution = solveConvex(problem);
  return {
    y: solution.y,
    gradient: (v: Float64Array) => differentiate(problem, solution, v, ['p']).gradients.p!.map((value) => -value),
  };
}

const largest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0);

const kinds = (['affine', 'diagonal', 'dense'] as const).flatMap((rows) =>
  [false, true].map((bounds) => ({ rows, bounds })),
);

describe.each(kinds)('projection onto $rows rows, bounds $bounds', ({ rows, bounds }) => {
  const cases = [1, 2, 3, 4].map((seed) => draw(seed, rows, bounds));

  it('is that of the general solver, and so is its gradient', () => {
    let moved = 0;
    for (const { set, x, points } of cases) {
      const projection = new Projection(set);
      const v = new Generator(9).standardNormals(set.n);
      for (const point of points) {
        const found = projection.project(point, 0, x, 0);
        const expected = reference(set, x, point);
        expect(found.failure).toBeNull();
        expect(largest(found.y, expected.y)).toBeLessThan(1e-8);
        expect(largest(projection.gradient(found, v, 0), expected.gradient(v))).toBeLessThan(1e-6);
        moved += found.active.length;
      }
    }
    expect(moved).toBeGreaterThan(10);
  });

  it('has the gradient of central differences', () => {
    const { set, x, points } = cases[0];
    const projection = new Projection(set);
    const v = new Generator(10).standardNormals(set.n);
    const value = (point: Float64Array) =>
      projection.project(point, 0, x, 0).y.reduce((sum, y, j) => sum + v[j] * y, 0);
    for (const point of points) {
      const gradient = projection.gradient(projection.project(point, 0, x, 0), v, 0);
      for (let j = 0; j < set.n; j++) {
        const moved = (by: number) => value(point.map((entry, k) => entry + (k === j ? by : 0)));
        expect(Math.abs((moved(1e-5) - moved(-1e-5)) / 2e-5 - gradient[j])).toBeLessThan(1e-6);
      }
    }
  });

  it('leaves a feasible point where it is, and depends on nothing that was projected before', () => {
    const { set, x, inside, points } = cases[1];
    const projection = new Projection(set);
    expect(largest(projection.project(inside, 0, x, 0).y, inside)).toBeLessThan(1e-10);
    const again = points.map((point) => new Projection(set).project(point, 0, x, 0));
    expect(points.map((point) => projection.project(point, 0, x, 0))).toEqual(again);
  });
});

describe('curved rows of a size that WebAssembly computes', () => {
  it.each([
    [false, 21],
    [true, 22],
  ])('points from near to very far, bounds %s', (bounds, seed) => {
    const { set, x, inside, points } = draw(seed, 'diagonal', bounds, [40, 25, 12]);
    const projection = new Projection(set);
    const v = new Generator(9).standardNormals(set.n);
    const far = points[3].map((value, j) => inside[j] + 30 * (value - inside[j]));
    let moved = 0;
    for (const point of [...points, far]) {
      const found = projection.project(point, 0, x, 0);
      const expected = reference(set, x, point);
      expect(found.failure).toBeNull();
      expect(largest(found.y, expected.y)).toBeLessThan(1e-8);
      expect(largest(projection.gradient(found, v, 0), expected.gradient(v))).toBeLessThan(1e-6);
      expect(found).toEqual(new Projection(set).project(point, 0, x, 0));
      moved = Math.max(moved, found.active.length);
    }
    expect(moved).toBeGreaterThan(5);
  });

  it('an A⁺x that violates rows is no obstacle', () => {
    const { set, x, points } = draw(23, 'diagonal', false, [40, 25, 12]);
    const space = factorRowSpace(set.A, set.e, set.n);
    const start = new Float64Array(set.n);
    leastNorm(space, x, 0, start);
    const h = set.h.slice();
    // The first row bends through a point beyond A⁺x: (y₀ − a)² ≤ ¼ with a a unit away from it.
    const [G, H] = [set.G.slice().fill(0, 0, set.n), set.H.slice().fill(0, 0, set.n)];
    H[0] = 1;
    G[0] = -2 * (start[0] + 1);
    h[0] = 0.25 - (start[0] + 1) ** 2;
    const shifted = { ...set, G, H, h };
    for (const point of points) {
      const found = new Projection(shifted).project(point, 0, x, 0);
      expect(found.failure).toBeNull();
      expect(largest(found.y, reference(shifted, x, point).y)).toBeLessThan(1e-8);
    }
  });
});

describe('a point that cannot be projected', () => {
  const { set, x, points } = draw(1, 'affine', false);
  it.each([
    [
      'no point is feasible',
      { ...set, G: new Float64Array(set.m * set.n), h: new Float64Array(set.m).fill(-1) },
      points[0],
    ],
    ['it is not finite', set, points[0].map(() => NaN)],
  ])('passes unchanged with the reason, and with the identity as its gradient: %s', (_, where, point) => {
    const projection = new Projection(where);
    const found = projection.project(point, 0, x, 0);
    expect(found.failure).not.toBeNull();
    expect([...found.y]).toEqual([...point]);
    expect([...projection.gradient(found, points[1], 0)]).toEqual([...points[1]]);
  });

  it('is refused at once where A has dependent rows', () => {
    const A = set.A.slice();
    A.copyWithin(set.n, 0, set.n);
    expect(() => new Projection({ ...set, A })).toThrow('A has 3 rows but only rank 2');
  });
});

describe('against cvxpylayers (fixtures/projection.py)', () => {
  const { n, m, e, cases } = fromPeers;
  it.each(cases.map((one, i) => ({ ...one, i })))(
    'set $i: point and gradient',
    ({ A, G, H, h, x, point, v, y, gradient }) => {
      const bounds = { lower: new Float64Array(n).fill(-1), upper: new Float64Array(n).fill(1) };
      const [a, g, quadratic] = [A, G, H].map((values) => Float64Array.from(values));
      const set: FeasibleSet = {
        n,
        m,
        e,
        A: a,
        G: g,
        H: quadratic,
        h: Float64Array.from(h),
        diagonal: true,
        ...bounds,
      };
      const projection = new Projection(set);
      const found = projection.project(Float64Array.from(point), 0, Float64Array.from(x), 0);
      expect(found.active.length).toBeGreaterThan(0);
      // An interior point of relative accuracy 1e-12 gives curved cases to about 1e-6.
      expect(largest(found.y, y)).toBeLessThan(1e-5);
      expect(largest(projection.gradient(found, Float64Array.from(v), 0), gradient)).toBeLessThan(1e-4);
    },
  );
});
