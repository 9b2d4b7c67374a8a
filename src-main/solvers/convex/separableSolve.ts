import type { ConvexProblem } from './problem';
import { solveVariable } from './separable';
import type { Finding, Solution } from './solution';

/** The closed solution of a problem with bounds only and a diagonal Q, into `blank`. 10,000 variables are no matter. */
export function solveSeparable(problem: ConvexProblem, blank: Solution): Solution {
  const { n, Q, p, lower, upper } = problem;
  const { y, multipliers, certificate } = blank;
  multipliers.lower.fill(0);
  multipliers.upper.fill(0);
  const weak: string[] = [];
  const flat: number[] = [];
  const duplicate: string[] = [];
  let least = Infinity;
  let slack = Infinity;
  let size = [Infinity, 0];
  blank.objective = 0;
  for (let j = 0; j < n; j++) {
    const q = Q?.values[j] ?? 0;
    const variable = solveVariable(q, p[j], lower[j], upper[j]);
    if (variable.kind === 'unbounded') {
      const ray = new Float64Array(n);
      ray[j] = -Math.sign(p[j]);
      const message = `the objective falls for ever along variable ${j}, which has no bound there`;
      return {
        ...blank,
        status: 'dual infeasible',
        y: y.fill(NaN),
        objective: NaN,
        ray,
        findings: [{ diagnosis: 'unbounded', message }],
      };
    }
    y[j] = variable.y;
    blank.objective += (0.5 * q * y[j] + p[j]) * y[j];
    multipliers.lower[j] = variable.at === 'upper' ? 0 : Math.max(0, variable.slope);
    multipliers.upper[j] = variable.at === 'lower' ? 0 : Math.max(0, -variable.slope);
    if (variable.at === 'both') duplicate.push(`lower ${j}`, `upper ${j}`);
    if (variable.kind === 'weak') weak.push(`${variable.at} ${j}`);
    if (variable.kind === 'flat') flat.push(j);
    if (variable.at) least = Math.min(least, Math.abs(variable.slope));
    else size = [Math.min(size[0], q), Math.max(size[1], q)];
    for (const bound of ['lower', 'upper'] as const) {
      const room = bound === 'lower' ? y[j] - lower[j] : upper[j] - y[j];
      if (room === 0) certificate.active[bound].push(j);
      else slack = Math.min(slack, room);
    }
  }
  const count = certificate.active.lower.length + certificate.active.upper.length;
  Object.assign(certificate, {
    ...{ primalResidual: 0, dualResidual: 0, relativeDualResidual: 0, gap: 0, relativeGap: 0, multiplierSigns: 0 },
    ...{ smallestActiveMultiplier: least, smallestInactiveSlack: slack, complementarityMargin: Math.min(least, slack) },
    ...{ activeCount: count, activeRank: count - duplicate.length / 2 },
    condition: Math.max(size[1], 1) / Math.min(size[0], 1),
  });
  const findings: Finding[] = [];
  if (flat.length > 0)
    findings.push({
      diagnosis: 'not-unique',
      message: `the objective does not depend on variables ${flat.slice(0, 10).join(', ')}`,
    });
  if (weak.length > 0)
    findings.push({
      diagnosis: 'kink',
      message: `at a bound with multiplier 0 (${weak.slice(0, 10).join(', ')})`,
      bounds: weak,
    });
  if (duplicate.length > 0)
    findings.push({ diagnosis: 'duplicate-constraint', message: 'both bounds are the same value', bounds: duplicate });
  return {
    ...blank,
    multipliers: { ...multipliers, equality: new Float64Array(0), inequality: new Float64Array(0) },
    findings,
  };
}
