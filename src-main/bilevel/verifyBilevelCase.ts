import { z } from 'zod';
import { Comparison, type CaseVerdict } from '../layers/convex/comparison';
import { readExpected } from '../modelling/caseFile';
import { outerAlgorithms } from './algorithms/registry';
import { parseBilevelFile } from './file/bilevelFile';
import { solveGlobally, type GlobalSolution } from './global/solveGlobally';
import type { BilevelProblem } from './problem';

/** What a case of the format `bilevel/1` expects; F is that of the global optimum. */
const expectedSchema = z.looseObject({
  status: z.enum(['optimal', 'infeasible', 'unbounded']).default('optimal'),
  F: z.number().optional(),
});

/** |F − expected| relative to max(1, |expected|). */
const allowedError = 1e-6;

/**
 * Solves a case of the format `bilevel/1` to global optimality by branch and bound, and compares F with what is expected. Says what was
 * proved, and by name which outer algorithms apply and why the others do not.
 *
 * @throws AdjointError `bad-request` for a file that is not of the format or expects nothing
 */
export function verifyBilevelCase(text: string, where: string): CaseVerdict {
  const { file, problem } = parseBilevelFile(text, where);
  const expected = readExpected(expectedSchema, file.expected, {
    where,
    fix: 'A case has `expected`, an object, with F of the global optimum, or with a status that says that there is none.',
  });
  const solution = solveGlobally(problem, { seconds: 600 });
  const { status, best, bound, lowerGap } = solution;
  const comparison = new Comparison();
  comparison.same('status', expected.status, status);
  if (expected.F !== undefined) {
    const floor = Math.abs(expected.F) < 1 ? allowedError : 0;
    comparison.close('F', expected.F, best?.F ?? NaN, allowedError, floor);
    comparison.close('bound', expected.F, bound, allowedError, floor);
  }
  if (best && !(Math.abs(lowerGap) <= allowedError * Math.max(1, Math.abs(problem.lowerValue(best.x, best.y)))))
    comparison.add({ what: 'y at the optimum of the lower level', expected: 0, actual: lowerGap });
  return {
    name: file.name ?? where,
    verdict: comparison.differs.length === 0 ? 'pass' : 'fail',
    ...{ status, diagnoses: [], digits: comparison.digits },
    allowed: { solution: allowedError, derivative: allowedError },
    differs: comparison.differs,
    notes: [proof(solution), ...applicable(problem)],
  };
}

function proof({ status, best, bound, nodes, nonconvex }: GlobalSolution): string {
  const found = best ? `F = ${best.F} at x = (${best.x.join(', ')}), y = (${best.y.join(', ')})` : 'no point';
  const proved = status === 'optimal' ? `proved by the bound ${bound}` : status;
  return `branch and bound: ${found}, ${proved}; ${nodes} nodes${nonconvex > 0 ? `, ${nonconvex} of them not convex` : ''}`;
}

function applicable(problem: BilevelProblem): string[] {
  const answers = outerAlgorithms.map(({ title, refusal }) => ({ title, reason: refusal(problem) }));
  const applying = answers.flatMap(({ title, reason }) => (reason === null ? [title] : []));
  return [
    `outer algorithms that apply: ${applying.join(', ') || 'none'}`,
    ...answers.flatMap(({ title, reason }) => (reason === null ? [] : [`${title} does not apply: ${reason}`])),
  ];
}
