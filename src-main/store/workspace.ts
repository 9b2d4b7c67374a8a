import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AdjointError } from '@shared/errors';
import { removeLeftovers, storeError, syncDirectory } from './atomic';
import { acquireLock, isLocked, type Lock } from './lock';
import { RunDirectory } from './runDirectory';

const folders = ['runs', 'trash', 'datasets', 'experiments', 'comparisons', 'figures', 'methods'] as const;
export type WorkspaceFolder = (typeof folders)[number];

/**
 * Opens a workspace folder:
 *
 *     runs/<id>/  trash/<id>/  datasets/  experiments/  comparisons/  figures/  methods/  index.sqlite  workspace.lock
 *
 * @throws AdjointError `bad-request` when it is not a folder, `not-found` when there is none and `create` is not set,
 *   `not-writable` without write permission, `disk-full`
 */
export function openWorkspace(path: string, options: { create?: boolean } = {}): Workspace {
  const full = resolve(path);
  const found = statIfThere(full);
  if (found && !found.isDirectory())
    throw new AdjointError('bad-request', 'The workspace is a file, not a folder.', {
      where: full,
      fix: 'Choose a folder.',
    });
  const isWorkspace = found && existsSync(join(full, 'runs'));
  if (!isWorkspace && !options.create)
    throw new AdjointError('not-found', found ? 'This folder is not a workspace.' : 'There is no such folder.', {
      where: full,
      fix: 'Check the path, or start a run in it to make it a workspace.',
    });
  try {
    for (const folder of folders) mkdirSync(join(full, folder), { recursive: true });
    for (const folder of ['', 'runs', 'trash'])
      accessSync(join(full, folder), constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code, cause, problem } = storeError(error, full);
    if (code !== 'not-writable') throw storeError(error, full);
    throw new AdjointError('not-writable', `The workspace cannot be written. ${problem.what}`, {
      where: full,
      fix: 'Give yourself write access to this folder or choose another workspace.',
      cause,
    });
  }
  return new Workspace(full);
}

export class Workspace {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  folder(name: WorkspaceFolder): string {
    return join(this.path, name);
  }

  get datasetsPath(): string {
    return this.folder('datasets');
  }

  get experimentsPath(): string {
    return this.folder('experiments');
  }

  get methodsPath(): string {
    return this.folder('methods');
  }

  get indexPath(): string {
    return join(this.path, 'index.sqlite');
  }

  /** Identifiers of the runs, in no particular order. */
  runs(): string[] {
    return directories(this.folder('runs'));
  }

  trashed(): string[] {
    return directories(this.folder('trash'));
  }

  /** @throws AdjointError `not-found` */
  run(id: string): RunDirectory {
    return RunDirectory.open(this.place('runs', id));
  }

  /** A run in the trash: to be looked at, not written. @throws AdjointError `not-found` */
  trashedRun(id: string): RunDirectory {
    return RunDirectory.open(this.place('trash', id));
  }

  runPath(id: string): string {
    return this.place('runs', id);
  }

  /** Sortable by time, readable, unique, safe in every file system: `20261123-031600-qcqp-n20-7f3a` (UTC). */
  newRunId(name: string, now: Date = new Date()): string {
    const time = now.toISOString().replace(/[-:]/g, '').slice(0, 15).replace('T', '-');
    for (;;) {
      const id = [time, slugOf(name) || 'run', randomBytes(2).toString('hex')].join('-');
      if (!existsSync(this.place('runs', id)) && !existsSync(this.place('trash', id))) return id;
    }
  }

  /** Moves a run to the trash. @throws AdjointError `locked` while it is written, `conflict`, `not-found` */
  trash(id: string): void {
    const run = this.run(id);
    if (run.isLocked())
      throw new AdjointError('locked', 'The run is still at work.', {
        where: id,
        fix: 'Cancel it, then move it to the trash.',
      });
    this.move(id, 'runs', 'trash');
  }

  /** Brings a run back from the trash. @throws AdjointError `conflict`, `not-found` */
  restore(id: string): void {
    this.trashedRun(id);
    this.move(id, 'trash', 'runs');
  }

  /** Deletes a trashed run for good. @throws AdjointError `not-found` for a run that is not in the trash */
  purge(id: string): void {
    const run = this.trashedRun(id);
    // Renamed first: a purge that is interrupted must not leave half a run in the list.
    const doomed = join(this.folder('trash'), `.purging-${id}-${randomBytes(4).toString('hex')}`);
    try {
      renameSync(run.path, doomed);
      rmSync(doomed, { recursive: true, force: true });
    } catch (error) {
      throw storeError(error, run.path);
    }
  }

  /** The right to run things in this workspace; one engine has it at a time. @throws AdjointError `locked` */
  lock(purpose = 'Adjoint, open on this workspace'): Lock {
    const lock = acquireLock(join(this.path, 'workspace.lock'), purpose);
    this.removeRemains();
    return lock;
  }

  isLocked(): boolean {
    return isLocked(join(this.path, 'workspace.lock'));
  }

  private place(folder: 'runs' | 'trash', id: string): string {
    if (!/^[A-Za-z0-9][\w.+-]*$/.test(id))
      throw new AdjointError('not-found', `"${id}" is not the name of a run.`, {
        fix: 'List the runs to see their names.',
      });
    return join(this.path, folder, id);
  }

  private move(id: string, from: 'runs' | 'trash', to: 'runs' | 'trash'): void {
    const target = this.place(to, id);
    if (existsSync(target))
      throw new AdjointError('conflict', `${to === 'trash' ? 'The trash' : 'The workspace'} has a run of this name.`, {
        where: id,
        fix: to === 'trash' ? 'Purge that one first.' : 'Move that one to the trash first.',
      });
    try {
      renameSync(this.place(from, id), target);
      for (const folder of [from, to]) syncDirectory(this.folder(folder));
    } catch (error) {
      throw storeError(error, target);
    }
  }

  /** What interrupted creations and purges left behind. */
  private removeRemains(): void {
    removeLeftovers(this.path);
    const hourAgo = Date.now() - 3_600_000;
    for (const folder of [this.folder('runs'), this.folder('trash')])
      for (const name of readdirSync(folder)) {
        if (!/^\.(creating|purging)-/.test(name)) continue;
        const path = join(folder, name);
        if ((statIfThere(path)?.mtimeMs ?? Infinity) < hourAgo) rmSync(path, { recursive: true, force: true });
      }
  }
}

/** The part of a name that is safe in every file system, at most 40 characters; may be empty. */
export function slugOf(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}+/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '');
}

function statIfThere(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw storeError(error, path);
  }
}

function directories(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name);
  } catch (error) {
    throw storeError(error, path);
  }
}
