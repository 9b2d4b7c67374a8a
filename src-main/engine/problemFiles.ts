import { existsSync, readFileSync } from 'node:fs';
import { basename, extname, isAbsolute, join, resolve } from 'node:path';
import { AdjointError } from '@shared/errors';
import type { Manifest } from '@shared/run';
import { problemTextOf, readProblemFile } from '../bilevel/problemFile';
import { fileSha256 } from '../store/dataset';
import type { DatasetPlaces } from './datasets';

/**
 * The problem file that a setting means: a path, or one relative to the experiment file, to the workspace's folder `problems` or to the
 * cases that come with Adjoint.
 *
 * @throws AdjointError `not-found`
 */
export function findProblemFile(
  setting: string,
  { workspace, resources }: DatasetPlaces,
  baseDirectory?: string,
): { name: string; path: string } {
  const candidates = isAbsolute(setting)
    ? [setting]
    : [baseDirectory, join(workspace, 'problems'), join(resources, 'cases')]
        .filter((folder) => folder !== undefined)
        .map((folder) => resolve(folder, setting));
  const path = candidates.find((candidate) => existsSync(candidate));
  if (path !== undefined) return { name: basename(path, extname(path)), path };
  throw new AdjointError('not-found', `There is no problem file "${setting}".`, {
    where: 'problem.path',
    fix: `Looked at: ${candidates.join(', ')}.`,
  });
}

/** The file with its checksum, read once so that what is wrong with it is said now. @throws AdjointError `not-found`, `bad-request` */
export async function requireProblemFile(
  ...args: Parameters<typeof findProblemFile>
): Promise<NonNullable<Manifest['dataset']>> {
  const found = findProblemFile(...args);
  readProblemFile(problemTextOf(readFileSync(found.path), found.path), found.path);
  return { ...found, sha256: await fileSha256(found.path) };
}
