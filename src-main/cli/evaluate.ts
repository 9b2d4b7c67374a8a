import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { AdjointError } from '@shared/errors';
import { formatNumber } from '@shared/format';
import { metricDefinition } from '@shared/metrics/catalogue';
import { findDataset } from '../engine/datasets';
import { evaluateRun } from '../diagnostics/evaluateRun';
import { readDataset } from '../store/dataset';
import { evaluatePredictions, evaluationSplits, type EvaluationSplit } from '../training/evaluation';
import { findRun, withRuns } from './findRuns';
import { action, printJson, printLine, withCommonOptions, type CommonOptions, type Places } from './context';
import { slotCount } from './sweep';
import { renderTable } from './table';

interface EvaluateOptions extends CommonOptions {
  predictions?: string;
  run?: string;
  step?: string;
  threads: number;
  split: EvaluationSplit;
}

export function evaluateCommand(places: Places): Command {
  return withCommonOptions(
    new Command('evaluate').description(
      "Scores anyone's predictions, or a run's network, with the metrics that runs are validated with.",
    ),
  )
    .argument('<dataset>', 'name of a dataset, or a .npz or .pkl file')
    .option('-p, --predictions <file>', '.npz or .pkl file with the array "predictions" or "Y"')
    .option(
      '-r, --run <run>',
      'id, beginning of an id, or name of a run whose network is scored, its technique included',
    )
    .option('--step <step>', 'of this checkpoint of the run; the newest when left out')
    .option('--threads <n>', 'threads that the network computes on', slotCount, 1)
    .addOption(new Option('-s, --split <split>', 'instances to score').choices(evaluationSplits).default('test'))
    .addHelpText(
      'after',
      `
The array has one row of n numbers for each instance: [N, n] in the order of the dataset, of which the split is scored, or
[count, n] in the order of the split's own indices. Everything is computed in float64; docs/methods.md defines the metrics.
With --run the time of an instance is measured too, beside that of the exact solver.
--json prints one object: dataset, path, predictions or run and step, split, instances, metrics by key.`,
    )
    .action(action((dataset: string, options: EvaluateOptions) => evaluate(dataset, options, places)));
}

async function evaluate(text: string, options: EvaluateOptions, places: Places): Promise<void> {
  const { workspace, split } = options;
  const { name, path } = findDataset(text, { workspace, resources: places.resources }, process.cwd());
  const { instances, metrics, ...of } = await scored(path, options);
  if (options.json) return printJson({ dataset: name, path, ...of, split, instances, metrics });
  printLine(`${name}, ${split === 'all' ? 'all instances' : `split ${split}`}: ${instances} instances`);
  printLine(
    renderTable(Object.entries(metrics), [
      { title: 'metric', cell: ([key]) => key },
      { title: 'value', align: 'right', cell: ([, value]) => formatNumber(value) },
      { title: 'meaning', cell: ([key]) => metricDefinition(key, 'epoch').title },
    ]),
  );
}

/** @throws AdjointError `bad-request` where neither predictions nor a run are given, or both */
async function scored(path: string, { workspace, split, predictions, run, step, threads }: EvaluateOptions) {
  if ((predictions === undefined) === (run === undefined))
    throw new AdjointError('bad-request', 'Either predictions or a run are scored.', {
      where: '--predictions, --run',
      fix: 'Give one of the two.',
    });
  const dataset = readDataset(path);
  if (predictions !== undefined) {
    const file = resolve(predictions);
    return { predictions: file, ...evaluatePredictions(dataset, split, file) };
  }
  const directory = withRuns(workspace, (opened, index) => opened.run(findRun(index, run!).id));
  const at = step === undefined ? {} : { step: Number(step) };
  return { run: directory.id, ...(await evaluateRun(directory, dataset, split, { ...at, threads })) };
}
