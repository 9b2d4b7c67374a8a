import { problemSchema, toProblem, type Problem } from '@shared/errors';
import { decodeFrame, decodeJson, encodeFrame, encodeJson, frameTypes, type StreamRequest } from '@shared/frames';
import type { Port } from '@shared/port';

export interface Subscription {
  spec: StreamRequest;
  onFrame: (payload: Uint8Array) => void | Promise<void>;
  onEnd?: () => void;
  onError?: (problem: Problem) => void;
}

const oneCredit = new Uint8Array([1, 0, 0, 0]);

/**
 * The client's side of the metric channel. One frame is asked for at a time: the next only after the last was handled, so
 * the pace of drawing is the pace of the stream. Subscriptions outlive a lost connection: on the next port each starts
 * again, with a snapshot.
 */
export class FrameClient {
  private port: Port | undefined;
  private nextStream = 1;
  /** By stream id on the present port. */
  private readonly streams = new Map<number, Subscription>();
  private readonly subscriptions = new Set<Subscription>();

  /** Streams that are wanted at present. */
  get size(): number {
    return this.subscriptions.size;
  }

  /**
   * @param onFrame receives an Arrow IPC stream (src-shared/frames.ts says what is in it); a promise delays the next frame
   * @param onEnd the run is over and everything was sent
   * @param onError the stream failed and is closed; the connection goes on
   * @returns a function that closes the stream
   */
  subscribe(
    spec: StreamRequest,
    onFrame: Subscription['onFrame'],
    onEnd?: Subscription['onEnd'],
    onError?: Subscription['onError'],
  ): () => void {
    const subscription: Subscription = { spec, onFrame, onEnd, onError };
    this.subscriptions.add(subscription);
    if (this.port) this.open(subscription);
    return () => this.unsubscribe(subscription);
  }

  /** Takes a new connection into use; what is subscribed starts again on it. */
  attach(port: Port): void {
    this.port = port;
    this.streams.clear();
    port.onMessage((message) => {
      if (this.port === port && typeof message !== 'string') this.receive(message);
    });
    port.onClose(() => {
      if (this.port !== port) return;
      this.port = undefined;
      this.streams.clear();
    });
    for (const subscription of this.subscriptions) this.open(subscription);
  }

  detach(): void {
    this.port?.close();
    this.port = undefined;
    this.streams.clear();
  }

  private open(subscription: Subscription): void {
    const stream = this.nextStream;
    this.nextStream = (this.nextStream % 0xffffffff) + 1;
    this.streams.set(stream, subscription);
    this.port?.send(encodeFrame(frameTypes.subscribe, stream, encodeJson(subscription.spec)));
    this.port?.send(encodeFrame(frameTypes.credit, stream, oneCredit));
  }

  private unsubscribe(subscription: Subscription): void {
    if (!this.subscriptions.delete(subscription)) return;
    for (const [stream, other] of this.streams) {
      if (other !== subscription) continue;
      this.streams.delete(stream);
      this.port?.send(encodeFrame(frameTypes.unsubscribe, stream));
    }
  }

  private receive(bytes: Uint8Array): void {
    const frame = decodeFrame(bytes);
    const subscription = this.streams.get(frame.stream);
    // An unknown stream was closed on this side while the frame was under way.
    if (!subscription) return;
    if (frame.type === frameTypes.data) void this.handle(frame.stream, subscription, frame.payload);
    else if (frame.type === frameTypes.end) {
      this.forget(frame.stream, subscription);
      subscription.onEnd?.();
    } else if (frame.type === frameTypes.error) {
      this.forget(frame.stream, subscription);
      const parsed = problemSchema.safeParse(decodeJson(frame.payload));
      subscription.onError?.(parsed.success ? parsed.data : toProblem(new Error('The metric stream failed.')));
    }
  }

  private async handle(stream: number, subscription: Subscription, payload: Uint8Array): Promise<void> {
    const port = this.port;
    try {
      await subscription.onFrame(payload);
    } catch (error) {
      // A view that cannot draw its data must not stall or hide the failure.
      this.unsubscribe(subscription);
      console.error(error);
      subscription.onError?.(toProblem(error, 'drawing a metric frame'));
      return;
    }
    if (this.port === port && this.streams.get(stream) === subscription)
      port?.send(encodeFrame(frameTypes.credit, stream, oneCredit));
  }

  private forget(stream: number, subscription: Subscription): void {
    this.streams.delete(stream);
    this.subscriptions.delete(subscription);
  }
}
