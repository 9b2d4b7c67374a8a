import { expect, test } from 'vitest';
import { Generator } from '@shared/random/generator';
import { complementarityMargin, makeBoxQp, objective, solveBoxQp, type BoxQp, type BoxQpData } from './boxQp';

/** GGᵀ/n + ridge·I with G standard normal, bounds ±1. */
function randomData(n: number, generator: Generator, ridge = 0.1): BoxQpData {
  const G = generator.standardNormals(n * n);
  const Q = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < n; k++) Q[i * n + j] += (G[i * n + k] * G[j * n + k]) / n;
      if (i === j) Q[i * n + j] += ridge;
    }
  return { n, Q, lower: new Float64Array(n).fill(-1), upper: new Float64Array(n).fill(1) };
}

/** The largest failure of the optimality conditions, in plain loops that share nothing with the solver. */
function kktError({ n, Q, lower, upper }: BoxQpData, p: Float64Array, y: Float64Array): number {
  let worst = 0;
  for (let i = 0; i < n; i++) {
    let slope = p[i];
    for (let j = 0; j < n; j++) slope += Q[i * n + j] * y[j];
    // y is optimal where the projected step does not move it.
    const moved = Math.min(upper[i], Math.max(lower[i], y[i] - slope));
    worst = Math.max(worst, Math.abs(moved - y[i]));
  }
  return worst;
}

/** The optimum by trying every active set: 3ⁿ small systems. */
function enumerate(data: BoxQpData, p: Float64Array): number {
  const { n, Q, lower, upper } = data;
  let best = Infinity;
  for (let code = 0; code < 3 ** n; code++) {
    const side = Array.from({ length: n }, (_, i) => Math.floor(code / 3 ** i) % 3);
    const free = side.flatMap((s, i) => (s === 0 ? [i] : []));
    const y = new Float64Array(n).map((_, i) => (side[i] === 1 ? lower[i] : side[i] === 2 ? upper[i] : 0));
    const rows = free.map((i) => [
      ...free.map((j) => Q[i * n + j]),
      -p[i] - y.reduce((sum, value, j) => sum + Q[i * n + j] * value, 0),
    ]);
    gauss(rows).forEach((value, k) => (y[free[k]] = value));
    if (y.some((value, i) => value < lower[i] - 1e-12 || value > upper[i] + 1e-12)) continue;
    let f = 0;
    for (let i = 0; i < n; i++) {
      f += p[i] * y[i];
      for (let j = 0; j < n; j++) f += 0.5 * y[i] * Q[i * n + j] * y[j];
    }
    best = Math.min(best, f);
  }
  return best;
}

/** Gaussian elimination with pivoting on rows [A | b]. */
function gauss(rows: number[][]): number[] {
  const n = rows.length;
  for (let k = 0; k < n; k++) {
    const pivot = rows.slice(k).reduce((at, row, i) => (Math.abs(row[k]) > Math.abs(rows[at][k]) ? k + i : at), k);
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    for (let i = k + 1; i < n; i++) {
      const factor = rows[i][k] / rows[k][k];
      for (let j = k; j <= n; j++) rows[i][j] -= factor * rows[k][j];
    }
  }
  const x = new Array<number>(n).fill(0);
  for (let k = n - 1; k >= 0; k--)
    x[k] = (rows[k][n] - rows[k].slice(k + 1, n).reduce((sum, value, j) => sum + value * x[k + 1 + j], 0)) / rows[k][k];
  return x;
}

test('the objective is the least over all active sets, cold and warm', () => {
  const generator = new Generator(1);
  for (let trial = 0; trial < 20; trial++) {
    const data = randomData(5, generator);
    const solver = makeBoxQp(data);
    for (const warm of [false, true]) {
      const p = generator.standardNormals(5).map((value) => 2 * value);
      expect(solveBoxQp(solver, p, warm)).toBe('optimal');
      const best = enumerate(data, p);
      expect(Math.abs(objective(solver) - best)).toBeLessThan(1e-12 * Math.max(1, Math.abs(best)));
    }
  }
});

test('the optimality conditions hold to rounding from n = 1 to n = 200, with conditions up to 1e8', () => {
  const generator = new Generator(2);
  for (const n of [1, 2, 10, 50, 200])
    for (const ridge of [0.1, 1e-4, 1e-8]) {
      const data = randomData(n, generator, ridge);
      const solver = makeBoxQp(data);
      for (let instance = 0; instance < 3; instance++) {
        const p = generator.standardNormals(n);
        expect(solveBoxQp(solver, p, instance > 0)).toBe('optimal');
        expect(kktError(data, p, solver.y)).toBeLessThan(1e-11);
      }
    }
});

