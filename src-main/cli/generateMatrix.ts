import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { samplingLaws, variableData, type VariableDatum } from '../modelling/families/matrixSettings';
import { matrixTextOf } from '../solvers/convex/matrixText';
import { matrixFamily } from '../solvers/qcqp/matrixFamily';
import { action, withCommonOptions, type Places } from './context';
import { generateAndWrite, type GenerateOptions, withFileOptions } from './generate';

interface MatrixOptions extends GenerateOptions {
  vary: VariableDatum;
  entries?: number[];
}

/** `adjoint generate matrix FILE`: a dataset of one's own problem. */
export function matrixCommand(places: Places): Command {
  const command = withCommonOptions(
    new Command('matrix').description(
      'Instances of one problem of your own, read from a file of the format matrix-problem/1 (“adjoint solve --help” describes it) or a .npz of its arrays, with ' +
        'other right-hand sides b or limits h. Limits become right-hand sides t = x of equality rows by one variable t a row. ' +
        'Labels of violation ≤ 1e-10 and relative gap ≤ 1e-9, multipliers, splits, provenance.',
    ),
  )
    .argument('<file>', 'the problem')
    .addOption(new Option('--vary <datum>', 'what varies').choices(variableData).default('b'))
    .option('--entries <list>', 'which entries of it, separated by commas, from 0 on; by default all', listOfNumbers)
    .addOption(
      new Option(
        '--law <law>',
        'how: U[−1, 1] or N(0, 1), times the spread, or as the file’s b_samples or h_samples',
      ).choices(samplingLaws),
    )
    .option('--spread <value>', 'how far the varying entries are from the file’s value (default: 0.5)')
    .option('--instances <value>', 'Instances N. (default: 1000)')
    .option('--seed <value>', 'Seed of numpy’s default_rng. (default: 0)');
  return withFileOptions(command).action(
    action(async (file: string, options: MatrixOptions) => {
      const { vary, entries, ...rest } = options;
      const family = matrixFamily(matrixTextOf(readFileSync(file), file), file, {
        datum: vary,
        ...(entries && { entries }),
      });
      await generateAndWrite(family, rest, places);
    }),
  );
}

function listOfNumbers(text: string): number[] {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (numbers.every((value) => Number.isInteger(value) && value >= 0)) return numbers;
  throw new InvalidArgumentError('It must be whole numbers, such as 0,2,3.');
}
