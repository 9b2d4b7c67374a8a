import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { Command } from 'commander';
import type { DatasetInfo } from '@shared/datasets';
import { AdjointError, problemText } from '@shared/errors';
import { formatBytes } from '@shared/format';
import { findDataset } from '../engine/datasets';
import { inspectWithLabels } from '../engine/problemViews';
import { readDataset, writeDataset } from '../store/dataset';
import {
  action,
  exitCodes,
  printJson,
  printLine,
  say,
  withCommonOptions,
  type CommonOptions,
  type Places,
} from './context';
import { datasetTrashCommands } from './datasetTrash';
import { renderTable } from './table';

export function datasetsCommand(places: Places): Command {
  const find = (text: string, options: CommonOptions): string =>
    existsSync(text)
      ? text
      : findDataset(text, { workspace: options.workspace, resources: places.resources }, process.cwd()).path;

  const datasets = new Command('datasets').description(
    'What a .npz or .pkl file holds, checked; one format into the other; the trash.',
  );
  datasets.addCommand(
    withCommonOptions(new Command('show').description('Arrays, shapes, splits and whatever is wrong with them.'))
      .argument('<dataset>', 'file, or name of a dataset')
      .action(
        action((text: string, options: CommonOptions) => {
          const info = inspectWithLabels(find(text, options));
          if (info.problem) process.exitCode = exitCodes.failed;
          if (options.json) return printJson(info);
          const dims = Object.entries(info.dims).map(([name, value]) => `${name} = ${value}`);
          printLine(
            `${info.path}  ${formatBytes(info.bytes)}${info.family ? `  ${info.family}` : ''}  ${dims.join(', ')}`,
          );
          printLine(
            renderTable(info.arrays, [
              { title: 'array', cell: (array) => array.name },
              { title: 'dtype', cell: (array) => array.dtype },
              { title: 'shape', cell: (array) => `(${array.shape.join(', ')})` },
            ]),
          );
          const splits = Object.entries(info.splits);
          if (splits.length > 0) printLine(`splits: ${splits.map(([name, size]) => `${name} ${size}`).join(', ')}`);
          for (const line of [labelsLine(info), originLine(info)]) if (line) printLine(line);
          if (info.problem) say(`error: ${problemText(info.problem)}`);
        }),
      ),
  );
  datasets.addCommand(
    withCommonOptions(
      new Command('convert').description('Reads one format and writes the other; refuses what does not check.'),
    )
      .argument('<from>', 'file, or name of a dataset')
      .argument('<to>', '.npz or .pkl file')
      .option('-f, --force', 'replaces an existing file')
      .action(
        action((from: string, to: string, options: CommonOptions & { force?: boolean }) => {
          if (!['.npz', '.pkl'].includes(extname(to)))
            throw new AdjointError('bad-request', `A dataset cannot be written as "${extname(to)}".`, {
              where: to,
              fix: 'Name a .npz or .pkl file.',
            });
          if (existsSync(to) && !options.force)
            throw new AdjointError('conflict', 'The file exists already.', {
              where: to,
              fix: 'Choose another name, or pass --force to replace it.',
            });
          const path = find(from, options);
          writeDataset(to, readDataset(path));
          if (options.json) printJson({ from: path, to });
          else say(`${path} → ${to}`);
        }),
      ),
  );
  for (const command of datasetTrashCommands(places)) datasets.addCommand(command);
  return datasets;
}

function labelsLine({ labels, dims }: DatasetInfo): string | null {
  if (!labels) return null;
  const gap = labels.gap === null ? 'no multipliers' : `largest relative gap ${labels.gap.toExponential(1)}`;
  const which = labels.checked < dims.N ? ` over the first ${labels.checked} instances` : '';
  return `labels: largest violation ${labels.violation.toExponential(1)} (instance ${labels.instance}), ${gap}${which}`;
}

function originLine({ provenance }: DatasetInfo): string | null {
  if (!provenance) return null;
  const { family, seed, createdAt, code, seconds, labels, intact } = provenance;
  const settings = Object.entries(provenance.settings).map(([name, value]) => `${name} ${String(value)}`);
  const leftOut = labels.leftOut.length > 0 ? `, ${labels.leftOut.length} instances left out` : '';
  return (
    `origin: ${family}, seed ${seed}, Adjoint ${code.version} ${code.commit ?? ''}, ${createdAt}, ${seconds.toFixed(1)} s${leftOut}\n` +
    `        ${settings.join(', ')}` +
    (intact ? '' : '\n        its arrays are no longer the ones that were written')
  );
}
