import { shallowRef, triggerRef, type ShallowRef } from 'vue';
import type { Problem } from '@shared/errors';
import type { StreamRequest } from '@shared/frames';
import type { Clock } from '@shared/run';
import type { Domain } from './chartModel';
import { SeriesBuffer } from './seriesBuffer';
import { decodeSeriesFrame, type SeriesPart } from './seriesFrame';

/** A run, or several as one curve. */
export interface SeriesSource {
  id: string;
  runs: readonly string[];
  group: boolean;
}

type Axis = 'step' | 'epoch' | 'activeSeconds';
type Subscribe = (
  spec: StreamRequest,
  onFrame: (payload: Uint8Array) => void | Promise<void>,
  onEnd?: () => void,
  onError?: (problem: Problem) => void,
) => () => void;

/** Panels that appear within this many milliseconds share their streams. */
const gatherMilliseconds = 8;
/** Milliseconds between two frames of one stream: with many streams each comes less often. */
const pause = (streams: number): number => 60 * Math.min(4, Math.max(1, streams / 6));
/** Between two looks whether a move is over. */
const holdMilliseconds = 40;
/** Of the viewport, on each side: what is fetched in detail around it, so that a small move needs nothing new. */
const margin = 0.5;

/**
 * The series of many runs for many charts. Metrics of one source and clock that are wanted together come in one stream: a coarse one of
 * everything that always stays, and one in detail of where the viewport came to rest. While a person pans, what there is is drawn.
 */
export class SeriesPool {
  private readonly subscribe: Subscribe;
  private readonly hold: () => boolean;
  private readonly batches: Batch[] = [];
  private readonly cells = new Map<string, Cell>();
  /** By cell, what a group showed before a run joined it: shown until the samples of the group as it is now have come. */
  private readonly former = new Map<string, Batch>();
  private gathering: { source: SeriesSource; clock: Clock; key: string }[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private detail: Domain | null = null;
  private axis: Axis;
  private points: number;

  /** @param hold while it says so, what arrives waits: a person moves something and every millisecond is theirs */
  constructor(subscribe: Subscribe, axis: Axis, points: number, hold: () => boolean = () => false) {
    this.subscribe = subscribe;
    this.hold = hold;
    this.axis = axis;
    this.points = points;
  }

  /** Asks for a metric once; what is there already costs nothing. */
  want(source: SeriesSource, clock: Clock, keys: readonly string[]): void {
    for (const key of keys) {
      const name = cellName(source.id, key);
      if (this.cells.has(name)) continue;
      this.cells.set(name, { batch: null, version: shallowRef(0) });
      this.gathering.push({ source, clock, key });
    }
    if (this.gathering.length > 0) this.timer ??= setTimeout(() => this.open(), gatherMilliseconds);
  }

  /** Asks now for what was wanted, for who knows that no more will follow at once. */
  flush(): void {
    clearTimeout(this.timer);
    this.open();
  }

  /** Whether detail was asked for all of this part of the axis. */
  covers(shown: Domain): boolean {
    return this.detail !== null && this.detail.from <= shown.from && this.detail.to >= shown.to;
  }

  /** Samples of everything, or those in detail where they have come. Depends reactively on new data. */
  part(source: string, key: string, detailed: boolean): SeriesPart | null {
    const name = cellName(source, key);
    void this.cells.get(name)?.version.value;
    return this.shown(name)?.part(key, detailed) ?? null;
  }

  private shown(name: string): Batch | null {
    const batch = this.cells.get(name)?.batch ?? null;
    return batch?.isLoaded ? batch : (this.former.get(name) ?? batch);
  }

  /** Samples per point of what `part` gives. */
  level(source: string, key: string, detailed: boolean): number {
    return this.shown(cellName(source, key))?.buffer(detailed)?.level ?? 1;
  }

  problem(source: string, key: string): Problem | null {
    const cell = this.cells.get(cellName(source, key));
    void cell?.version.value;
    return cell?.batch?.problem ?? null;
  }

  /** True when the data of a metric have come, be there samples or not. */
  isLoaded(source: string, key: string): boolean {
    const cell = this.cells.get(cellName(source, key));
    void cell?.version.value;
    return cell?.batch?.isLoaded ?? false;
  }

  /** Fetches detail around a viewport that has come to rest; null goes back to everything. */
  settle(viewport: Domain | null): void {
    const reach = viewport ? (viewport.to - viewport.from) * margin : 0;
    this.detail = viewport ? { from: viewport.from - reach, to: viewport.to + reach } : null;
    for (const batch of this.batches) batch.zoom(this.detail, this.points);
  }

  /** Forgets sources that are not compared any more. */
  keep(sources: readonly SeriesSource[]): void {
    const kept = new Set(sources.map(streamKey));
    const ids = new Set(sources.map(({ id }) => id));
    for (const [name, { source }] of this.former) if (!ids.has(source.id)) this.former.delete(name);
    for (let i = this.batches.length - 1; i >= 0; i--) {
      const batch = this.batches[i];
      if (kept.has(streamKey(batch.source))) continue;
      batch.close();
      for (const key of batch.keys) {
        const name = cellName(batch.source.id, key);
        if (ids.has(batch.source.id) && batch.isLoaded) this.former.set(name, batch);
        this.cells.delete(name);
      }
      this.batches.splice(i, 1);
    }
  }

  /** Another axis or resolution: everything is fetched anew; what is shown stays until it has come. */
  restart(axis: Axis, points: number): void {
    if (axis === this.axis && points === this.points) return;
    if (axis !== this.axis) this.detail = null;
    if (axis !== this.axis) this.former.clear();
    this.axis = axis;
    this.points = points;
    for (const batch of this.batches) batch.start(this.axis, this.points, this.detail);
  }

  close(): void {
    clearTimeout(this.timer);
    for (const batch of this.batches) batch.close();
    this.batches.length = 0;
    this.cells.clear();
    this.former.clear();
  }

  private open(): void {
    this.timer = undefined;
    const together = new Map<string, typeof this.gathering>();
    for (const want of this.gathering) {
      const name = `${streamKey(want.source)} ${want.clock}`;
      const list = together.get(name);
      if (list) list.push(want);
      else together.set(name, [want]);
    }
    this.gathering = [];
    for (const list of together.values()) {
      const [{ source, clock }] = list;
      const keys = list.map(({ key }) => key);
      const batch = new Batch(source, clock, keys, {
        subscribe: this.subscribe,
        changed: () => {
          for (const key of keys) {
            this.former.delete(cellName(source.id, key));
            this.bump(cellName(source.id, key));
          }
        },
        delay: () => pause(this.batches.length),
        hold: this.hold,
      });
      this.batches.push(batch);
      for (const key of keys) {
        const cell = this.cells.get(cellName(source.id, key));
        if (cell) cell.batch = batch;
      }
      batch.start(this.axis, this.points, this.detail);
    }
  }

  private bump(name: string): void {
    const cell = this.cells.get(name);
    if (!cell) return;
    cell.version.value++;
    triggerRef(cell.version);
  }
}

interface Cell {
  batch: Batch | null;
  version: ShallowRef<number>;
}

interface BatchOptions {
  subscribe: Subscribe;
  changed: () => void;
  delay: () => number;
  hold: () => boolean;
}

/** Some metrics of one source and clock. */
class Batch {
  problem: Problem | null = null;
  private whole: SeriesBuffer | null = null;
  /** Of the part of the axis that detail was last asked for. */
  private near: SeriesBuffer | null = null;
  /** Made once a frame of data and not at every frame of a pan. */
  private wholeParts = new Map<string, SeriesPart>();
  private nearParts = new Map<string, SeriesPart>();
  private stopWhole: (() => void) | null = null;
  private stopNear: (() => void) | null = null;
  private axis: Axis = 'step';
  readonly source: SeriesSource;
  readonly keys: readonly string[];
  private readonly clock: Clock;
  private readonly options: BatchOptions;

