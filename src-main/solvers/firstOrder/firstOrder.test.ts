import { expect, it } from 'vitest';
import { Generator } from '@shared/random/generator';
import { type BoxQpData, makeBoxQp, solveBoxQp } from '../activeSet/boxQp';
import { makeDualActiveSet, solveInequalityQp } from '../activeSet/dualActiveSet';
import * as admm from './admm';
import * as projected from './projectedGradient';

function randomBox(n: number, seed: number): { data: BoxQpData; p: Float64Array; generator: Generator } {
  const generator = new Generator(seed);
  const F = generator.standardNormals(n * n);
  const Q = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < n; k++) Q[i * n + j] += (F[i * n + k] * F[j * n + k]) / n;
      if (i === j) Q[i * n + j] += 0.1;
    }
  const data = { n, Q, lower: new Float64Array(n).fill(-1), upper: new Float64Array(n).fill(1) };
  return { data, p: generator.standardNormals(n), generator };
}

const distance = (a: Float64Array, b: Float64Array) =>
  a.reduce((d, value, i) => Math.max(d, Math.abs(value - b[i])), 0);

function runProjected(data: BoxQpData, p: Float64Array, accelerated: boolean) {
  const state = projected.makeProjectedGradient(data, { accelerated, tolerance: 1e-12, maxIterations: 100_000 });
  projected.init(state, p);
  while (!projected.terminate(state)) projected.step(state);
  projected.postprocess(state);
  return state;
}

it('projected gradient reaches the active-set solution, with fewer steps when accelerated', () => {
  const { data, p } = randomBox(40, 1);
  const exact = makeBoxQp(data);
  solveBoxQp(exact, p);
  const [plain, fast] = [runProjected(data, p, false), runProjected(data, p, true)];
  for (const state of [plain, fast]) {
    expect(state.status).toBe('converged');
    expect(distance(state.y, exact.y)).toBeLessThan(1e-9);
  }
  expect(fast.iteration).toBeLessThan(plain.iteration / 2);
});

it('ADMM reaches the active-set solution and its multipliers, with equality and inequality rows', () => {
  const { data, p, generator } = randomBox(20, 2);
  const { n, Q } = data;
  const [e, m] = [5, 30];
  const A = generator.standardNormals((e + m) * n);
  const inside = generator.standardNormals(n);
  const high = Float64Array.from({ length: e + m }, (_, i) => {
    const value = inside.reduce((sum, entry, j) => sum + entry * A[i * n + j], 0);
    return i < e ? value : value + generator.random();
  });
  const low = high.map((value, i) => (i < e ? value : -Infinity));
  const exact = makeDualActiveSet({ n, e, m, Q, A: A.slice(0, e * n), G: A.slice(e * n) });
  solveInequalityQp(exact, p, high.slice(0, e), high.slice(e));
  const state = admm.makeAdmm({ n, rows: e + m, Q, A }, { tolerance: 1e-10, maxIterations: 50_000 });
  admm.init(state, p, low, high);
  while (!admm.terminate(state)) admm.step(state);
  expect(state.status).toBe('converged');
  expect(distance(state.y, exact.y)).toBeLessThan(1e-7);
  expect(distance(state.multipliers, exact.multipliers)).toBeLessThan(1e-6);
  const cold = state.iteration;
  admm.init(state, p, low, high, true);
  while (!admm.terminate(state)) admm.step(state);
  expect(state.iteration).toBeLessThan(cold / 10);
});

it('says that the iterations were used up', () => {
  const { data, p } = randomBox(20, 3);
  const state = projected.makeProjectedGradient(data, { maxIterations: 2 });
  projected.init(state, p);
  while (!projected.terminate(state)) projected.step(state);
  expect(state.status).toBe('iteration limit');
});
