import { statSync } from 'node:fs';
import { Command } from 'commander';
import type { TrashedDataset } from '@shared/datasetTrash';
import { AdjointError } from '@shared/errors';
import { formatBytes } from '@shared/format';
import { attemptEach } from '../engine/attempts';
import { isBuiltIn, listDatasets, type DatasetPlaces } from '../engine/datasets';
import { listTrashed, purgeDataset, restoreDataset, trashDataset } from '../engine/datasetTrash';
import { action, printJson, printLine, say, withCommonOptions, type CommonOptions, type Places } from './context';
import { withRuns } from './findRuns';
import { reportAttempts } from './reportAttempts';
import { renderTable } from './table';

/** `datasets list`, `trash`, `restore` and `purge`: each dataset by itself, so that one that refuses does not stop the others. */
export function datasetTrashCommands({ resources }: Places): Command[] {
  const placesOf = ({ workspace }: CommonOptions): DatasetPlaces => ({ workspace, resources });

  const list = withCommonOptions(new Command('list').description('Datasets that an experiment can name.'))
    .option('--trash', 'those in the trash')
    .action(
      action((options: CommonOptions & { trash?: boolean }) =>
        options.trash ? printTrashed(placesOf(options), options) : printDatasets(placesOf(options), options),
      ),
    );

  const trash = withCommonOptions(new Command('trash').description('Moves datasets to the trash. Nothing is deleted.'))
    .argument('<dataset...>', 'names')
    .option('-f, --force', 'also where runs that have ended use it: they cannot be resumed or cloned without it')
    .action(
      action((names: string[], options: CommonOptions & { force?: boolean }) => {
        const runs = withRuns(options.workspace, (_, index) => index.list());
        perform(names, 'moved to the trash', options, (name) => {
          trashDataset(placesOf(options), runs, { name, force: options.force ?? false });
          return name;
        });
      }),
    );

  const restore = withCommonOptions(new Command('restore').description('Brings datasets back from the trash.'))
    .argument('<dataset...>', 'names, or files in the trash')
    .option('--as <name>', 'under another name')
    .action(
      action((texts: string[], options: CommonOptions & { as?: string }) => {
        if (options.as !== undefined && texts.length > 1)
          throw new AdjointError('bad-request', '--as names one dataset.', { fix: 'Restore them one by one.' });
        const found = findAll(placesOf(options), texts);
        perform(
          found,
          'restored',
          options,
          (file) => restoreDataset(placesOf(options), { file, name: options.as }).name,
        );
      }),
    );

  const purge = withCommonOptions(new Command('purge').description('Deletes datasets that are in the trash for good.'))
    .argument('<dataset...>', 'names, or files in the trash')
    .action(
      action((texts: string[], options: CommonOptions) => {
        const found = findAll(placesOf(options), texts);
        perform(found, 'deleted', options, (file) => {
          purgeDataset(placesOf(options), file);
          return file;
        });
      }),
    );

  return [list, trash, restore, purge];
}

function perform(names: readonly string[], deed: string, options: CommonOptions, act: (name: string) => string): void {
  reportAttempts(attemptEach(names, act), { key: 'dataset', deed }, options);
}

/** All are found before any is touched: a name that fits nothing changes nothing. */
function findAll(places: DatasetPlaces, texts: readonly string[]): string[] {
  const all = listTrashed(places);
  return [...new Set(texts.map((text) => findIn(all, text).file))];
}

function findIn(all: readonly TrashedDataset[], text: string): TrashedDataset {
  const exact = all.find(({ file }) => file === text);
  if (exact) return exact;
  const fitting = all.filter(({ name }) => name === text);
  if (fitting.length === 1) return fitting[0];
  if (fitting.length === 0)
    throw new AdjointError('not-found', `There is no dataset "${text}" in the trash.`, {
      fix: 'List them with: adjoint datasets list --trash',
    });
  throw new AdjointError('bad-request', `${fitting.length} datasets in the trash were called "${text}".`, {
    fix: `Name the file: ${fitting.map(({ file }) => file).join(', ')}.`,
  });
}

function printTrashed(places: DatasetPlaces, options: CommonOptions): void {
  const all = listTrashed(places);
  if (options.json) return all.forEach(printJson);
  if (all.length === 0) return say(`No datasets in the trash of ${options.workspace}.`);
  printLine(
    renderTable(all, [
      { title: 'file', cell: ({ file }) => file },
      { title: 'name', cell: ({ name }) => name },
      { title: 'size', align: 'right', cell: ({ bytes }) => formatBytes(bytes) },
      { title: 'trashed', cell: ({ trashedAt }) => trashedAt ?? '–' },
    ]),
  );
}

function printDatasets(places: DatasetPlaces, options: CommonOptions): void {
  const all = listDatasets(places)
    .map(({ name, path }) => ({ name, path, bytes: statSync(path).size, builtIn: isBuiltIn(path, places) }))
    .sort((a, b) => a.name.localeCompare(b.name));
  if (options.json) return all.forEach(printJson);
  printLine(
    renderTable(all, [
      { title: 'name', cell: ({ name }) => name },
      { title: 'size', align: 'right', cell: ({ bytes }) => formatBytes(bytes) },
      { title: 'from', cell: ({ builtIn }) => (builtIn ? 'Adjoint' : 'workspace') },
      { title: 'file', cell: ({ path }) => path },
    ]),
  );
}
