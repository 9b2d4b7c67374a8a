import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { formatNumber } from '@shared/format';
import { metricDefinition } from '@shared/metrics/catalogue';
import { findDataset } from '../engine/datasets';
import { readDataset } from '../store/dataset';
import { evaluatePredictions, evaluationSplits, type EvaluationSplit } from '../training/evaluation';
import { action, printJson, printLine, withCommonOptions, type CommonOptions, type Places } from './context';
import { renderTable } from './table';

interface EvaluateOptions extends CommonOptions {
  predictions: string;
  split: EvaluationSplit;
}

export function evaluateCommand(places: Places): Command {
  return withCommonOptions(
    new Command('evaluate').description("Scores anyone's predictions with the metrics that runs are validated with."),
  )
    .argument('<dataset>', 'name of a dataset, or a .npz or .pkl file')
    .requiredOption('-p, --predictions <file>', '.npz or .pkl file with the array "predictions" or "Y"')
    .addOption(new Option('-s, --split <split>', 'instances to score').choices(evaluationSplits).default('test'))
    .addHelpText(
      'after',
      `
The array has one row of n numbers for each instance: [N, n] in the order of the dataset, of which the split is scored, or
[count, n] in the order of the split's own indices. Everything is computed in float64; docs/methods.md defines the metrics.
--json prints one object: dataset, path, predictions, split, instances, metrics by key.`,
    )
    .action(action((dataset: string, options: EvaluateOptions) => evaluate(dataset, options, places)));
}

function evaluate(text: string, options: EvaluateOptions, places: Places): void {
  const { workspace, split } = options;
  const { name, path } = findDataset(text, { workspace, resources: places.resources }, process.cwd());
  const predictions = resolve(options.predictions);
  const { instances, metrics } = evaluatePredictions(readDataset(path), split, predictions);
  if (options.json) return printJson({ dataset: name, path, predictions, split, instances, metrics });
  printLine(`${name}, ${split === 'all' ? 'all instances' : `split ${split}`}: ${instances} instances`);
  printLine(
    renderTable(Object.entries(metrics), [
      { title: 'metric', cell: ([key]) => key },
      { title: 'value', align: 'right', cell: ([, value]) => formatNumber(value) },
      { title: 'meaning', cell: ([key]) => metricDefinition(key, 'epoch').title },
    ]),
  );
}
