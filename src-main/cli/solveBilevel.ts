import { AdjointError } from '@shared/errors';
import { solveGlobally, type GlobalSolution } from '../bilevel/global/solveGlobally';
import { readProblemFile } from '../bilevel/problemFile';
import { QuadraticBilevel } from '../bilevel/quadratic';
import { exitCodes, printJson, printLine, say } from './context';

interface Options {
  json?: boolean;
  seconds: number;
}

/** Solves a bilevel problem file to global optimality, and says what is proved. @throws AdjointError `bad-request` for a file that is none */
export function solveBilevel(text: string, path: string, { json, seconds }: Options): void {
  const { name, problem } = readProblemFile(text, path);
  if (!(problem instanceof QuadraticBilevel))
    throw new AdjointError('unsupported', 'Only bilevel problems with quadratic levels are solved globally.', {
      where: path,
      fix: 'Run an outer algorithm on it: adjoint run.',
    });
  const began = performance.now();
  const solution = solveGlobally(problem, { seconds });
  const took = (performance.now() - began) / 1000;
  if (solution.status === 'limit' || solution.status === 'unknown pieces') process.exitCode = exitCodes.failed;
  if (json) return printJson({ file: path, name, ...asJson(solution), seconds: took });
  const { status, best, bound, nodes } = solution;
  printLine(`${words[status]}${best ? `  F ${best.F}` : ''}`);
  if (best) {
    printLine(`  x ${[...best.x].join(' ')}`);
    printLine(`  y ${[...best.y].join(' ')}`);
  }
  if (Number.isFinite(bound)) printLine(`  no feasible point has F below ${bound}`);
  say(`${nodes} nodes, ${(1000 * took).toFixed(1)} ms`);
}

const words: Record<GlobalSolution['status'], string> = {
  optimal: 'global optimum',
  infeasible: 'infeasible: no x of X leaves both levels a point',
  unbounded: 'unbounded: F falls for ever',
  limit: 'not solved to the end: the time is over',
  'unknown pieces': 'not solved to the end: some pieces could not be certified',
};

/** JSON has no infinities: a bound that says nothing is null. */
const asJson = ({ status, best, bound, nodes, lowerGap }: GlobalSolution) => ({
  ...{ status, F: best?.F ?? null, x: best ? [...best.x] : null, y: best ? [...best.y] : null },
  ...{ bound: Number.isFinite(bound) ? bound : null, nodes, lowerGap: Number.isFinite(lowerGap) ? lowerGap : null },
});
