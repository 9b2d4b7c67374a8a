import { existsSync, rmSync, truncateSync } from 'node:fs';
import { hostname } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { AdjointError } from '@shared/errors';
import { jsonText, readJsonOrNull, storeError, writeFileAtomic } from './atomic';

/**
 * Locks between processes.
 *
 * Node has no flock, but SQLite takes real locks of the operating system on its file: an open `BEGIN EXCLUSIVE` keeps every
 * other process out and dies with its holder, so a SIGKILL leaves nothing stale. The lock file itself stays empty. Beside it,
 * `<path>.json` says who holds it; that file is for people and decides nothing.
 *
 * On POSIX, closing any handle of a file drops the process's locks on it: never open a lock file by other means (copying a
 * run directory leaves the lock files out).
 */
export interface Lock {
  readonly path: string;
  release(): void;
}

const holderSchema = z.object({ pid: z.number(), host: z.string(), since: z.string(), purpose: z.string() });
export type LockHolder = z.infer<typeof holderSchema>;

/** Keeps the locks of this process from being collected, and thereby let go, when a caller drops its handle. */
const heldHere = new Set<DatabaseSync>();

const sqliteBusy = 5;
const sqliteReadOnly = 8;
const sqliteCannotOpen = 14;
const sqliteNotADatabase = 26;
/** Probes hold a shared lock for less than a millisecond; whoever acquires waits at least this long for them. */
const shortestWaitMs = 250;

/**
 * Takes the lock, or throws at the end of `waitMs`.
 *
 * @throws AdjointError `locked` naming the holder, `not-writable`, `not-found`
 */
export function acquireLock(path: string, purpose: string, options: { waitMs?: number } = {}): Lock {
  const timeout = Math.max(options.waitMs ?? 0, shortestWaitMs);
  const database = takeExclusive(path, timeout, true);
  const description = `${path}.json`;
  try {
    const holder: LockHolder = { pid: process.pid, host: hostname(), since: new Date().toISOString(), purpose };
    writeFileAtomic(description, jsonText(holder));
  } catch (error) {
    database.close();
    throw error;
  }
  heldHere.add(database);
  return {
    path,
    release() {
      if (!heldHere.delete(database)) return;
      rmSync(description, { force: true });
      database.close();
    },
  };
}

function takeExclusive(path: string, timeout: number, mayReset: boolean): DatabaseSync {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path, { timeout });
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database?.close();
    const code = (error as { errcode?: number }).errcode;
    if (code === sqliteBusy) throw lockedError(path);
    if (code === sqliteNotADatabase && mayReset) {
      // Foreign bytes in the file: SQLite refuses them before it locks, so nobody holds it.
      truncateSync(path, 0);
      return takeExclusive(path, timeout, false);
    }
    if (code === sqliteCannotOpen || code === sqliteReadOnly)
      throw new AdjointError('not-writable', 'The lock file cannot be written.', {
        where: path,
        fix: 'Give yourself write access to this folder or choose another workspace.',
        cause: error,
      });
    throw storeError(error, path);
  }
}

function lockedError(path: string): AdjointError {
  const holder = lockHolder(path);
  if (!holder)
    return new AdjointError('locked', 'Another process holds the lock.', {
      where: path,
      fix: 'Wait until it has finished, or end it, and try again.',
    });
  const place = holder.host === hostname() ? `process ${holder.pid}` : `process ${holder.pid} on ${holder.host}`;
  return new AdjointError('locked', `In use by ${place}: ${holder.purpose}, since ${holder.since}.`, {
    where: path,
    fix: `Use that one, or end ${place} and try again.`,
  });
}

/** Who says to hold the lock; left over after a crash, so ask `isLocked` first. */
export function lockHolder(path: string): LockHolder | null {
  return readJsonOrNull(`${path}.json`, holderSchema);
}

/** Whether any process, this one included, holds the lock. A shared read finds out, so that asking never takes it. */
export function isLocked(path: string): boolean {
  if (!existsSync(path)) return false;
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: 0 });
    database.prepare('SELECT count(*) FROM sqlite_master').get();
    return false;
  } catch (error) {
    return (error as { errcode?: number }).errcode === sqliteBusy;
  } finally {
    database?.close();
  }
}
