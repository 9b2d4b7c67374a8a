import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { datasetName } from '@shared/datasets';
import type { TrashedDataset } from '@shared/datasetTrash';
import { AdjointError } from '@shared/errors';
import { isFinalState, type RunSummary } from '@shared/run';
import { storeError, syncDirectory } from '../store/atomic';
import { isBuiltIn, namedDataset, refuseTakenName, type DatasetPlaces } from './datasets';

/** `<name>-<UTC time>[-<k>].<npz|pkl>`. A name may end like a time itself: the last time is the stamp. */
const stamped = /^(.+)-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(?:-\d+)?$/;

const trashOf = (places: DatasetPlaces): string => join(places.workspace, 'datasets', 'trash');

/**
 * Moves a dataset to `datasets/trash`. Runs that use it can no longer be resumed or started again.
 *
 * @throws AdjointError `conflict` naming the runs that use it, `not-found`, `bad-request` for one that comes with Adjoint
 */
export function trashDataset(
  places: DatasetPlaces,
  runs: readonly RunSummary[],
  { name, force }: { name: string; force: boolean },
): { path: string } {
  // By its name alone: a path could lead to a file of somebody else, or past the runs that use it.
  const { path } = namedDataset(name, places);
  if (isBuiltIn(path, places))
    throw new AdjointError('bad-request', 'This dataset comes with Adjoint and stays.', { where: path });
  const users = runs.filter((run) => run.dataset === name);
  const live = users.filter((run) => !isFinalState(run.state));
  const holding = live.length > 0 ? live : force ? [] : users;
  if (holding.length > 0)
    throw new AdjointError(
      'conflict',
      `${holding.length === 1 ? 'A run uses' : `${holding.length} runs use`} this dataset.`,
      {
        where: name,
        fix:
          live.length > 0
            ? 'Cancel them first, or wait until they have ended.'
            : 'Without it they cannot be resumed or cloned. Confirm to move it to the trash all the same.',
        findings: holding.slice(0, 20).map((run) => ({ path: run.id, message: `${run.name}, ${run.state}` })),
      },
    );
  const trash = trashOf(places);
  const stamp = new Date().toISOString().replace(/[-:]/g, '').slice(0, 15);
  let target = join(trash, `${name}-${stamp}${extname(path)}`);
  for (let k = 2; existsSync(target); k++) target = join(trash, `${name}-${stamp}-${k}${extname(path)}`);
  move(path, target);
  return { path: target };
}

/** What lies in the trash, the last that went there first. */
export function listTrashed(places: DatasetPlaces): TrashedDataset[] {
  const folder = trashOf(places);
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  const found = files.flatMap(({ name: file }) => {
    const extension = extname(file);
    if (extension !== '.npz' && extension !== '.pkl') return [];
    const path = join(folder, file);
    const { size: bytes } = statSync(path);
    return [{ file, path, bytes, ...nameAndTime(file.slice(0, -extension.length)) }];
  });
  return found.sort((a, b) => (b.trashedAt ?? '').localeCompare(a.trashedAt ?? '') || a.file.localeCompare(b.file));
}

function nameAndTime(stem: string): Pick<TrashedDataset, 'name' | 'trashedAt'> {
  const parts = stamped.exec(stem);
  if (!parts) return { name: stem, trashedAt: null };
  const [, name, year, month, day, hours, minutes, seconds] = parts;
  const time = new Date(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`);
  return Number.isNaN(time.getTime()) ? { name: stem, trashedAt: null } : { name, trashedAt: time.toISOString() };
}

/**
 * Brings a dataset back from the trash, under another name if one is given.
 *
 * @throws AdjointError `not-found`, `conflict` for a taken name, `bad-request` for what cannot name a dataset
 */
export function restoreDataset(
  places: DatasetPlaces,
  { file, name: wanted }: { file: string; name?: string },
): { name: string; path: string } {
  const trashed = requireTrashed(places, file);
  const name = wanted ?? trashed.name;
  const parsed = datasetName.safeParse(name);
  if (!parsed.success)
    throw new AdjointError('bad-request', `“${name}” cannot name a dataset.`, {
      where: trashed.path,
      fix: `Give it a name of ${parsed.error.issues[0].message}.`,
    });
  refuseTakenName(name, places, 'Bring it back under another name.');
  const path = join(places.workspace, 'datasets', `${name}${extname(file)}`);
  move(trashed.path, path);
  return { name, path };
}

/** Deletes a dataset that is in the trash for good. @throws AdjointError `not-found`, `not-writable` */
export function purgeDataset(places: DatasetPlaces, file: string): void {
  const { path } = requireTrashed(places, file);
  try {
    rmSync(path);
    syncDirectory(dirname(path));
  } catch (error) {
    throw storeError(error, path);
  }
}

/** Only what the trash lists is there: a path out of it names nothing. */
function requireTrashed(places: DatasetPlaces, file: string): TrashedDataset {
  const found = listTrashed(places).find((trashed) => trashed.file === file);
  if (found) return found;
  throw new AdjointError('not-found', `There is no dataset “${file}” in the trash.`, { where: trashOf(places) });
}

function move(from: string, to: string): void {
  try {
    mkdirSync(dirname(to), { recursive: true });
    renameSync(from, to);
    for (const folder of [dirname(from), dirname(to)]) syncDirectory(folder);
  } catch (error) {
    throw storeError(error, from);
  }
}
