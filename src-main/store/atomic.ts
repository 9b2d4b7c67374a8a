import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { z } from 'zod';
import { AdjointError, toProblem } from '@shared/errors';

const temporaryMark = '.tmp-';
let counter = 0;

/**
 * Replaces a file as a whole: readers see the old content or the new one, never a mixture.
 *
 * The temporary file lies in the same directory, so that the rename stays on one file system. With `sync` the bytes and the
 * directory entry are on disk when this returns; without it a power failure (not a crash of the process) may bring back the
 * old content.
 *
 * @throws AdjointError `disk-full`, `not-writable`, `not-found`
 */
export function writeFileAtomic(path: string, data: string | Uint8Array, options: { sync?: boolean } = {}): void {
  const temporary = `${path}${temporaryMark}${process.pid}-${counter++}`;
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  try {
    const file = openSync(temporary, 'wx');
    try {
      writeFully(file, bytes, 0);
      if (options.sync) fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    if (options.sync) syncDirectory(dirname(path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw storeError(error, path);
  }
}

/** Writes every byte at `position`: one `write` may take fewer than it was given. */
export function writeFully(file: number, bytes: Uint8Array, position: number): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(file, bytes, written, bytes.length - written, position + written);
}

/** Makes new, renamed and deleted entries of a directory durable. Windows has no such call and needs none. */
export function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** Removes what interrupted `writeFileAtomic` calls left in a directory, once it is older than a minute. */
export function removeLeftovers(directory: string, olderThanSeconds = 60): void {
  const limit = Date.now() - olderThanSeconds * 1000;
  for (const name of names(directory)) {
    if (!name.includes(temporaryMark)) continue;
    const path = join(directory, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found && found.mtimeMs < limit) rmSync(path, { force: true });
  }
}

/**
 * Reads a JSON file and checks it.
 *
 * @throws AdjointError `corrupt` naming the file when it is torn, empty or does not follow the schema; `not-found`,
 *   `not-writable` (no permission) as the system says
 */
export function readJson<T extends z.ZodType>(path: string, schema: T): z.output<T> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw storeError(error, path);
  }
  const fix = 'The file was damaged from outside; the rest of the run is still readable.';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const what =
      text.trim() === '' ? `${basename(path)} is empty.` : `${basename(path)} is torn: it is not valid JSON.`;
    throw new AdjointError('corrupt', what, { where: path, fix, cause: error });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AdjointError('corrupt', `${basename(path)} does not hold what it should.`, {
    where: path,
    fix,
    findings: parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message })),
  });
}

/** `readJson`, or null where the file is missing or damaged: for listings, which never fail as a whole. */
export function readJsonOrNull<T extends z.ZodType>(path: string, schema: T): z.output<T> | null {
  if (!statSync(path, { throwIfNoEntry: false })) return null;
  try {
    return readJson(path, schema);
  } catch {
    return null;
  }
}

export const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Any error of the file system as an AdjointError that names the path. A failing disk counts as a full one: writing stops. */
export function storeError(error: unknown, where: string): AdjointError {
  if (error instanceof AdjointError) return error;
  const code = (error as { code?: string } | null)?.code;
  if (code === 'EIO' || code === 'EFBIG')
    return new AdjointError(
      'disk-full',
      code === 'EIO' ? 'The disk failed to write.' : 'The file may not grow further.',
      {
        where,
        fix: 'Check the disk and its limits, then resume the run: everything acknowledged so far is kept.',
        cause: error,
      },
    );
  const { code: known, what, ...rest } = toProblem(error, where);
  return new AdjointError(known, what, { ...rest, where, cause: error });
}

/** Entries of a directory; one that is missing or closed to us has none. */
export function names(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** A line of an .ndjson file; null where it is damaged. */
export function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
