import { z } from 'zod';
import { clocks } from './run';

/**
 * The metric channel: small binary messages on a port or socket of their own, beside the request channel.
 *
 * Message = type (1 byte) · stream id (u32 little endian) · payload. A client opens a stream with `subscribe` and grants
 * credit; the server sends one `data` frame per credit and meanwhile merges what is new, so a slow window gets fewer, fuller
 * frames and never falls behind. Stored data are not affected by any of this.
 */
export const frameTypes = { subscribe: 1, unsubscribe: 2, credit: 3, data: 16, end: 17, error: 18 } as const;
export type FrameType = (typeof frameTypes)[keyof typeof frameTypes];

export interface Frame {
  type: FrameType;
  stream: number;
  payload: Uint8Array;
}

const headerBytes = 5;
const known = new Set<number>(Object.values(frameTypes));

export function encodeFrame(type: FrameType, stream: number, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  const bytes = new Uint8Array(headerBytes + payload.length);
  bytes[0] = type;
  new DataView(bytes.buffer).setUint32(1, stream, true);
  bytes.set(payload, headerBytes);
  return bytes;
}

/** @throws Error naming what is malformed; a server answers it with an `error` frame and keeps the connection. */
export function decodeFrame(bytes: Uint8Array): Frame {
  if (bytes.length < headerBytes) throw new Error(`frame of ${bytes.length} bytes is shorter than its header`);
  const type = bytes[0];
  if (!known.has(type)) throw new Error(`unknown frame type ${type}`);
  const stream = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(1, true);
  return { type: type as FrameType, stream, payload: bytes.subarray(headerBytes) };
}

export const encodeJson = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
export const decodeJson = (payload: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(payload));

const viewport = {
  clock: z.enum(clocks),
  /** Index column to use as x. */
  x: z.enum(['step', 'epoch', 'activeSeconds', 'sequence']),
  /** Keys of scalars, and of entries of vectors (metrics/vectors.ts). */
  metrics: z.array(z.string()).min(1),
  /** Viewport on x; absent = everything. */
  from: z.number().optional(),
  to: z.number().optional(),
  /** At most this many buckets. */
  points: z.number().int().min(16).max(3000).default(2000),
  /** Stay subscribed while the run goes on. */
  follow: z.boolean().default(true),
};

/**
 * A series subscription. Data frames are Arrow IPC streams (schema, one record batch). Their schema metadata, all strings:
 * `level`  = rows per bucket, a power of two (1 = every sample);
 * `offset` = how many of the rows received so far stay: the client keeps the first `offset` rows and appends the frame's.
 *            A frame with offset 0 is a snapshot. The last bucket of a growing series is sent again until it is full;
 * `rows`   = samples in the whole table; `live` = `1` while the run is going on.
 * Columns: `x`, then per metric `key` (mean of the bucket; null = not measured, NaN = a sample was not a number), and, when
 * level > 1, `key:min` and `key:max`. The x of a bucket is that of its first sample.
 */
export const seriesSpecSchema = z.object({ kind: z.literal('series'), run: z.string(), ...viewport });
export type SeriesSpec = z.infer<typeof seriesSpecSchema>;
export type SeriesRequest = z.input<typeof seriesSpecSchema>;

/** Runs that one group may have. */
export const largestGroup = 64;

/**
 * Several runs as one curve. Frames are snapshots like those of a series, at the buckets of the run with most of them, where
 * the others are interpolated; columns per metric: `key` = mean over the runs that reach this x, `key:min` and `key:max` = its
 * 95 % bootstrap interval (NaN where only one run is left), `key:count` = how many runs that are.
 */
export const groupSpecSchema = z.object({
  kind: z.literal('group'),
  runs: z.array(z.string()).min(1).max(largestGroup),
  ...viewport,
});
export type GroupSpec = z.infer<typeof groupSpecSchema>;
export type GroupRequest = z.input<typeof groupSpecSchema>;

export const streamSpecSchema = z.discriminatedUnion('kind', [seriesSpecSchema, groupSpecSchema]);
export type StreamSpec = z.infer<typeof streamSpecSchema>;
export type StreamRequest = z.input<typeof streamSpecSchema>;
