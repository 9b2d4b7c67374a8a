import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { AdjointError } from '@shared/errors';
import { sweepRecordSchema, type SweepRecord } from '@shared/sweeps';
import { jsonText, names, readJson, readJsonOrNull, writeFileAtomic } from './atomic';
import { slugOf, type Workspace } from './workspace';

/**
 * A sweep is known by its name and kind: the same file started again, also with more values, is the same sweep.
 * Readable, safe in every file system: `trade-off-4c1b09`.
 */
export function sweepId(name: string, kind: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([kind, name]))
    .digest('hex');
  return `${slugOf(name) || 'sweep'}-${digest.slice(0, 6)}`;
}

/** @throws AdjointError `disk-full`, `not-writable` */
export function writeSweep(workspace: Workspace, record: SweepRecord): void {
  writeFileAtomic(fileOf(workspace, record.id), jsonText(record), { sync: true });
}

/** @throws AdjointError `not-found`, `corrupt` */
export function readSweep(workspace: Workspace, id: string): SweepRecord {
  const known = /^[a-z0-9][a-z0-9-]*$/.test(id) && names(workspace.experimentsPath).includes(`${id}.json`);
  if (!known)
    throw new AdjointError('not-found', `There is no sweep "${id}".`, {
      where: workspace.experimentsPath,
      fix: 'Start it from its experiment file: adjoint sweep FILE.',
    });
  return readJson(fileOf(workspace, id), sweepRecordSchema);
}

export const findSweep = (workspace: Workspace, id: string): SweepRecord | null =>
  readJsonOrNull(fileOf(workspace, id), sweepRecordSchema);

/** Every readable record, newest first. */
export function listSweeps(workspace: Workspace): SweepRecord[] {
  return names(workspace.experimentsPath)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => readJsonOrNull(join(workspace.experimentsPath, name), sweepRecordSchema) ?? [])
    .sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : a.updatedAt > b.updatedAt ? -1 : 0));
}

const fileOf = (workspace: Workspace, id: string): string => join(workspace.experimentsPath, `${id}.json`);
