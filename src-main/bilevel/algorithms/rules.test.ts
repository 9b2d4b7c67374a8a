import { describe, expect, it } from 'vitest';
import { exact } from '../estimators/exact';
import { drawBilevel } from '../families';
import { randomBilevel } from '../fixtures/random';
import { makeLowerLevel } from '../lower/makeLowerLevel';
import { rowValues, type BilevelProblem } from '../problem';
import { bilevelProblem } from '../quadratic';
import { bicGaffa } from './bicGaffa';
import { blocc } from './blocc';
import { dsblo } from './dsblo';
import { f2csa } from './f2csa';
import { lvhba } from './lvhba';
import { pigd } from './pigd';
import type { SingleLoopState } from './singleLoop';

const oracle = (problem: BilevelProblem) => exact.make(problem, { kind: 'exact' });
const difference = (a: Float64Array, b: Float64Array) => a.map((value, i) => value - b[i]);
const length = (values: Float64Array) => Math.hypot(...values);

/** Central differences of a function of one block of variables. */
function slopeOf(value: (block: Float64Array) => number, at: Float64Array): Float64Array {
  const h = 1e-5;
  return at.map((entry, i) => {
    const moved = at.slice();
    moved[i] = entry + h;
    const ahead = value(moved);
    moved[i] = entry - h;
    return (ahead - value(moved)) / (2 * h);
  });
}

function expectClose(actual: Float64Array, expected: Float64Array): void {
  expect(length(difference(actual, expected))).toBeLessThan(1e-6 * Math.max(1, length(expected)));
}

const { problem, x } = randomBilevel({ d: 4, n: 5, m: 3, box: false }, 11);
const { n, m } = problem;
const [c, gamma1, gamma2] = [7, 0.6, 0.3];
const wave = (size: number, phase: number) => Float64Array.from({ length: size }, (_, i) => 0.3 * Math.cos(i + phase));
const rowsAt = (at: Float64Array, y: Float64Array) => {
  const values = new Float64Array(m);
  rowValues(problem, at, y, values);
  return values;
};

/** argmin over θ ∈ ℝⁿ by steps along the gradient, until nothing moves. */
function descend(gradient: (theta: Float64Array) => Float64Array, from: Float64Array): Float64Array {
  const theta = from.slice();
  for (let k = 0; k < 200_000; k++) {
    const slope = gradient(theta);
    for (let j = 0; j < n; j++) theta[j] -= 0.02 * slope[j];
    if (length(slope) < 1e-13) return theta;
  }
  throw new Error('The inner problem of the test did not converge.');
}

/** ∇_θ of g(x, θ) + wᵀh(x, θ) + ‖θ − y‖²/(2γ₁), with w the multipliers at θ. */
const innerSlope = (at: Float64Array, y: Float64Array, theta: Float64Array, w: Float64Array) => {
  const slope = new Float64Array(n);
  problem.lowerGradientY(at, theta, slope);
  const { A } = problem.rows;
  for (let j = 0; j < n; j++) {
    slope[j] += (theta[j] - y[j]) / gamma1;
    for (let r = 0; r < m; r++) slope[j] += A[r * n + j] * w[r];
  }
  return slope;
};
const distance = (theta: Float64Array, y: Float64Array) => length(difference(theta, y)) ** 2 / (2 * gamma1);

/** A step of length α from this point, with θ where it would stay. */
function stepFrom(
  algorithm: typeof bicGaffa | typeof lvhba,
  point: { x: Float64Array; y: Float64Array; z: Float64Array; theta: Float64Array; lambda: Float64Array },
) {
  const alpha = 1e-7;
  const given = {
    kind: algorithm.kind,
    penalty: c,
    power: 0,
    gamma1,
    gamma2,
    alpha,
    eta: 1e-3,
    bound: 1e3,
    iterations: 9,
  };
  const settings = algorithm.settings.parse(given);
  const solver = (algorithm as typeof bicGaffa).make(problem, settings as never, oracle(problem));
  const state: SingleLoopState = solver.init(point.x);
  Object.assign(state, { iteration: 1, alphaX: alpha, alphaY: alpha, alphaZ: alpha, eta: 1e-3 });
  for (const name of ['y', 'z', 'theta', 'lambda'] as const) state[name].set(point[name]);
  solver.step(state);
  const rate = (before: Float64Array, after: Float64Array) => difference(before, after).map((value) => value / alpha);
  return { x: rate(point.x, state.x), y: rate(point.y, state.y), z: rate(point.z, state.z), state };
}

