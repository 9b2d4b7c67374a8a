import { describe, expect, it } from 'vitest';
import { Generator } from '@shared/random/generator';
import { makeBoxQp, solveBoxQp } from './boxQp';
import { type InequalityQp, makeDualActiveSet, solveInequalityQp } from './dualActiveSet';

/** Q = GGᵀ/n + .1·I, and standard normal A and G. */
function randomQp(n: number, e: number, m: number, generator: Generator): InequalityQp {
  const F = generator.standardNormals(n * n);
  const Q = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < n; k++) Q[i * n + j] += (F[i * n + k] * F[j * n + k]) / n;
      if (i === j) Q[i * n + j] += 0.1;
    }
  return { n, e, m, Q, A: generator.standardNormals(e * n), G: generator.standardNormals(m * n) };
}

const product = (rows: number, n: number, M: Float64Array, y: ArrayLike<number>) =>
  Float64Array.from({ length: rows }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += M[i * n + j] * y[j];
    return sum;
  });

/** Largest failure of stationarity, feasibility, signs and complementarity, in plain loops. */
function kktError(
  { n, e, m, Q, A, G }: InequalityQp,
  p: Float64Array,
  b: Float64Array,
  h: Float64Array,
  y: Float64Array,
  multipliers: Float64Array,
): number {
  let worst = 0;
  const [Qy, Ay, Gy] = [product(n, n, Q, y), product(e, n, A, y), product(m, n, G, y)];
  for (let j = 0; j < n; j++) {
    let slope = Qy[j] + p[j];
    for (let i = 0; i < e; i++) slope += multipliers[i] * A[i * n + j];
    for (let i = 0; i < m; i++) slope += multipliers[e + i] * G[i * n + j];
    worst = Math.max(worst, Math.abs(slope));
  }
  for (let i = 0; i < e; i++) worst = Math.max(worst, Math.abs(Ay[i] - b[i]));
  for (let i = 0; i < m; i++) {
    const [slack, multiplier] = [h[i] - Gy[i], multipliers[e + i]];
    worst = Math.max(worst, -slack, -multiplier, Math.min(Math.abs(slack), Math.abs(multiplier)));
  }
  return worst;
}

