import type { GroupSpec } from '@shared/frames';
import type { FrameSource } from './api';
import { groupCurve, type MemberCurve } from './groupCurve';
import type { LiveTable } from './liveTable';
import { encodeColumns, windowOf, type Window } from './seriesFrame';

/** A group is worked out as a whole each time, which costs more than sending what is new: twice a second is enough for means. */
const betweenFrames = 500;

export interface GroupMember {
  table: LiveTable;
  failure: () => unknown;
  isLive: () => boolean;
  release: () => void;
}

/** One client's view of a group of runs (src-shared/frames.ts says what its frames hold). */
export class GroupSource implements FrameSource {
  private readonly members: readonly GroupMember[];
  private readonly spec: GroupSpec;
  private closed = false;
  private sent: string | null = null;
  private sentAt = 0;

  constructor(members: readonly GroupMember[], spec: GroupSpec) {
    this.members = members;
    this.spec = spec;
  }

  async next(): Promise<Uint8Array | null> {
    for (;;) {
      if (this.closed) return null;
      // A run that cannot be read leaves the group; the group fails only as a whole.
      const readable = this.members.filter(({ failure }) => !failure());
      if (readable.length === 0) throw this.members[0].failure();
      const ready = readable.every(({ table }) => this.spec.metrics.every((key) => table.metrics.has(key)));
      const state = readable.map(({ table, isLive }) => `${table.version} ${isLive()}`).join();
      if (ready && this.sent !== state) {
        const wait = this.sentAt + betweenFrames - performance.now();
        if (this.sent === null || wait <= 0) {
          this.sent = state;
          this.sentAt = performance.now();
          return this.frame(readable);
        }
        await new Promise((resolve) => setTimeout(resolve, wait));
        continue;
      }
      if (ready && !this.spec.follow) return null;
      await Promise.race(readable.map(({ table }) => table.changed()));
    }
  }

  private frame(members: readonly GroupMember[]): Uint8Array {
    const { spec } = this;
    const tables = members.map(({ table }) => table);
    const windows = tables.map((table) => windowOf(table.axis(spec.x), spec));
    const lengths = windows.map(({ level, first, end }) => (end - first) * 2 ** level);
    const longest = lengths.indexOf(Math.max(...lengths));
    // All at the level of the longest, so that what is averaged are means over the same number of samples.
    const { level } = windows[longest];
    const leveled = windows.map((window) => atLevel(window, level));
    const positions = positionsOf(tables[longest], leveled[longest], spec.x);
    const columns: [string, Float64Array, Uint8Array | null][] = [['x', positions, null]];
    for (const key of spec.metrics) {
      const curves = tables.map((table, k) => measured(table, leveled[k], spec.x, key));
      const { mean, low, high, count } = groupCurve(positions, curves);
      const validity = validityOf(curves[longest], positions, count);
      columns.push([key, mean, validity], [`${key}:min`, low, validity]);
      columns.push([`${key}:max`, high, validity], [`${key}:count`, count, validity]);
    }
    const rows = Math.max(...tables.map((table) => table.rows));
    return encodeColumns(columns, { level: 2 ** level, offset: 0, rows, live: members.some(({ isLive }) => isLive()) });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const { table, release } of this.members) {
      table.wake();
      release();
    }
  }
}

function atLevel(window: Window, level: number): Window {
  const finer = 2 ** (level - window.level);
  return { level, first: Math.floor(window.first / finer), end: Math.ceil(window.end / finer) };
}

function positionsOf(table: LiveTable, { level, first, end }: Window, x: GroupSpec['x']): Float64Array {
  const axis = table.axis(x);
  return Float64Array.from({ length: end - first }, (_, i) => axis.at((first + i) * 2 ** level));
}

function measured(table: LiveTable, window: Window, axis: GroupSpec['x'], key: string): MemberCurve {
  const places = positionsOf(table, window, axis);
  const pyramid = table.metrics.get(key)!;
  const y = new Float64Array(places.length);
  let n = 0;
  for (let i = 0; i < places.length; i++) {
    const bucket = pyramid.bucket(window.level, window.first + i);
    if (bucket.count === 0 && !bucket.hasNaN) continue;
    places[n] = places[i];
    y[n++] = bucket.hasNaN ? NaN : bucket.sum / bucket.count;
  }
  return { x: places.subarray(0, n), y: y.subarray(0, n) };
}

/** Rows that the longest run measured; all that any run reaches, where that one did not measure the metric at all. */
function validityOf(reference: MemberCurve, positions: Float64Array, count: Float64Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(positions.length / 8));
  for (let i = 0, k = 0; i < positions.length; i++) {
    const own = k < reference.x.length && reference.x[k] === positions[i];
    if (own) k++;
    if (own || (reference.x.length === 0 && count[i] > 0)) bits[i >> 3] |= 1 << (i & 7);
  }
  return bits;
}
