import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cholesky, solveCholesky } from '../../numerics/linalg/cholesky';
import { dsigd } from '../algorithms/dsigd';
import { aid } from '../estimators/aid';
import { differences } from '../estimators/differences';
import { exact } from '../estimators/exact';
import { firstOrder } from '../estimators/firstOrder';
import { estimators } from '../estimators/registry';
import { unrolled } from '../estimators/unrolled';
import { zerothOrder } from '../estimators/zerothOrder';
import { expectConsistent } from '../fixtures/derivatives';
import { distanceBound, kktResidual } from '../lower/kktResidual';
import { makeLowerLevel } from '../lower/makeLowerLevel';
import { bilevelPreflight } from '../preflight';
import { drawCleaning, drawLogistic, drawRidge } from './draw';
import type { RegressionBilevel } from './regressionBilevel';

/** Written by fixtures/regression.py: draws by numpy, y* by scipy, gradients by fourth-order differences of re-solved problems. */
const numpy = JSON.parse(readFileSync(resolve('src-main/bilevel/fixtures/regression.numpy.json'), 'utf8')) as {
  sizes: { samples: number; validation: number; features: number; noise: number; seed: number };
  cases: {
    family: 'ridge' | 'logistic' | 'hyper-cleaning';
    classes: number;
    x: number[];
    targets: number[];
    y: number[];
    g: number;
    F: number;
    gradient: number[];
  }[];
};

type Drawn = { problem: RegressionBilevel; x: Float64Array };

function drawn(family: string, classes: number, changes: Partial<typeof common> = {}): Drawn {
  const settings = { ...common, ...changes };
  if (family === 'ridge') return drawRidge({ ...settings, groups: 3 });
  if (family === 'logistic') return drawLogistic({ ...settings, groups: 3, classes });
  return drawCleaning({ ...settings, classes, corrupted: 0.3, decay: 0.1 });
}
const common = { ...numpy.sizes, bound: 0, domain: 5, perturbation: 0 };

const relativeError = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.hypot(...Array.from(b, (value, i) => a[i] - value)) / Math.hypot(...Array.from(b));

const cases = numpy.cases.map((one) => ({ ...one, title: `${one.family}, ${one.classes} classes` }));

describe.each(cases)('$title', ({ family, classes, x: wantedX, targets, y, g, F, gradient }) => {
  const { problem, x } = drawn(family, classes);

  it('draws what numpy draws', () => {
    expect([...x]).toEqual(wantedX);
    targets.forEach((target, i) => expect(problem.data.training.targets[i]).toBeCloseTo(target, 14));
  });

  it('y*, g, F and ∇F are scipy’s, and y* has a certificate', () => {
    const level = makeLowerLevel(problem);
    const solution = level.solve(x);
    expect(relativeError(solution.y, y)).toBeLessThan(1e-11);
    expect(problem.lowerValue(x, solution.y)).toBeCloseTo(g, 13);
    expect(kktResidual(problem, x, solution)).toBeLessThan(1e-12);
    expect(distanceBound(problem, x, solution)).toBeLessThan(1e-11);
    const estimate = exact.make(problem, { kind: 'exact' }).at(x);
    expect(estimate.F).toBeCloseTo(F, 12);
    // What fourth-order differences of step 2e-3 are known to.
    expect(relativeError(estimate.gradient, gradient)).toBeLessThan(1e-8);
  });

  it.each([0, 0.15])('every derivative is that of differences, and every estimator agrees; bound of y %f', (bound) => {
    const { problem } = drawn(family, classes, { bound, perturbation: 1e-2 });
    expectConsistent(
      problem,
      x,
      Float64Array.from({ length: problem.n }, (_, j) => 0.3 * Math.cos(j)),
    );
    const { gradient, F, weak } = exact.make(problem, { kind: 'exact' }).at(x);
    expect(weak).toEqual([]);
    if (bound > 0)
      expect(
        makeLowerLevel(problem)
          .solve(x)
          .side.some((side) => side !== 0),
      ).toBe(true);
    const error = (estimate: { gradient: Float64Array }) => relativeError(estimate.gradient, gradient);
    // ∇F has entries of 1/N: a longer step than usual, so that the rounding of F over it stays below them.
    const central = { kind: 'differences', scheme: 'central', step: 1e-4, warm: true } as const;
    expect(error(differences.make(problem, central).at(x))).toBeLessThan(1e-7);
    const cg = { kind: 'aid', solver: 'cg', iterations: 2 * problem.n, tolerance: 1e-14 } as const;
    expect(error(aid.make(problem, cg).at(x))).toBeLessThan(1e-9);
    const neumann = { ...cg, solver: 'neumann', iterations: 5000 } as const;
    expect(error(aid.make(problem, neumann).at(x))).toBeLessThan(1e-8);
    expect(error(unrolled.make(problem, { kind: 'unrolled', iterations: 3000 }).at(x))).toBeLessThan(1e-8);
    expect(error(firstOrder.make(problem, { kind: 'first-order', delta: 1e-6 }).at(x))).toBeLessThan(1e-4);
    const directions = 600;
    const zeroth = zerothOrder.make(problem, { kind: 'zeroth-order', directions, radius: 1e-5, seed: 1 }).at(x);
    expect(error(zeroth)).toBeLessThan(3 * Math.sqrt((problem.d + 1) / directions));
    expect(zeroth.F).toBeCloseTo(F, 12);
  });

  it('the interior point says that it is not for this problem, the others work', () => {
    const refusing = estimators.flatMap(({ kind, refusal }) => (refusal(problem) === null ? [] : [kind]));
    expect(refusing).toEqual(['conic']);
    expect(estimators.find(({ kind }) => kind === 'conic')!.refusal(problem)).toMatch(/not quadratic/);
    expect(bilevelPreflight(problem, x).findings).toEqual([]);
  });
});

