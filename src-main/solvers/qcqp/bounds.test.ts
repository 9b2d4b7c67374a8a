import { describe, expect, it } from 'vitest';
import type { QcqpFamily, QcqpInstances } from '../../modelling/families/family';
import { generateInstances } from '../../modelling/families/family';
import { findFamily, requireSettings } from '../../modelling/families/registry';
import { boundRows, boundsAsRows, makeSolver } from './bounds';
import type { QcqpResult } from './types';

function draw(kind: string, settings: Record<string, unknown>): QcqpInstances {
  const family = findFamily(kind);
  return generateInstances(family, requireSettings(family, settings));
}

/** What is left of the KKT conditions of the problem with bounds, in plain loops: by convexity 0 proves optimality. */
function kktResidual(family: QcqpFamily, x: Float64Array, result: QcqpResult): number {
  const { n, m, e, Q, p, A, G, H, h, lower, upper } = family;
  const { y, inequality, equality } = result;
  let worst = 0;
  const note = (value: number) => (worst = Math.max(worst, value));
  const gradient = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    gradient[j] = p[j];
    for (let k = 0; k < n; k++) gradient[j] += Q[j * n + k] * y[k];
  }
  for (let i = 0; i < m; i++) {
    let value = -h[i];
    for (let j = 0; j < n; j++) {
      value += (H[i * n + j] * y[j] + G[i * n + j]) * y[j];
      gradient[j] += inequality[i] * (2 * H[i * n + j] * y[j] + G[i * n + j]);
    }
    note(value);
    note(-inequality[i]);
    note(Math.abs(value * inequality[i]));
  }
  for (let i = 0; i < e; i++) {
    let value = -x[i];
    for (let j = 0; j < n; j++) {
      value += A[i * n + j] * y[j];
      gradient[j] += equality[i] * A[i * n + j];
    }
    note(Math.abs(value));
  }
  for (let j = 0; j < n; j++) {
    const [low, high] = [result.lower[j] ?? 0, result.upper[j] ?? 0];
    gradient[j] += high - low;
    note(-low);
    note(-high);
    if (lower) note(Math.max(lower[j] - y[j], Math.abs(low * (lower[j] - y[j]))));
    if (upper) note(Math.max(y[j] - upper[j], Math.abs(high * (y[j] - upper[j]))));
  }
  gradient.forEach((value) => note(Math.abs(value)));
  return worst;
}

describe('families with bounds', () => {
  // A box of ±.35 holds many variables at their bounds, one of ±50 none.
  it.each([
    { box: 50, held: false },
    { box: 5, held: true },
    { box: 0.35, held: true },
  ])('the KKT conditions of the FSNet family hold with a box of ±$box', ({ box, held }) => {
    const { family, X, N } = draw('fsnet', { n: 40, m: 12, e: 8, instances: 30, box });
    const solver = makeSolver(family);
    let atBounds = 0;
    let solved = 0;
    for (let i = 0; i < N; i++) {
      const x = X.slice(i * family.e, (i + 1) * family.e);
      const result = solver.solve(x);
      if (result.status !== 'optimal') continue;
      solved++;
      expect(kktResidual(family, x, result)).toBeLessThan(1e-9);
      for (let j = 0; j < family.n; j++) if (Math.abs(Math.abs(result.y[j]) - box) < 1e-9) atBounds++;
    }
    expect(solved).toBeGreaterThan(N / 2);
    expect(atBounds > 0).toBe(held);
  });

  it('linear rows alone: the KKT conditions of the DC3 family hold', () => {
    const { family, X, N } = draw('dc3', { n: 30, m: 15, e: 12, instances: 20 });
    const solver = makeSolver(family);
    for (let i = 0; i < N; i++) {
      const x = X.slice(i * family.e, (i + 1) * family.e);
      const result = solver.solve(x);
      expect(result.status).toBe('optimal');
      expect(kktResidual(family, x, result)).toBeLessThan(1e-9);
    }
  });

  it('the published QP of DC3 has its published mean optimum over the test split', () => {
    const { family, X, N } = draw('dc3', { draws: 'RandomState' });
    const solver = makeSolver(family);
    let sum = 0;
    for (let i = N - 833; i < N; i++) {
      const { status, objective } = solver.solve(X, i * family.e);
      expect(status).toBe('optimal');
      sum += objective;
    }
    // Table 1 of the paper gives −15.05 for the optimizer.
    expect((sum / 833).toFixed(2)).toBe('-15.05');
  });

  it('an infinite bound is none, and a box without a point in it is infeasible', () => {
    const { family, X } = draw('fsnet', { n: 20, m: 4, e: 4, instances: 1 });
    const open: QcqpFamily = { ...family, lower: family.lower!.map(() => -Infinity), upper: family.upper!.slice() };
    expect(boundRows(open)).toHaveLength(20);
    expect(boundsAsRows(open).m).toBe(24);
    const narrow: QcqpFamily = {
      ...family,
      lower: new Float64Array(20).fill(1e-3),
      upper: new Float64Array(20).fill(2e-3),
    };
    expect(makeSolver(narrow).solve(X).status).toBe('primal infeasible');
  });
});
