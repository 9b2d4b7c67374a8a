import { AdjointError } from '@shared/errors';
import type { GroupSpec, SeriesSpec, StreamSpec } from '@shared/frames';
import type { Clock } from '@shared/run';
import type { RunDirectory } from '../store/runDirectory';
import type { FrameSource } from './api';
import { GroupSource, type GroupMember } from './groupSource';
import { LiveTable } from './liveTable';
import { encodeSeries, windowOf } from './seriesFrame';

const liveMilliseconds = 66;
const idleMilliseconds = 1000;
const interestMilliseconds = 2000;
/** Subscriptions that come within this time are read together. */
const gatherMilliseconds = 10;

export interface SeriesHubOptions {
  open: (id: string) => RunDirectory;
  /** The attempt that is going on, if any. */
  live: (id: string) => { run: RunDirectory; attempt: number } | null;
}

interface Shared {
  table: LiveTable;
  users: number;
  polledAt: number;
  loading: NodeJS.Timeout | null;
  /** Why the table cannot be read; every stream on it ends with this. */
  failure: unknown;
}

/** Reads growing runs once for all the windows that look at them. */
export class SeriesHub {
  private readonly options: SeriesHubOptions;
  private readonly tables = new Map<string, Shared>();
  /** Tables that wait for their turn to be read. */
  private readonly loads: Shared[] = [];
  private timer: NodeJS.Timeout | null = null;
  private interestAt = 0;

  constructor(options: SeriesHubOptions) {
    this.options = options;
  }

  /** @throws AdjointError `not-found` for an unknown run, or a group of which no run is known. */
  openSeries(spec: StreamSpec): FrameSource {
    if (spec.kind === 'group') return this.openGroup(spec);
    const { table, ...options } = this.share(spec.run, spec.clock, spec.metrics);
    return new SeriesSource(table, spec, options);
  }

  private openGroup(spec: GroupSpec): FrameSource {
    const members: GroupMember[] = [];
    for (const id of new Set(spec.runs))
      try {
        members.push(this.share(id, spec.clock, spec.metrics));
      } catch (error) {
        // A run that was moved to the trash meanwhile leaves the group.
        if (!(error instanceof AdjointError) || error.code !== 'not-found') throw error;
      }
    if (members.length === 0)
      throw new AdjointError('not-found', 'None of the runs of this group is in the workspace.', {
        fix: 'They may be in the trash.',
      });
    return new GroupSource(members, spec);
  }

  /** The table of a run's clock, with these metrics; read once however many streams look at it. */
  private share(run: string, clock: Clock, metrics: readonly string[]): GroupMember {
    const key = `${run} ${clock}`;
    let shared = this.tables.get(key);
    if (!shared) {
      shared = {
        table: new LiveTable(this.options.open(run), clock),
        users: 0,
        polledAt: 0,
        loading: null,
        failure: null,
      };
      this.tables.set(key, shared);
    }
    const { table } = shared;
    shared.users++;
    table.want(metrics);
    if (table.isStale) this.scheduleLoad(shared);
    this.timer ??= setInterval(() => this.tick(), liveMilliseconds);
    return {
      table,
      failure: () => shared.failure,
      isLive: () => this.options.live(run) !== null,
      release: () => this.release(key),
    };
  }

  private scheduleLoad(shared: Shared): void {
    shared.loading ??= setTimeout(() => {
      shared.loading = null;
      this.loads.push(shared);
      if (this.loads.length === 1) setImmediate(() => this.loadNext());
    }, gatherMilliseconds);
  }

  /** One table at a time: what was read goes out before the next is, so that a window draws while others are still on disk. */
  private loadNext(): void {
    const [shared] = this.loads;
    if (!shared) return;
    if (shared.users > 0) this.read(shared, () => shared.table.load());
    this.loads.shift();
    if (this.loads.length > 0) setImmediate(() => this.loadNext());
  }

  private read(shared: Shared, action: () => void): void {
    shared.polledAt = Date.now();
    try {
      action();
    } catch (error) {
      shared.failure = error;
      shared.table.wake();
    }
  }

  private tick(): void {
    const now = Date.now();
    const showInterest = now - this.interestAt > interestMilliseconds;
    if (showInterest) this.interestAt = now;
    for (const [key, shared] of this.tables) {
      const live = this.options.live(key.slice(0, key.indexOf(' ')));
      if (live && showInterest) live.run.showInterest(live.attempt);
      if (shared.table.isStale || shared.failure || now - shared.polledAt < (live ? 0 : idleMilliseconds)) continue;
      this.read(shared, () => shared.table.poll());
      // Also without new rows: a stream tells its client when the run has ended or begun again.
      shared.table.wake();
    }
  }

  private release(key: string): void {
    const shared = this.tables.get(key);
    if (!shared || --shared.users > 0) return;
    if (shared.loading) clearTimeout(shared.loading);
    this.tables.delete(key);
    if (this.tables.size === 0 && this.timer) {
      clearInterval(this.timer);
      this.timer = null;
    }
  }

  close(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
    for (const { table, loading } of this.tables.values()) {
      if (loading) clearTimeout(loading);
      table.wake();
    }
    this.tables.clear();
    this.loads.length = 0;
  }
}

type SourceOptions = Omit<GroupMember, 'table'>;

/** One client's view of a table: remembers what was sent, so that the next frame holds only what is new. */
class SeriesSource implements FrameSource {
  private readonly table: LiveTable;
  private readonly spec: SeriesSpec;
  private readonly options: SourceOptions;
  private closed = false;
  private sent: {
    version: number;
    rewrites: number;
    live: boolean;
    level: number;
    first: number;
    end: number;
    complete: number;
  } | null = null;

  constructor(table: LiveTable, spec: SeriesSpec, options: SourceOptions) {
    this.table = table;
    this.spec = spec;
    this.options = options;
  }

  async next(): Promise<Uint8Array | null> {
    for (;;) {
      if (this.closed) return null;
      const failure = this.options.failure();
      if (failure) throw failure;
      const live = this.options.isLive();
      const isReady = this.spec.metrics.every((key) => this.table.metrics.has(key));
      if (isReady && (this.sent?.version !== this.table.version || this.sent.live !== live)) return this.frame(live);
      if (isReady && !this.spec.follow) return null;
      await this.table.changed();
    }
  }

  private frame(live: boolean): Uint8Array {
    const { table, spec, sent } = this;
    const x = table.axis(spec.x);
    const window = windowOf(x, spec);
    const goesOn =
      sent !== null && sent.rewrites === table.rewrites && sent.level === window.level && sent.first === window.first;
    const from = goesOn ? Math.min(sent.complete, window.end) : window.first;
    const metrics = new Map(spec.metrics.map((key) => [key, table.metrics.get(key)!]));
    const frame = encodeSeries(
      x,
      metrics,
      { level: window.level, from, end: window.end },
      { offset: from - window.first, rows: table.rows, live },
    );
    this.sent = {
      version: table.version,
      rewrites: table.rewrites,
      live,
      level: window.level,
      first: window.first,
      end: window.end,
      complete: Math.min(window.end, Math.floor(table.rows / 2 ** window.level)),
    };
    return frame;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.table.wake();
    this.options.release();
  }
}
