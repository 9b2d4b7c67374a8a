import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { unzipSync, Zip, ZipDeflate } from 'fflate';
import { AdjointError } from '@shared/errors';
import { manifestSchema } from '@shared/run';
import { storeError, syncDirectory, writeFileAtomic } from './atomic';
import { RunDirectory } from './runDirectory';
import type { Workspace } from './workspace';

/** Read into memory as a whole; a larger one is unpacked by hand into runs/. */
const largestBundle = 2 ** 31 - 1;
/** What belongs to this machine, or to a process that may still be at work. */
const left = /(^|\/)(writer\.lock.*|request\.json|control\.ndjson|watched|.*\.tmp-.*)$/;

/**
 * Writes run directories into a .zip, each under its identifier. Runs may go on meanwhile: the sums of a segment are read
 * before the segment, so that every batch that they vouch for is there, and a reader cuts what came later.
 * @throws AdjointError `not-writable`, `disk-full`
 */
export function writeBundle(path: string, runs: readonly RunDirectory[]): void {
  const temporary = `${path}.tmp-${process.pid}`;
  try {
    const file = openSync(temporary, 'wx');
    try {
      let failure: Error | null = null;
      const zip = new Zip((error, chunk) => {
        if (error) failure = error;
        else writeSync(file, chunk);
      });
      for (const run of runs)
        for (const name of filesOf(run.path)) {
          const entry = new ZipDeflate(`${run.id}/${name}`, { level: 3 });
          zip.add(entry);
          entry.push(readFileSync(join(run.path, name)), true);
        }
      zip.end();
      if (failure) throw failure as Error;
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw storeError(error, path);
  }
}

/** Relative names with `/`; sums before their segments. */
function filesOf(directory: string): string[] {
  const isSum = (name: string) => Number(!name.endsWith('.sum'));
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((name) => !left.test(name))
    .sort((a, b) => isSum(a) - isSum(b) || (a < b ? -1 : 1));
}

export type Imported = 'new' | 'updated' | 'unchanged';

/**
 * Brings the runs of a bundle into a workspace. A run that is there already is replaced only by one that is further; importing
 * a bundle twice, or an older one after a newer, changes nothing. Names, tags and notes that were given here are kept.
 * @throws AdjointError `corrupt` for a file that is no bundle, `conflict` where another run has the identifier, `locked`
 */
export function readBundle(path: string, workspace: Workspace): { id: string; what: Imported }[] {
  const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes > largestBundle)
    throw new AdjointError('unsupported', 'The bundle is larger than 2 GB.', {
      where: path,
      fix: 'Export fewer runs at a time, or unpack it into the runs folder of the workspace.',
    });
  const runs = new Map<string, Map<string, Uint8Array>>();
  for (const [name, data] of Object.entries(unzip(path))) {
    if (name.endsWith('/')) continue;
    const [id, ...rest] = name.split('/');
    const isSafe = rest.length > 0 && [id, ...rest].every((part) => /^[\w+-][\w.+-]*$/.test(part));
    if (!isSafe) throw noBundle(path, `It has an entry “${name}”.`);
    const files = runs.get(id) ?? new Map<string, Uint8Array>();
    runs.set(id, files.set(rest.join('/'), data));
  }
  // All of it is looked at before any of it is brought in.
  for (const [id, files] of runs) requireManifest(path, id, files);
  return [...runs].map(([id, files]) => ({ id, what: importRun(workspace, id, files) }));
}

function unzip(path: string): Record<string, Uint8Array> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw storeError(error, path);
  }
  try {
    return unzipSync(bytes);
  } catch (error) {
    throw noBundle(path, 'It is no .zip, or not all of it.', error);
  }
}

function requireManifest(path: string, id: string, files: ReadonlyMap<string, Uint8Array>): void {
  try {
    const text = Buffer.from(files.get('manifest.json') ?? []).toString('utf8');
    if (manifestSchema.parse(JSON.parse(text)).id === id) return;
  } catch {
    // Said below.
  }
  throw noBundle(path, `“${id}” in it is no run.`);
}

const noBundle = (path: string, why: string, cause?: unknown) =>
  new AdjointError('corrupt', `This is not a bundle of runs. ${why}`, {
    where: path,
    fix: 'Make one with: adjoint runs export RUN… --out FILE.zip. Nothing was imported.',
    cause,
  });

function importRun(workspace: Workspace, id: string, files: ReadonlyMap<string, Uint8Array>): Imported {
  const target = workspace.runPath(id);
  const fresh = join(dirname(target), `.creating-${id}-${process.pid}`);
  try {
    rmSync(fresh, { recursive: true, force: true });
    for (const [name, data] of files) {
      mkdirSync(dirname(join(fresh, name)), { recursive: true });
      writeFileAtomic(join(fresh, name), data);
    }
    for (const folder of ['metrics', 'checkpoints', 'attempts', 'artefacts'])
      mkdirSync(join(fresh, folder), { recursive: true });
    if (!existsSync(target)) {
      renameSync(fresh, target);
      syncDirectory(dirname(target));
      return 'new';
    }
    return replaceIfFurther(workspace, RunDirectory.open(target), RunDirectory.open(fresh), id);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function replaceIfFurther(workspace: Workspace, here: RunDirectory, fresh: RunDirectory, id: string): Imported {
  if (JSON.stringify(here.manifest()) !== JSON.stringify(fresh.manifest()))
    throw new AdjointError('conflict', 'Another run has this identifier.', {
      where: here.path,
      fix: 'Move that one to the trash first.',
    });
  if (reach(fresh) <= reach(here)) return 'unchanged';
  const lock = here.lock();
  lock.release();
  const annotations = here.file('annotations.json');
  if (existsSync(annotations)) writeFileAtomic(fresh.file('annotations.json'), readFileSync(annotations));
  const old = join(dirname(here.path), `.purging-${id}-${process.pid}`);
  renameSync(here.path, old);
  renameSync(fresh.path, here.path);
  syncDirectory(workspace.folder('runs'));
  rmSync(old, { recursive: true, force: true });
  return 'updated';
}

/** How far a run is, as text that sorts: the attempt, then the moment of its last heartbeat. */
function reach(run: RunDirectory): string {
  const attempt = run.attempts().at(-1) ?? 0;
  return `${String(attempt).padStart(6, '0')} ${run.state(attempt)?.updatedAt ?? ''}`;
}
