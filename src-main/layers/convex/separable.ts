import type { ConvexProblem, Datum } from '../../solvers/convex/problem';
import { solveVariable } from '../../solvers/convex/separable';
import type { Solution } from '../../solvers/convex/solution';
import type { Derivative } from './derivative';

/** The derivative of a separable problem in closed form: y_j = −p_j/q_j where no bound is met, else the bound. */
export function differentiateSeparable(
  { n, Q, p, lower, upper }: ConvexProblem,
  { y, findings }: Solution,
  v: Float64Array,
  asked: readonly Datum[],
): Derivative {
  const gradient = {
    Q: new Float64Array(n),
    p: new Float64Array(n),
    lower: new Float64Array(n),
    upper: new Float64Array(n),
  };
  const adjoint = new Float64Array(n);
  let weak = false;
  let held = false;
  for (let j = 0; j < n; j++) {
    const q = Q?.values[j] ?? 0;
    const { at, slope, kind } = solveVariable(q, p[j], lower[j], upper[j]);
    weak ||= kind === 'weak';
    held ||= at === 'both';
    if (at === null || kind === 'weak') {
      adjoint[j] = v[j] / q;
      gradient.p[j] = -adjoint[j];
      gradient.Q[j] = -adjoint[j] * y[j];
    } else if (at === 'lower' || (at === 'both' && slope >= 0)) gradient.lower[j] = v[j];
    else gradient.upper[j] = v[j];
  }
  const gradients: Derivative['gradients'] = {};
  const oneSidedOnly: Datum[] = [];
  for (const datum of ['Q', 'p', 'lower', 'upper'] as const) {
    if (!asked.includes(datum)) continue;
    gradients[datum] = gradient[datum];
    if (weak || (held && (datum === 'lower' || datum === 'upper'))) oneSidedOnly.push(datum);
  }
  return { refusal: null, gradients, oneSidedOnly, findings, adjoint, seconds: 0 };
}
