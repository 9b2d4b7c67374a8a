import { AdjointError, toProblem, type Problem } from '@shared/errors';
import {
  decodeFrame,
  decodeJson,
  encodeFrame,
  encodeJson,
  frameTypes,
  streamSpecSchema,
  type Frame,
  type StreamSpec,
} from '@shared/frames';
import type { Port, PortMessage } from '@shared/port';
import type { FrameSource } from '../engine/api';
import { badRequest } from './problems';

export interface FrameServerOptions {
  openSeries(spec: StreamSpec): FrameSource;
  log: (line: string) => void;
  /** Streams that one client may hold open. */
  maxStreams?: number;
  /** Bytes of a subscription's JSON. */
  maxRequestBytes?: number;
  /** After so many malformed frames the port is closed: the client is broken or hostile. */
  maxMalformed?: number;
}

/** Data frames that may be under way on one stream, whatever credit the client grants. */
const maxCredit = 8;

/** A frame whose stream is not known is answered on this one; clients number theirs from 1. */
const noStream = 0;

interface Stream {
  readonly source: FrameSource;
  credit: number;
  pumping: boolean;
}

/**
 * The server's side of the metric channel (src-shared/frames.ts) on one port.
 *
 * A stream's source is asked for a frame only against a credit, so a slow client costs no memory here: what is new
 * meanwhile is merged by the source. A malformed frame is answered with an error frame and the connection goes on.
 */
export function serveFrames(port: Port, options: FrameServerOptions): void {
  const { maxStreams = 256, maxRequestBytes = 65_536, maxMalformed = 100 } = options;
  const streams = new Map<number, Stream>();
  let malformed = 0;

  const fail = (stream: number, problem: Problem) =>
    port.send(encodeFrame(frameTypes.error, stream, encodeJson(problem)));

  const refuse = (stream: number, what: string) => {
    malformed++;
    fail(stream, { code: 'bad-request', what, where: 'metric channel' });
    if (malformed < maxMalformed) return;
    options.log(`metric channel closed after ${malformed} malformed frames; the last: ${what}`);
    port.close();
  };

  const drop = (id: number, stream: Stream) => {
    if (streams.get(id) === stream) streams.delete(id);
    stream.source.close();
  };

  /** Sends one frame per credit until the credit is used up or the stream is over. */
  async function pump(id: number, stream: Stream): Promise<void> {
    if (stream.pumping) return;
    stream.pumping = true;
    const isLive = () => streams.get(id) === stream;
    try {
      while (stream.credit > 0 && isLive()) {
        const payload = await stream.source.next();
        if (!isLive()) return;
        if (payload === null) {
          drop(id, stream);
          port.send(encodeFrame(frameTypes.end, id));
          return;
        }
        stream.credit--;
        port.send(encodeFrame(frameTypes.data, id, payload));
      }
    } catch (error) {
      if (!isLive()) return;
      drop(id, stream);
      fail(id, reported(error, options.log));
    } finally {
      stream.pumping = false;
    }
  }

  function subscribe(id: number, payload: Uint8Array): void {
    if (id === noStream) return refuse(id, 'Stream 0 is reserved for errors.');
    if (streams.has(id)) return refuse(noStream, `Stream ${id} is already open.`);
    if (payload.length > maxRequestBytes)
      return refuse(id, `A subscription of ${payload.length} bytes is over the limit of ${maxRequestBytes}.`);
    if (streams.size >= maxStreams) {
      const fix = 'Close some charts, or draw fewer metrics at once.';
      return fail(id, { code: 'bad-request', what: `More than ${maxStreams} streams on one connection.`, fix });
    }
    let spec: StreamSpec;
    try {
      const parsed = streamSpecSchema.safeParse(decodeJson(payload));
      if (!parsed.success) {
        malformed++;
        return fail(id, badRequest('metric channel', parsed.error.issues));
      }
      spec = parsed.data;
    } catch {
      return refuse(id, 'A subscription is not JSON.');
    }
    try {
      streams.set(id, { source: options.openSeries(spec), credit: 0, pumping: false });
    } catch (error) {
      fail(id, reported(error, options.log));
    }
  }

  function handle(frame: Frame): void {
    const stream = streams.get(frame.stream);
    switch (frame.type) {
      case frameTypes.subscribe:
        return subscribe(frame.stream, frame.payload);
      case frameTypes.unsubscribe:
        // An unknown stream has just ended by itself: the two messages have crossed.
        if (stream) drop(frame.stream, stream);
        return;
      case frameTypes.credit: {
        if (frame.payload.length !== 4)
          return refuse(frame.stream, `A credit of ${frame.payload.length} bytes; it should be a u32.`);
        if (!stream) return;
        const count = new DataView(frame.payload.buffer, frame.payload.byteOffset).getUint32(0, true);
        stream.credit = Math.min(stream.credit + count, maxCredit);
        void pump(frame.stream, stream);
        return;
      }
      default:
        return refuse(frame.stream, `Frame type ${frame.type} goes from server to client only.`);
    }
  }

  port.onMessage((message: PortMessage) => {
    if (malformed >= maxMalformed) return;
    if (typeof message === 'string') return refuse(noStream, 'A text message on the metric channel; it is binary.');
    let frame: Frame;
    try {
      frame = decodeFrame(message);
    } catch (error) {
      return refuse(noStream, (error as Error).message);
    }
    handle(frame);
  });
  port.onClose(() => {
    for (const [id, stream] of [...streams]) drop(id, stream);
  });
}

/** What the client is told; a defect's stack stays in the log. */
function reported(error: unknown, log: (line: string) => void): Problem {
  if (!(error instanceof AdjointError)) log(`metric stream failed: ${(error as Error)?.stack ?? String(error)}`);
  return toProblem(error, 'metric stream');
}
