import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, extname, isAbsolute, join, resolve } from 'node:path';
import { AdjointError } from '@shared/errors';

const extensions = ['.npz', '.pkl'];

/** Folders in which dataset names are looked up: the workspace's own, then those that come with Adjoint. */
export interface DatasetPlaces {
  workspace: string;
  resources: string;
}

const folders = (places: DatasetPlaces): string[] => [
  join(places.workspace, 'datasets'),
  join(places.resources, 'datasets'),
];

/** All datasets by name; a name in the workspace hides the same name among those that come with Adjoint. */
export function listDatasets(places: DatasetPlaces): { name: string; path: string }[] {
  const found = new Map<string, string>();
  for (const folder of folders(places)) {
    if (!existsSync(folder)) continue;
    for (const file of readdirSync(folder).sort())
      if (extensions.includes(extname(file))) {
        const name = basename(file, extname(file));
        if (!found.has(name)) found.set(name, join(folder, file));
      }
  }
  return [...found].map(([name, path]) => ({ name, path }));
}

/**
 * The file that a dataset setting means: a name, a path, or a path relative to the experiment file.
 * @throws AdjointError `not-found` with the names there are.
 */
export function findDataset(
  setting: string,
  places: DatasetPlaces,
  baseDirectory?: string,
): { name: string; path: string } {
  const isPath = extensions.includes(extname(setting)) || setting.includes('/') || setting.includes('\\');
  if (isPath) {
    const candidates = isAbsolute(setting)
      ? [setting]
      : [baseDirectory, ...folders(places)]
          .filter((folder) => folder !== undefined)
          .map((folder) => resolve(folder, setting));
    const path = candidates.find((candidate) => existsSync(candidate));
    if (path) return { name: basename(path, extname(path)), path };
    throw new AdjointError('not-found', `There is no dataset file "${setting}".`, {
      where: 'dataset',
      fix: `Looked at: ${candidates.join(', ')}.`,
    });
  }
  return namedDataset(setting, places);
}

/** The file of a dataset by its name alone. @throws AdjointError `not-found` with the names there are */
export function namedDataset(wanted: string, places: DatasetPlaces): { name: string; path: string } {
  const all = listDatasets(places);
  const found = all.find(({ name }) => name === wanted);
  if (found) return found;
  throw new AdjointError('not-found', `There is no dataset "${wanted}".`, {
    where: 'dataset',
    fix:
      all.length > 0
        ? `There are: ${all.map(({ name }) => name).join(', ')}.`
        : `Put a .npz or .pkl file into ${folders(places)[0]}.`,
  });
}

/** @throws AdjointError `conflict` */
export function refuseTakenName(
  name: string,
  places: DatasetPlaces,
  fix = 'Choose another name, or move that one to the trash first.',
): void {
  const taken = listDatasets(places).find((dataset) => dataset.name === name);
  if (!taken) return;
  throw new AdjointError('conflict', `There is a dataset “${name}” already.`, { where: taken.path, fix });
}

/** It comes with Adjoint, and is not the workspace's to change. */
export const isBuiltIn = (path: string, { resources }: DatasetPlaces): boolean =>
  dirname(path) === join(resources, 'datasets');
