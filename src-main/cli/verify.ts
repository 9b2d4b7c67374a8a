import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Command } from 'commander';
import { AdjointError, problemText, toProblem } from '@shared/errors';
import { verifyBilevelCase } from '../bilevel/verifyBilevelCase';
import { verifyHypergradientCase } from '../bilevel/verifyCase';
import type { CaseVerdict } from '../layers/convex/comparison';
import { verifyCase } from '../layers/convex/verifyCase';
import { verifyLeastSquaresCase } from '../layers/leastSquares/verifyCase';
import { action, exitCodes, printJson, printLine, say, withCommonOptions, type CommonOptions } from './context';

/** How a case of each format is verified. */
const verifiers: Record<string, (text: string, where: string) => CaseVerdict> = {
  'matrix-problem/1': verifyCase,
  'bilevel/1': verifyBilevelCase,
  'hypergradient/1': verifyHypergradientCase,
  'nlls/1': verifyLeastSquaresCase,
};

export function verifyCommand(): Command {
  return withCommonOptions(
    new Command('verify').description('Solves case files that carry their expected values, and says what differs.'),
  )
    .argument('<path...>', 'case files, or folders of them')
    .addHelpText(
      'after',
      `
A case passes if the status and the cause of a degeneracy are right, y* and multipliers agree to 1e-9 and derivatives to 1e-8,
relative to the largest entry, or to 64·ε·condition where the case's KKT matrix allows no better. A bilevel case passes if F, ∇F and its parts, the
multipliers and the preflight's findings are also right, and, where it asks for the optimum, if F is that of the global optimum to 1e-6 and a
bound proves it. A case of least squares passes if
iterates, objectives and the gradients of every mode agree to 1e-9, of direct loss minimisation to 1e-6. Formats: ${Object.keys(verifiers).join(', ')}.
--json prints an object a case: file, name, verdict, digits, allowed, differs, notes. Exit code 0 if all pass.`,
    )
    .action(action((paths: string[], options: CommonOptions) => verify(paths, options)));
}

function verify(paths: string[], options: CommonOptions): void {
  const files = paths.flatMap(casesAt);
  if (files.length === 0)
    throw new AdjointError('not-found', 'There is no case file here.', {
      where: paths.join(', '),
      fix: 'Name a .json file with a "format", or a folder of them.',
    });
  let failed = 0;
  for (const file of files) {
    const result = verifyFile(file);
    if (result.verdict === 'fail') failed++;
    if (options.json) printJson({ file, ...result });
    else {
      printLine(`${result.verdict}  ${result.name}  ${result.status}  ${result.digits.toFixed(1)} digits`);
      for (const { what, error, allowed, expected, actual } of result.differs)
        printLine(
          error === undefined
            ? `      ${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`
            : `      ${what}: off by ${error.toExponential(1)}, allowed ${allowed?.toExponential(1)}`,
        );
      for (const note of result.notes ?? []) printLine(`      ${note}`);
    }
  }
  if (!options.json) say(`${files.length - failed} of ${files.length} cases pass`);
  if (failed > 0) process.exitCode = exitCodes.failed;
}

/** A case that cannot be read or solved has failed; the others go on. */
function verifyFile(file: string): CaseVerdict {
  try {
    const text = readFileSync(file, 'utf8');
    const format = formatOf(text);
    if (!format || !Object.hasOwn(verifiers, format))
      throw new AdjointError('bad-request', `There is no way to verify the format ${JSON.stringify(format)}.`, {
        where: file,
        fix: `Formats that are known: ${Object.keys(verifiers).join(', ')}.`,
      });
    return verifiers[format](text, basename(file));
  } catch (error) {
    const problem = toProblem(error, file);
    const nothing = { status: 'refused', diagnoses: [], digits: 0, allowed: { solution: 0, derivative: 0 } };
    return { name: basename(file), verdict: 'fail', ...nothing, differs: [{ what: problemText(problem) }] };
  }
}

function formatOf(text: string): string | null {
  try {
    const { format } = JSON.parse(text) as { format?: unknown };
    return typeof format === 'string' ? format : null;
  } catch {
    return null;
  }
}

/** The file itself, or the cases below a folder; files without a format are no cases there. */
function casesAt(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(path, name))
    .filter((file) => formatOf(readFileSync(file, 'utf8')) !== null);
}