it('ridge regression has a closed form: y* = (AᵀA/N + diag r)⁻¹Aᵀb/N, dF/dx_k = −Σ_{j∈k} e^{x_k}y_j u_j', () => {
  const { problem, x } = drawn('ridge', 2);
  const { p, training, validation } = problem.data;
  const normal = ({ count, features, targets }: typeof training) => {
    const [H, c] = [new Float64Array(p * p), new Float64Array(p)];
    for (let i = 0; i < count; i++)
      for (let a = 0; a < p; a++) {
        c[a] += (features[i * p + a] * targets[i]) / count;
        for (let b = 0; b < p; b++) H[a * p + b] += (features[i * p + a] * features[i * p + b]) / count;
      }
    return { H, c };
  };
  const { H, c } = normal(training);
  const group = (j: number) => Math.floor((3 * j) / p);
  for (let j = 0; j < p; j++) H[j * (p + 1)] += Math.exp(x[group(j)]);
  cholesky(p, H);
  const y = c.slice();
  solveCholesky(p, H, y);
  const { H: V, c: v } = normal(validation);
  const u = Float64Array.from({ length: p }, (_, a) => y.reduce((sum, value, b) => sum + V[a * p + b] * value, -v[a]));
  solveCholesky(p, H, u);
  const gradient = new Float64Array(3);
  for (let j = 0; j < p; j++) gradient[group(j)] -= Math.exp(x[group(j)]) * y[j] * u[j];
  const estimate = exact.make(problem, { kind: 'exact' }).at(x);
  expect(relativeError(estimate.y, y)).toBeLessThan(1e-13);
  expect(relativeError(estimate.gradient, gradient)).toBeLessThan(1e-12);
});

it('hyper-cleaning takes weight from the samples whose labels are wrong', () => {
  const settings = { ...common, samples: 80, validation: 200, noise: 0.1, classes: 2, decay: 0.01 };
  const { problem } = drawCleaning({ ...settings, corrupted: 0.3 });
  const clean = drawCleaning({ ...settings, corrupted: 0 }).problem.data.training.targets;
  const chosen = dsigd.settings.parse({ kind: 'dsigd', iterations: 60, scale: 500 });
  const solver = dsigd.make(problem, chosen, exact.make(problem, { kind: 'exact' }));
  const state = solver.init(new Float64Array(80));
  while (!solver.terminate(state)) solver.step(state);
  const isWrong = (i: number) => problem.data.training.targets[i] !== clean[i];
  const mean = (wrong: boolean) => {
    const those = [...state.x.keys()].filter((i) => isWrong(i) === wrong);
    return those.reduce((sum, i) => sum + 1 / (1 + Math.exp(-state.x[i])), 0) / those.length;
  };
  expect(mean(true)).toBeLessThan(0.2);
  expect(mean(false)).toBeGreaterThan(0.5);
});

it('far out, where classes are separated and weights vanish, the lower level is still solved', () => {
  const { problem } = drawn('logistic', 3);
  for (const at of [-16, 0, 12]) {
    const x = new Float64Array(3).fill(at);
    const solution = makeLowerLevel(problem).solve(x);
    expect(kktResidual(problem, x, solution)).toBeLessThan(1e-11 * Math.max(1, Math.exp(at)));
  }
});

it('where a number overflows x is named', () => {
  const { problem } = drawn('ridge', 2);
  expect(() => makeLowerLevel(problem).solve(new Float64Array(3).fill(800))).toThrow(/not finite|NaN|Infinity/);
});
