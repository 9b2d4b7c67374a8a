import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { AdjointError } from '@shared/errors';
import { problemTextOf } from '../bilevel/problemFile';
import { differentiate } from '../layers/convex/differentiate';
import { oneSidedDerivatives } from '../layers/convex/oneSided';
import { derivativeJson, solutionJson } from '../layers/convex/solutionJson';
import { parseMatrixProblem } from '../solvers/convex/matrixProblem';
import { data, type ConvexProblem, type Datum } from '../solvers/convex/problem';
import { isSeparable } from '../solvers/convex/separable';
import type { Solution } from '../solvers/convex/solution';
import { solveConvex } from '../solvers/convex/solve';
import { action, exitCodes, printJson, printLine, say, withCommonOptions, type CommonOptions } from './context';
import { solveBilevel } from './solveBilevel';
import { renderTable } from './table';

interface SolveOptions extends CommonOptions {
  gradient?: boolean;
  cotangent?: string;
  data?: string;
  oneSided?: boolean;
  seconds: number;
}

export function solveCommand(): Command {
  return withCommonOptions(
    new Command('solve').description(
      'Solves a problem file. Convex: y*, multipliers, a certificate, and gradients. Bilevel: the global optimum.',
    ),
  )
    .argument(
      '<file>',
      'a problem of the format matrix-problem/1, bilevel/1, hypergradient/1 or bilevel-family/1, or a .npz file of the arrays of a bilevel problem',
    )
    .option('-g, --gradient', 'gradients of vᵀy* with respect to the data, v being the cotangent of the file')
    .option('--cotangent <numbers>', 'v, as n numbers with commas between; implies --gradient')
    .option('--data <names>', `only these data, with commas between: ${data.join(', ')}`)
    .option('--one-sided', 'left and right derivatives of every entry, where they differ; with --data of these data')
    .option('--seconds <count>', 'of a bilevel problem: time to search in', Number, 600)
    .addHelpText(
      'after',
      `
A convex file is JSON: "format": "matrix-problem/1", n, Q, p, A, b, G, h, H, lower, upper, soc for
  minimise ½yᵀQy + pᵀy  subject to  Ay = b,  yᵀH_iy + G_iᵀy ≤ h_i,  lower ≤ y ≤ upper,  ‖F_ky + g_k‖ ≤ c_kᵀy + d_k
A bilevel file has x and y, names of variables, and upper and lower, each with minimize and subjectTo, infix expressions: objectives of degree two,
the lower one convex in y, affine constraints. Its optimum is proved by a bound.
Exit code 0 for an answer (also infeasible, unbounded, degenerate), 1 if there is none, 2 for a request that is wrong.`,
    )
    .action(action((file: string, options: SolveOptions) => solve(file, options)));
}

function solve(path: string, options: SolveOptions): void {
  const text = problemTextOf(readFileSync(path), path);
  if (/"format"\s*:\s*"(bilevel|hypergradient|bilevel-family)\/1"/.test(text)) return solveBilevel(text, path, options);
  const { file, problem } = parseMatrixProblem(text, path);
  const asked = parseData(options.data);
  const solution = solveConvex(problem);
  const wantsGradient = options.gradient || options.cotangent !== undefined || options.oneSided;
  const gradients = wantsGradient
    ? gradientsOf(problem, solution, parseCotangent(problem.n, options.cotangent, file.cotangent), asked, options)
    : {};
  if (['iteration limit', 'numerical trouble', 'not convex'].includes(solution.status))
    process.exitCode = exitCodes.failed;
  if (options.json) return printJson({ file: path, name: file.name, ...solutionJson(solution), ...gradients });
  printSolution(solution);
  if (wantsGradient) printLine(JSON.stringify(gradients));
}

function gradientsOf(
  problem: ConvexProblem,
  solution: Solution,
  cotangent: Float64Array,
  asked: readonly Datum[] | null,
  options: SolveOptions,
) {
  const derivative = differentiate(problem, solution, cotangent, asked ?? data);
  solution.seconds.differentiate = derivative.seconds;
  const unique =
    solution.status === 'optimal' && !solution.findings.some(({ diagnosis }) => diagnosis === 'not-unique');
  // Matrices have many entries, and every entry takes two solves: only on request.
  const sided = asked ?? derivative.oneSidedOnly.filter((datum) => !['Q', 'A', 'G', 'H', 'soc'].includes(datum));
  const oneSided =
    options.oneSided && unique && !isSeparable(problem)
      ? { oneSided: oneSidedDerivatives(problem, solution, cotangent, sided) }
      : {};
  return { ...derivativeJson(problem, derivative), ...oneSided, seconds: solution.seconds };
}

function parseData(text: string | undefined): Datum[] | null {
  if (text === undefined) return null;
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(data as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new AdjointError('bad-request', `"${unknown}" is no datum of a convex problem.`, {
      where: '--data',
      fix: `There are: ${data.join(', ')}.`,
    });
  return names as Datum[];
}

function parseCotangent(n: number, text: string | undefined, inFile: number[] | undefined): Float64Array {
  const values = text === undefined ? inFile : text.split(',').map(Number);
  if (!values)
    throw new AdjointError('bad-request', 'A gradient needs a cotangent v, which the file does not have.', {
      where: '--cotangent',
      fix: `Give ${n} numbers with commas between, such as --cotangent 1,0,0.`,
    });
  if (values.length !== n || !values.every(Number.isFinite))
    throw new AdjointError('bad-request', `The cotangent has ${values.length} entries; there should be ${n} numbers.`, {
      where: '--cotangent',
      fix: 'Give one number a variable.',
    });
  return Float64Array.from(values);
}

function printSolution(solution: Solution): void {
  const { status, findings, y, objective, multipliers, certificate, ray, seconds } = solution;
  printLine(`${status}${Number.isFinite(objective) ? `  objective ${objective}` : ''}`);
  for (const { diagnosis, message } of findings) printLine(`  ${diagnosis}: ${message}`);
  if (ray) printLine(`  ray ${[...ray].join(' ')}`);
  if (Number.isFinite(y[0]) && y.length <= 50)
    printLine(
      renderTable(
        [...y.keys()],
        [
          { title: 'j', cell: (j) => String(j) },
          { title: 'y', cell: (j) => String(y[j]) },
          { title: 'λ lower', cell: (j) => String(multipliers.lower[j]) },
          { title: 'λ upper', cell: (j) => String(multipliers.upper[j]) },
        ],
      ),
    );
  if (Number.isFinite(y[0])) {
    const e = (value: number) => value.toExponential(1);
    printLine(
      `residuals ${e(certificate.primalResidual)} primal, ${e(certificate.dualResidual)} dual; gap ${e(certificate.relativeGap)}; ` +
        `${certificate.activeCount} rows active, rank ${certificate.activeRank}; margin ${e(certificate.complementarityMargin)}; condition ${e(certificate.condition)}`,
    );
  }
  say(
    `${solution.iterations} iterations, ${solution.polishSteps} polish steps, ${(1000 * (seconds.setup + seconds.solve)).toFixed(1)} ms`,
  );
}