  constructor(source: SeriesSource, clock: Clock, keys: readonly string[], options: BatchOptions) {
    this.source = source;
    this.clock = clock;
    this.keys = keys;
    this.options = options;
  }

  get isLoaded(): boolean {
    return this.whole !== null || this.problem !== null;
  }

  start(axis: Axis, points: number, detail: Domain | null): void {
    this.stopWhole?.();
    this.axis = axis;
    this.stopWhole = this.follow(points, null, (buffer) => (this.whole = buffer));
    this.zoom(detail, points);
  }

  zoom(domain: Domain | null, points: number): void {
    this.stopNear?.();
    this.stopNear = null;
    // What came for another viewport does not reach over this one.
    this.near = null;
    if (!domain) return;
    // Twice the viewport is fetched, so it takes twice the buckets for one a pixel.
    const buckets = Math.min(3000, Math.round(points * (1 + 2 * margin)));
    this.stopNear = this.follow(buckets, domain, (buffer) => (this.near = buffer));
  }

  /** What came in detail where that is wanted and there, else of everything. */
  buffer(detailed: boolean): SeriesBuffer | null {
    return (detailed ? this.near : null) ?? this.whole;
  }

  part(key: string, detailed: boolean): SeriesPart | null {
    const buffer = this.buffer(detailed);
    if (!buffer) return null;
    const parts = buffer === this.near ? this.nearParts : this.wholeParts;
    let part = parts.get(key);
    if (!part) parts.set(key, (part = buffer.get(key)));
    return part;
  }

  close(): void {
    this.stopWhole?.();
    this.stopNear?.();
  }

  private follow(points: number, domain: Domain | null, arrived: (buffer: SeriesBuffer) => void): () => void {
    const { source } = this;
    const viewport = { clock: this.clock, x: this.axis, metrics: [...this.keys], points, ...domain };
    const spec: StreamRequest = source.group
      ? { kind: 'group', runs: [...source.runs], ...viewport }
      : { kind: 'series', run: source.runs[0], ...viewport };
    let buffer: SeriesBuffer | null = null;
    let stopped = false;
    const stop = this.options.subscribe(
      spec,
      async (payload) => {
        while (this.options.hold()) await sleep(holdMilliseconds);
        if (stopped) return;
        const first = buffer === null;
        buffer ??= new SeriesBuffer();
        buffer.apply(decodeSeriesFrame(payload));
        // Only now, so that the old data stay until there are new ones.
        if (first) arrived(buffer);
        this.wholeParts.clear();
        this.nearParts.clear();
        this.problem = null;
        this.options.changed();
        await sleep(this.options.delay());
      },
      undefined,
      (problem) => {
        this.problem = problem;
        this.options.changed();
      },
    );
    return () => {
      stopped = true;
      stop();
    };
  }
}

const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
const cellName = (source: string, key: string) => `${source} ${key}`;
/** A group that a run has joined is another stream. */
const streamKey = ({ id, runs }: SeriesSource) => `${id} ${runs.join()}`;