describe('the dual active-set method', () => {
  it('satisfies the optimality conditions to rounding, cold and warm', () => {
    const generator = new Generator(1);
    for (const [n, e, m] of [
      [1, 0, 1],
      [3, 1, 4],
      [10, 0, 25],
      [20, 8, 40],
      [60, 20, 100],
    ]) {
      const qp = randomQp(n, e, m, generator);
      const solver = makeDualActiveSet(qp);
      let p = generator.standardNormals(n).map((value) => 3 * value);
      const inside = generator.standardNormals(n);
      for (let instance = 0; instance < 8; instance++) {
        // Right-hand sides around a point, so that the instance has one that satisfies it.
        const b = product(e, n, qp.A, inside);
        const h = product(m, n, qp.G, inside).map((value) => value + generator.random());
        expect(solveInequalityQp(solver, p, b, h, instance > 0)).toBe('optimal');
        expect(kktError(qp, p, b, h, solver.y, solver.multipliers)).toBeLessThan(1e-11);
        p = p.map((value) => value + 0.1 * generator.standardNormal());
      }
    }
  });

  it('a warm start after a small change takes hardly any iterations', () => {
    const generator = new Generator(2);
    const qp = randomQp(40, 0, 80, generator);
    const solver = makeDualActiveSet(qp);
    const h = new Float64Array(80).fill(0.3);
    const p = generator.standardNormals(40).map((value) => 5 * value);
    solveInequalityQp(solver, p, [], h);
    const cold = solver.iteration;
    solveInequalityQp(
      solver,
      p.map((value) => value + 1e-4),
      [],
      h,
      true,
    );
    expect(cold).toBeGreaterThan(10);
    expect(solver.iteration).toBeLessThanOrEqual(2);
  });

  it('agrees with block pivoting where the rows are bounds', () => {
    const generator = new Generator(3);
    const n = 30;
    const qp = randomQp(n, 0, 2 * n, generator);
    qp.G.fill(0);
    for (let i = 0; i < n; i++) {
      qp.G[i * n + i] = 1;
      qp.G[(n + i) * n + i] = -1;
    }
    const box = makeBoxQp({ n, Q: qp.Q, lower: new Float64Array(n).fill(-1), upper: new Float64Array(n).fill(1) });
    const solver = makeDualActiveSet(qp);
    const p = generator.standardNormals(n);
    solveBoxQp(box, p);
    solveInequalityQp(solver, p, [], new Float64Array(2 * n).fill(1));
    for (let i = 0; i < n; i++) expect(Math.abs(solver.y[i] - box.y[i])).toBeLessThan(1e-13);
  });

  it('takes dependent and duplicate rows', () => {
    const qp: InequalityQp = {
      ...{ n: 2, e: 0, m: 4 },
      Q: Float64Array.of(1, 0, 0, 1),
      A: new Float64Array(0),
      G: Float64Array.of(1, 1, 1, 1, 2, 2, 1, 0),
    };
    const solver = makeDualActiveSet(qp);
    expect(solveInequalityQp(solver, [-4, -4], [], [2, 2, 4, 1])).toBe('optimal');
    expect([...solver.y]).toEqual([1, 1]);
  });

  it('proves infeasibility with multipliers', () => {
    const generator = new Generator(4);
    for (let trial = 0; trial < 20; trial++) {
      const [n, e, m] = [6, 2, 12];
      const qp = randomQp(n, e, m, generator);
      // The last row contradicts a combination of the others.
      const weights = generator.uniforms(0, 1, m - 1);
      const free = generator.standardNormals(e);
      const b = generator.standardNormals(e);
      const h = generator.standardNormals(m);
      for (let j = 0; j < n; j++) {
        qp.G[(m - 1) * n + j] = 0;
        for (let i = 0; i < m - 1; i++) qp.G[(m - 1) * n + j] -= weights[i] * qp.G[i * n + j];
        for (let i = 0; i < e; i++) qp.G[(m - 1) * n + j] -= free[i] * qp.A[i * n + j];
      }
      let bound = -1;
      for (let i = 0; i < m - 1; i++) bound -= weights[i] * h[i];
      for (let i = 0; i < e; i++) bound -= free[i] * b[i];
      h[m - 1] = bound;
      const solver = makeDualActiveSet(qp);
      expect(solveInequalityQp(solver, generator.standardNormals(n), b, h)).toBe('primal infeasible');
      const u = solver.multipliers;
      let value = 0;
      for (let i = 0; i < e; i++) value += u[i] * b[i];
      for (let i = 0; i < m; i++) {
        value += u[e + i] * h[i];
        expect(u[e + i]).toBeGreaterThanOrEqual(-1e-10);
      }
      expect(value).toBeLessThan(0);
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let i = 0; i < e; i++) sum += u[i] * qp.A[i * n + j];
        for (let i = 0; i < m; i++) sum += u[e + i] * qp.G[i * n + j];
        expect(Math.abs(sum)).toBeLessThan(1e-9);
      }
    }
  });

  it('refuses by name what it cannot solve', () => {
    const qp = randomQp(2, 0, 1, new Generator(5));
    expect(() => makeDualActiveSet({ ...qp, Q: Float64Array.of(1, 0, 0, -1) })).toThrow('Q is not positive definite');
    expect(() => makeDualActiveSet({ ...qp, G: Float64Array.of(1) })).toThrow('G has 1 entries, not 2');
    const solver = makeDualActiveSet(qp);
    expect(() => solveInequalityQp(solver, [NaN, 0], [], [1])).toThrow('p holds NaN');
  });

  it('allocates no arrays while it solves, cold and warm', () => {
    const generator = new Generator(6);
    const [n, e, m] = [12, 3, 20];
    const qp = randomQp(n, e, m, generator);
    const solver = makeDualActiveSet(qp);
    const inside = generator.standardNormals(n);
    const b = product(e, n, qp.A, inside);
    const h = product(m, n, qp.G, inside).map((value) => value + 0.2);
    const instances = Array.from({ length: 10 }, () => generator.standardNormals(n));
    const run = () => instances.forEach((p, i) => solveInequalityQp(solver, p, b, h, i % 2 === 1));
    for (let i = 0; i < 20; i++) run();
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 200; i++) run();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1000);
  });
});
