import type { InstanceView } from '@shared/problems';
import type { QcqpFamily } from '../../modelling/families/family';
import { dot, multiply } from '../../numerics/linalg/products';
import { boundRows } from './bounds';
import type { QcqpResult } from './types';

/** A row with no more room than this counts as active. */
export const activeWithin = 1e-8;

/** c(y) [m], in plain loops that share nothing with the solver. */
export function rowValues({ n, m, G, H, h, diagonal }: QcqpFamily, y: Float64Array, at = 0): Float64Array {
  const values = new Float64Array(m);
  for (let i = 0; i < m; i++) {
    let value = -h[i];
    for (let j = 0; j < n; j++) {
      const curved = diagonal ? H[i * n + j] * y[at + j] : dot(n, H, (i * n + j) * n, y, at);
      value += (curved + G[i * n + j]) * y[at + j];
    }
    values[i] = value;
  }
  return values;
}

/** The largest violation of a row, a bound or Ay = x at y. */
export function violationOf(family: QcqpFamily, y: Float64Array, at: number, x: Float64Array, xAt: number): number {
  const { n, e, A, lower, upper } = family;
  let worst = 0;
  for (const value of rowValues(family, y, at)) worst = Math.max(worst, value);
  for (let i = 0; i < e; i++) worst = Math.max(worst, Math.abs(dot(n, A, i * n, y, at) - x[xAt + i]));
  for (let j = 0; j < n; j++) {
    if (lower) worst = Math.max(worst, lower[j] - y[at + j]);
    if (upper) worst = Math.max(worst, y[at + j] - upper[j]);
  }
  return worst;
}

/** f(y) = ½yᵀQy + pᵀy */
export function objectiveOf({ n, Q, p }: QcqpFamily, y: Float64Array): number {
  const product = new Float64Array(n);
  multiply(n, n, Q, y, product);
  return 0.5 * dot(n, product, 0, y, 0) + dot(n, p, 0, y, 0);
}

/** An instance at its optimum, as the workbench shows it; `label` is the y [n] that a dataset has for it. */
export function instanceView(
  family: QcqpFamily,
  instance: number,
  result: QcqpResult,
  milliseconds: number,
  label: { y: Float64Array; x: Float64Array } | null,
): InstanceView {
  const { y, inequality, objective, certificate } = result;
  const slacks = Array.from(rowValues(family, y), (value) => -value);
  const multipliers = [...inequality];
  const activeRows = slacks.flatMap((slack, i) => (slack <= activeWithin ? [i] : []));
  const others = slacks.filter((slack) => slack > activeWithin);
  const touching = (kind: 'lower' | 'upper') =>
    boundRows(family).flatMap((row) =>
      row.kind === kind && Math.abs(y[row.variable] - row.bound) <= activeWithin ? [row.variable] : [],
    );
  return {
    instance,
    status: result.status,
    objective,
    violation: certificate.violation,
    gap: certificate.gap,
    iterations: result.iterations,
    milliseconds,
    slacks,
    multipliers,
    activeRows,
    atLower: touching('lower'),
    atUpper: touching('upper'),
    largestMultiplier: multipliers.reduce((a, b) => Math.max(a, b), 0),
    smallestActiveMultiplier: activeRows.length > 0 ? Math.min(...activeRows.map((i) => multipliers[i])) : null,
    smallestInactiveSlack: others.length > 0 ? others.reduce((a, b) => Math.min(a, b)) : null,
    label: label && {
      gap: (objectiveOf(family, label.y) - objective) / Math.max(1, Math.abs(objective)),
      violation: violationOf(family, label.y, 0, label.x, 0),
      distance: Math.hypot(...label.y.map((value, j) => value - y[j])),
    },
  };
}
