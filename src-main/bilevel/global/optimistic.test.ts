import { expect, it } from 'vitest';
import { Generator } from '@shared/random/generator';
import { dot, multiply } from '../../numerics/linalg/products';
import { convexProblem } from '../../solvers/convex/problem';
import { solveConvex } from '../../solvers/convex/solve';
import { bilevelProblem, convexProblemAt, type QuadraticBilevel } from '../quadratic';
import { solveGlobally } from './solveGlobally';

/** A lower level of rank one or none, with y that it does not care about, and f convex. */
function draw(seed: number): QuadraticBilevel {
  const generator = new Generator(seed);
  const integer = (low: number, high: number) => low + Math.floor(generator.random() * (high - low + 1));
  const integers = (count: number, size: number) => Float64Array.from({ length: count }, () => integer(-size, size));
  const [n, m, rank] = [integer(2, 3), integer(0, 3), integer(0, 1)];
  const gram = (size: number) => {
    const V = integers(size * size, 2);
    return Float64Array.from(
      { length: size * size },
      (_, at) => dot(size, V, Math.floor(at / size) * size, V, (at % size) * size) + (at % (size + 1) === 0 ? 0.5 : 0),
    );
  };
  const v = integers(n, 1);
  const isIdle = Array.from({ length: n }, () => integer(0, 1) === 0);
  const some = (values: Float64Array) => values.map((value, j) => (isIdle[j % n] ? 0 : value));
  return bilevelProblem(
    1,
    n,
    {
      ...{ Qxx: gram(1), cx: integers(1, 4), Qyy: gram(n), cy: integers(n, 6) },
      domain: { lower: Float64Array.of(-2), upper: Float64Array.of(2) },
    },
    {
      ...{ Q: Float64Array.from({ length: n * n }, (_, at) => rank * v[Math.floor(at / n)] * v[at % n]) },
      ...{ c: some(integers(n, 2)), P: some(integers(n, 2)), A: integers(m * n, 1), B: integers(m, 1) },
      b: Float64Array.from({ length: m }, () => integer(1, 4)),
      ...{ lower: new Float64Array(n).fill(-1), upper: new Float64Array(n).fill(2) },
    },
  );
}

/**
 * min f(x, ·) over the answers of the lower level at x, which are {y feasible : Qy = Qy*, cᵀy = cᵀy*} for any answer y*; Infinity where
 * there is none.
 */
function optimisticValue(problem: QuadraticBilevel, x: Float64Array): number {
  const { n, upper } = problem;
  const lower = convexProblemAt(problem, x);
  const { status, y } = solveConvex(lower);
  if (status !== 'optimal') return Infinity;
  const A = Float64Array.of(...problem.lower.Q, ...lower.p);
  const b = new Float64Array(n + 1);
  multiply(n + 1, n, A, y, b);
  const p = new Float64Array(n);
  problem.upperGradientY(x, new Float64Array(n), p);
  const best = solveConvex(
    convexProblem(n, {
      ...{ Q: { kind: 'dense', values: upper.Qyy }, p, A, b },
      ...{ G: lower.G, h: lower.h, lower: lower.lower, upper: lower.upper },
    }),
  );
  return best.status === 'optimal' ? problem.upperValue(x, best.y) : Infinity;
}

it('where the lower level has several answers, the one that is best for the upper level counts', () => {
  let several = 0;
  for (let seed = 0; seed < 20; seed++) {
    const problem = draw(seed);
    const { status, best, bound, lowerGap } = solveGlobally(problem);
    const points = Array.from({ length: 33 }, (_, k) => Float64Array.of(-2 + k / 8));
    const least = Math.min(...points.map((x) => optimisticValue(problem, x)));
    if (status === 'infeasible') {
      expect([seed, least]).toEqual([seed, Infinity]);
      continue;
    }
    expect([seed, status]).toEqual([seed, 'optimal']);
    const { F, x, y } = best!;
    const size = Math.max(1, Math.abs(F));
    expect(Math.abs(bound - F)).toBeLessThan(1e-8 * size);
    expect(least).toBeGreaterThan(F - 1e-7 * size);
    // y is an answer, and f has this value there.
    expect(Math.abs(lowerGap)).toBeLessThan(1e-9 * size);
    expect(problem.upperValue(x, y)).toBeCloseTo(F, 10);
    const { findings } = solveConvex(convexProblemAt(problem, x));
    if (findings.some(({ diagnosis }) => diagnosis === 'not-unique')) several++;
  }
  expect(several).toBeGreaterThan(3);
});