describe('with θ solved for, a step is one along the gradient of the penalised function', () => {
  it('of BiC-GAFFA: f/c + the doubly regularised gap function', () => {
    const [y, z] = [wave(n, 1), wave(m, 2).map((value) => Math.abs(value) + 0.1)];
    const thetaOf = (at: Float64Array, yAt: Float64Array, zAt: Float64Array) =>
      descend((theta) => innerSlope(at, yAt, theta, zAt), yAt);
    const value = (at: Float64Array, yAt: Float64Array, zAt: Float64Array) => {
      const theta = thetaOf(at, yAt, zAt);
      const [h, hTheta] = [rowsAt(at, yAt), rowsAt(at, theta)];
      let gap = problem.lowerValue(at, yAt) - problem.lowerValue(at, theta) - distance(theta, yAt);
      for (let r = 0; r < m; r++) {
        const lambda = Math.max(0, zAt[r] + gamma2 * h[r]);
        gap += lambda * h[r] - (lambda - zAt[r]) ** 2 / (2 * gamma2) - zAt[r] * hTheta[r];
      }
      return problem.upperValue(at, yAt) / c + gap;
    };
    const taken = stepFrom(bicGaffa, { x, y, z, theta: thetaOf(x, y, z), lambda: z });
    expectClose(
      taken.x,
      slopeOf((at) => value(at, y, z), x),
    );
    expectClose(
      taken.y,
      slopeOf((at) => value(x, at, z), y),
    );
    expectClose(
      taken.z,
      slopeOf((at) => value(x, y, at), z),
    );
  });

  it('of LV-HBA: f/c + g − the proximal Lagrangian value function', () => {
    // y in the interior of the rows, so that the projection has nothing to do.
    const inside = makeLowerLevel(problem).solve(x).y;
    const y = descend((theta) => {
      const slope = difference(theta, inside).map((value) => 1e-3 * value);
      rowsAt(x, theta).forEach((h, r) => {
        for (let j = 0; h > -0.05 && j < n; j++) slope[j] += (h + 0.05) * problem.rows.A[r * n + j];
      });
      return slope.map((value) => 10 * value);
    }, inside);
    expect(rowsAt(x, y).every((h) => h < 0)).toBe(true);
    const z = wave(m, 2).map((value) => Math.abs(value) + 0.1);
    const lambdaOf = (at: Float64Array, theta: Float64Array) =>
      rowsAt(at, theta).map((h, r) => Math.max(0, z[r] + gamma2 * h));
    const thetaOf = (at: Float64Array, yAt: Float64Array) =>
      descend((theta) => innerSlope(at, yAt, theta, lambdaOf(at, theta)), yAt);
    const value = (at: Float64Array, yAt: Float64Array) => {
      const theta = thetaOf(at, yAt);
      const [h, lambda] = [rowsAt(at, theta), lambdaOf(at, theta)];
      let v = problem.lowerValue(at, theta) + distance(theta, yAt);
      for (let r = 0; r < m; r++) v += lambda[r] * h[r] - (lambda[r] - z[r]) ** 2 / (2 * gamma2);
      return problem.upperValue(at, yAt) / c + problem.lowerValue(at, yAt) - v;
    };
    const theta = thetaOf(x, y);
    const taken = stepFrom(lvhba, { x, y, z, theta, lambda: lambdaOf(x, theta) });
    expectClose(
      taken.x,
      slopeOf((at) => value(at, y), x),
    );
    expectClose(
      taken.y,
      slopeOf((at) => value(x, at), y),
    );
    // z moves towards λ by β/γ₂ of the way.
    const lambda = lambdaOf(x, theta);
    taken.state.z.forEach((value, r) => expect(value).toBeCloseTo(z[r] + (0.1 * (lambda[r] - z[r])) / gamma2, 12));
  });
});

