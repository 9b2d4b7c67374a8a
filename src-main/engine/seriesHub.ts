import type { SeriesSpec } from '@shared/frames';
import type { RunDirectory } from '../store/runDirectory';
import type { FrameSource } from './api';
import { LiveTable } from './liveTable';
import { encodeSeries, windowOf } from './seriesFrame';

const liveMilliseconds = 66;
const idleMilliseconds = 1000;
const interestMilliseconds = 2000;

export interface SeriesHubOptions {
  open: (id: string) => RunDirectory;
  /** The attempt that is going on, if any. */
  live: (id: string) => { run: RunDirectory; attempt: number } | null;
}

interface Shared {
  table: LiveTable;
  users: number;
  loaded: boolean;
  polledAt: number;
}

/** Reads growing runs once for all the windows that look at them. */
export class SeriesHub {
  private readonly options: SeriesHubOptions;
  private readonly tables = new Map<string, Shared>();
  private timer: NodeJS.Timeout | null = null;
  private interestAt = 0;

  constructor(options: SeriesHubOptions) {
    this.options = options;
  }

  /** @throws AdjointError `not-found` for an unknown run. */
  openSeries(spec: SeriesSpec): FrameSource {
    const key = `${spec.run} ${spec.clock}`;
    let shared = this.tables.get(key);
    if (!shared) {
      shared = { table: new LiveTable(this.options.open(spec.run), spec.clock), users: 0, loaded: false, polledAt: 0 };
      this.tables.set(key, shared);
    }
    shared.users++;
    const before = shared.table.rewrites;
    shared.table.want(spec.metrics);
    if (shared.table.rewrites !== before) shared.loaded = false;
    this.timer ??= setInterval(() => this.tick(), liveMilliseconds);
    const source = new SeriesSource(shared.table, spec, {
      load: () => this.load(key),
      isLive: () => this.options.live(spec.run) !== null,
      release: () => this.release(key),
    });
    return source;
  }

  private load(key: string): void {
    const shared = this.tables.get(key);
    if (!shared || shared.loaded) return;
    shared.loaded = true;
    shared.polledAt = Date.now();
    shared.table.poll();
  }

  private tick(): void {
    const now = Date.now();
    const showInterest = now - this.interestAt > interestMilliseconds;
    if (showInterest) this.interestAt = now;
    for (const [key, shared] of this.tables) {
      const live = this.options.live(key.slice(0, key.indexOf(' ')));
      if (live && showInterest) live.run.showInterest(live.attempt);
      if (!shared.loaded || now - shared.polledAt < (live ? 0 : idleMilliseconds)) continue;
      shared.polledAt = now;
      shared.table.poll();
      // Also without new rows: a stream tells its client when the run has ended or begun again.
      shared.table.wake();
    }
  }

  private release(key: string): void {
    const shared = this.tables.get(key);
    if (!shared || --shared.users > 0) return;
    this.tables.delete(key);
    if (this.tables.size === 0 && this.timer) {
      clearInterval(this.timer);
      this.timer = null;
    }
  }

  close(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
    for (const { table } of this.tables.values()) table.wake();
    this.tables.clear();
  }
}

interface SourceOptions {
  load: () => void;
  isLive: () => boolean;
  release: () => void;
}

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
      this.options.load();
      const live = this.options.isLive();
      if (this.sent === null || this.sent.version !== this.table.version || this.sent.live !== live)
        return this.frame(live);
      if (!this.spec.follow) return null;
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
