import { readdirSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { liveStates, type RunSummary } from '@shared/run';
import type { RunDirectory } from './runDirectory';
import { summarise, unreadable } from './runSummary';
import type { Workspace } from './workspace';

/** Raise it when RunSummary or the fingerprint changes: older caches are then thrown away. */
const version = 2;

interface CachedRun {
  id: string;
  fingerprint: string;
  summary: string;
}

/**
 * `index.sqlite`: a cache of run summaries that makes listing thousands of runs fast. The run directories are the truth: a
 * run is summarised anew whenever one of its small files changed, and an index that is missing, damaged, of another version
 * or not writable costs time, nothing else.
 */
export class RunIndex {
  private readonly workspace: Workspace;
  private database: DatabaseSync;

  constructor(workspace: Workspace) {
    this.workspace = workspace;
    this.database = openDatabase(workspace.indexPath);
  }

  /** Every run of the workspace, or of its trash, newest first. */
  list(options: { trash?: boolean } = {}): RunSummary[] {
    const place = options.trash ? 'trash' : 'runs';
    const ids = options.trash ? this.workspace.trashed() : this.workspace.runs();
    const cached = this.tolerant(() => this.cached(place)) ?? new Map<string, CachedRun>();
    const changed: CachedRun[] = [];
    const summaries: RunSummary[] = [];
    for (const id of ids) {
      const found = this.current(id, place, cached.get(id));
      if (!found) continue;
      summaries.push(found.summary);
      if (found.changed) changed.push(found.changed);
    }
    const present = new Set(ids);
    const gone = [...cached.keys()].filter((id) => !present.has(id));
    if (changed.length > 0 || gone.length > 0) this.tolerant(() => this.store(place, changed, gone));
    return summaries.sort((a, b) => compare(b.createdAt, a.createdAt) || compare(b.id, a.id));
  }

  /** One run, or null when it is gone. */
  get(id: string): RunSummary | null {
    const row = this.tolerant(() =>
      this.database.prepare(`SELECT id, fingerprint, summary FROM runs WHERE place = 'runs' AND id = ?`).get(id),
    );
    const found = this.current(id, 'runs', row as CachedRun | undefined);
    if (found?.changed) this.tolerant(() => this.store('runs', [found.changed!], []));
    return found?.summary ?? null;
  }

  close(): void {
    this.database.close();
  }

  private current(
    id: string,
    place: 'runs' | 'trash',
    cached: CachedRun | undefined,
  ): { summary: RunSummary; changed: CachedRun | null } | null {
    let run: RunDirectory;
    try {
      run = place === 'trash' ? this.workspace.trashedRun(id) : this.workspace.run(id);
    } catch {
      return null; // Moved away since it was listed, or not a run's name.
    }
    try {
      return this.summaryOf(run, cached);
    } catch (error) {
      return { summary: unreadable(run, error), changed: null };
    }
  }

  private summaryOf(
    run: RunDirectory,
    cached: CachedRun | undefined,
  ): { summary: RunSummary; changed: CachedRun | null } {
    const fingerprint = fingerprintOf(run);
    if (cached?.fingerprint === fingerprint) {
      const summary = parseSummary(cached.summary);
      // Whether a live process is still there is no matter of files: ask its lock each time.
      if (summary && (!liveStates.includes(summary.state) || run.isLocked())) return { summary, changed: null };
    }
    const summary = summarise(run);
    return { summary, changed: { id: run.id, fingerprint, summary: JSON.stringify(summary) } };
  }

  private cached(place: string): Map<string, CachedRun> {
    const rows = this.database.prepare('SELECT id, fingerprint, summary FROM runs WHERE place = ?').all(place);
    return new Map((rows as unknown as CachedRun[]).map((row) => [row.id, row]));
  }

  private store(place: string, changed: CachedRun[], gone: string[]): void {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      const put = this.database.prepare(
        'INSERT OR REPLACE INTO runs (place, id, fingerprint, summary) VALUES (?, ?, ?, ?)',
      );
      for (const { id, fingerprint, summary } of changed) put.run(place, id, fingerprint, summary);
      const drop = this.database.prepare('DELETE FROM runs WHERE place = ? AND id = ?');
      for (const id of gone) drop.run(place, id);
      this.database.exec('COMMIT');
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      throw error;
    }
  }

  /** A cache that fails is rebuilt; one that is busy or cannot be written is done without. */
  private tolerant<T>(action: () => T): T | null {
    try {
      return action();
    } catch (error) {
      if (!isDamage(error)) return null;
    }
    this.database.close();
    removeIndex(this.workspace.indexPath);
    this.database = openDatabase(this.workspace.indexPath);
    return null;
  }
}

function openDatabase(path: string): DatabaseSync {
  for (const place of [path, path, ':memory:']) {
    let database: DatabaseSync | null = null;
    try {
      database = new DatabaseSync(place, { timeout: 2000 });
      prepareTables(database);
      return database;
    } catch (error) {
      database?.close();
      if (isDamage(error)) removeIndex(path);
    }
  }
  return new DatabaseSync(':memory:');
}

function prepareTables(database: DatabaseSync): void {
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;');
  const found = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (found.user_version !== version) database.exec(`DROP TABLE IF EXISTS runs; PRAGMA user_version = ${version};`);
  database.exec(`CREATE TABLE IF NOT EXISTS runs (
    place TEXT NOT NULL, id TEXT NOT NULL, fingerprint TEXT NOT NULL, summary TEXT NOT NULL, PRIMARY KEY (place, id)
  ) WITHOUT ROWID`);
}

const sqliteCorrupt = 11;
const sqliteNotADatabase = 26;
const sqliteError = 1;
const sqliteMismatch = 20;
const damageCodes = [sqliteError, sqliteCorrupt, sqliteMismatch, sqliteNotADatabase];

/** Damage, as opposed to a lock held elsewhere or a disk that cannot be written. */
function isDamage(error: unknown): boolean {
  const code = (error as { errcode?: number }).errcode;
  return code !== undefined && damageCodes.includes(code & 0xff);
}

function removeIndex(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
}

function parseSummary(text: string): RunSummary | null {
  try {
    return JSON.parse(text) as RunSummary;
  } catch {
    return null;
  }
}

/** Changes whenever something that a summary stands on changed. A few stats; no file is opened. */
function fingerprintOf(run: RunDirectory): string {
  const attempt = latestAttempt(run.file('attempts'));
  const parts = ['manifest.json', 'annotations.json', 'request.json', 'repairs.ndjson', 'metrics', 'checkpoints'];
  if (attempt > 0) parts.push(`attempts/${attempt}/attempt.json`, `attempts/${attempt}/state.json`);
  const stamps = parts.map((part) => {
    const stat = statSync(`${run.path}/${part}`, { throwIfNoEntry: false });
    return stat ? `${stat.mtimeMs} ${stat.size} ${stat.ino}` : '-';
  });
  return `${attempt}|${stamps.join('|')}`;
}

function latestAttempt(directory: string): number {
  try {
    return readdirSync(directory).reduce((latest, name) => Math.max(latest, Number(name) || 0), 0);
  } catch {
    return 0;
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