it('the gradient of BLOCC is that of F_γ by differences, with rows that contain x active', () => {
  const { problem: coupled, x: at } = randomBilevel({ d: 6, n: 9, m: 5, box: true }, 4);
  const gamma = 25;
  const solver = blocc.make(
    coupled,
    blocc.settings.parse({ kind: 'blocc', gamma, eta: 1e-9, rule: 'constant' }),
    oracle(coupled),
  );
  const state = solver.init(at);
  solver.step(state);
  const lower = makeLowerLevel(coupled);
  expect(lower.solve(at).multipliers.inequality.some((value) => value > 0)).toBe(true);
  // F_γ from the two minima, the blended one as the lower level of a problem with f added to g by hand.
  const { upper, lower: data } = coupled;
  const sum = (a: Float64Array, b: Float64Array) => a.map((value, k) => value + gamma * b[k]);
  const blended = bilevelProblem(
    6,
    9,
    {},
    {
      ...{ ...data, Q: sum(upper.Qyy, data.Q), c: sum(upper.cy, data.c), P: sum(upper.Qxy, data.P) },
      q: data.q.map((value) => gamma * value),
    },
  );
  const value = (point: Float64Array) => {
    const yF = makeLowerLevel(blended, 'conic').solve(point).y.slice();
    const yg = makeLowerLevel(coupled, 'conic').solve(point).y;
    const gap = coupled.lowerValue(point, yF) - coupled.lowerValue(point, yg);
    return coupled.upperValue(point, yF) + gamma * gap;
  };
  expectClose(state.gradient, slopeOf(value, at));
});

describe('lengths of steps', () => {
  const { problem: box, x: start } = drawBilevel('coupled', { d: 6, n: 9, seed: 4 });

  it('of DS-BLO are ‖m‖/(γ₁‖m‖ + γ₂), with the gradient between the last two iterates and m an average', () => {
    const settings = dsblo.settings.parse({ kind: 'ds-blo', gamma1: 3, gamma2: 40, momentum: 0.7, cooldown: 0 });
    const solver = dsblo.make(box, settings, oracle(box));
    const state = solver.init(start);
    let m = new Float64Array(box.d);
    for (let k = 0; k < 8; k++) {
      const [from, to] = [state.before.slice(), state.x.slice()];
      solver.step(state);
      const { estimate, step } = solver.report(state);
      const [along, whole] = [difference(estimate!.x, from), difference(to, from)];
      const share = length(whole) > 0 ? length(along) / length(whole) : 0;
      expect(share).toBeLessThanOrEqual(1);
      expect(
        length(
          difference(
            along,
            whole.map((value) => share * value),
          ),
        ),
      ).toBeLessThan(1e-14);
      m = Float64Array.from(m, (value, i) =>
        k === 0 ? estimate!.gradient[i] : 0.7 * value + 0.3 * estimate!.gradient[i],
      );
      expect(length(difference(state.m, m))).toBeLessThan(1e-14 * length(m));
      expect(step).toBeCloseTo(length(m) / (3 * length(m) + 40), 14);
    }
  });

  it('of F2CSA never exceed D, and the gradient is taken on the step', () => {
    const solver = f2csa.make(box, f2csa.settings.parse({ kind: 'f2csa', clip: 0.01, cooldown: 0 }), oracle(box));
    const state = solver.init(start);
    for (let k = 0; k < 30; k++) {
      const from = state.x.slice();
      solver.step(state);
      expect(state.moved).toBeLessThanOrEqual(0.01 * (1 + 1e-12));
      const [whole, part] = [difference(state.x, from), difference(solver.report(state).estimate!.x, from)];
      expect(length(part)).toBeLessThanOrEqual(length(whole) + 1e-15);
    }
    expect(state.moved).toBeCloseTo(0.01, 12);
  });

  it('of PIGD are η‖g‖, with g taken within δ', () => {
    const settings = pigd.settings.parse({ kind: 'pigd', eta: 0.02, radius: 0.05, cooldown: 0 });
    const solver = pigd.make(box, settings, oracle(box));
    const state = solver.init(start);
    for (let k = 0; k < 20; k++) {
      const from = state.x.slice();
      solver.step(state);
      const { estimate, step } = solver.report(state);
      expect(length(difference(estimate!.x, from))).toBeLessThanOrEqual(0.05);
      expect(step).toBeCloseTo(0.02 * length(estimate!.gradient), 13);
    }
  });
});