test('a cold solve gives the same bits whatever was solved before', () => {
  const generator = new Generator(3);
  const data = randomData(30, generator);
  const [p, other] = [generator.standardNormals(30), generator.standardNormals(30)];
  const fresh = makeBoxQp(data);
  solveBoxQp(fresh, p);
  const used = makeBoxQp(data);
  solveBoxQp(used, other);
  solveBoxQp(used, other, true);
  solveBoxQp(used, p);
  expect(used.y).toEqual(fresh.y);
  expect(used.gradient).toEqual(fresh.gradient);
});

test('a small change of p warm-started costs one or two steps', () => {
  const generator = new Generator(4);
  const data = randomData(100, generator);
  const solver = makeBoxQp(data);
  const p = generator.standardNormals(100);
  solveBoxQp(solver, p);
  for (let i = 0; i < 20; i++) {
    const moved = p.map((value) => value + 1e-3 * generator.standardNormal());
    solveBoxQp(solver, moved, true);
    expect(solver.iteration).toBeLessThanOrEqual(3);
    expect(kktError(data, moved, solver.y)).toBeLessThan(1e-12);
  }
});

/** A matrix on which changing all wrong variables at once goes round in circles; single changes must end it. */
test('block changes that cycle give way to single ones and end', () => {
  const n = 12;
  const generator = new Generator(5);
  let most = 0;
  for (let trial = 0; trial < 300; trial++) {
    // Strongly coupled with alternating signs, nearly singular: the worst case for pivoting in blocks.
    const v = generator.standardNormals(n);
    const w = generator.standardNormals(n);
    const Q = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) Q[i * n + j] = 50 * v[i] * v[j] + 20 * w[i] * w[j] + (i === j ? 0.01 : 0);
    const data = { n, Q, lower: new Float64Array(n).fill(-1), upper: new Float64Array(n).fill(1) };
    const solver = makeBoxQp(data, { sweeps: 0 });
    const p = generator.standardNormals(n).map((value) => 30 * value);
    expect(solveBoxQp(solver, p)).toBe('optimal');
    expect(kktError(data, p, solver.y)).toBeLessThan(1e-8);
    most = Math.max(most, solver.iteration);
  }
  expect(most).toBeGreaterThan(8);
});

test('bounds may be infinite on one side or both, or coincide', () => {
  const data: BoxQpData = {
    n: 4,
    Q: Float64Array.of(2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2),
    lower: Float64Array.of(-Infinity, 0, 0.5, -1),
    upper: Float64Array.of(Infinity, Infinity, 0.5, 1),
  };
  const solver = makeBoxQp(data);
  expect(solveBoxQp(solver, [-20, 4, -7, 0.5])).toBe('optimal');
  expect([...solver.y]).toEqual([10, 0, 0.5, -0.25]);
  expect([...solver.gradient]).toEqual([0, 4, -6, 0]);
});

test('the margin is 0 at a kink and the distance to it elsewhere', () => {
  const one = (p: number): BoxQp => {
    const solver = makeBoxQp({ n: 1, Q: Float64Array.of(1), lower: Float64Array.of(-1), upper: Float64Array.of(1) });
    solveBoxQp(solver, [p]);
    return solver;
  };
  expect(complementarityMargin(one(-1))).toBe(0);
  expect(complementarityMargin(one(-1.25))).toBe(0.25);
  expect(complementarityMargin(one(-0.75))).toBe(0.25);
});

test('what cannot be solved is refused by name', () => {
  const bounds = { lower: Float64Array.of(-1, -1), upper: Float64Array.of(1, 1) };
  const identity = Float64Array.of(1, 0, 0, 1);
  expect(() => makeBoxQp({ n: 2, Q: Float64Array.of(1, 2, 2, 1), ...bounds })).toThrow('Q is not positive definite');
  expect(() => makeBoxQp({ n: 2, Q: Float64Array.of(1, 0, 0), ...bounds })).toThrow('Q has 3 entries');
  expect(() => makeBoxQp({ n: 2, Q: Float64Array.of(1, 0, 0, NaN), ...bounds })).toThrow('Q holds NaN at position 3');
  expect(() => makeBoxQp({ n: 2, Q: identity, lower: Float64Array.of(-1, 2), upper: Float64Array.of(1, 1) })).toThrow(
    'bounds of variable 1: 2 ≤ y ≤ 1',
  );
  const solver = makeBoxQp({ n: 2, Q: identity, ...bounds });
  expect(() => solveBoxQp(solver, [NaN, 0])).toThrow('linear term');
});

test('allocates no arrays while it solves, cold and warm', () => {
  const generator = new Generator(6);
  const solver = makeBoxQp(randomData(20, generator));
  const instances = Array.from({ length: 10 }, () => generator.standardNormals(20));
  const run = () => instances.forEach((p, i) => solveBoxQp(solver, p, i % 2 === 1));
  for (let i = 0; i < 20; i++) run();
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 200; i++) run();
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1000);
});
