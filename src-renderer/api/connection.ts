import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import type { AppEvent, Contract } from '@shared/contract';
import { AdjointError, type Problem } from '@shared/errors';
import type { Port } from '@shared/port';
import { FrameClient } from './frameClient';
import { problemOf } from './problemOf';
import type { Transport } from './transport';

export type Client = ContractRouterClient<Contract>;
export type ConnectionState = 'connecting' | 'open' | 'lost';

export interface Connection {
  /** The contract's requests. Made while the connection is down, they wait for it a few seconds. */
  readonly client: Client;
  readonly frames: FrameClient;
  readonly state: ConnectionState;
  /** Why the connection is lost. */
  readonly problem: Problem | null;
  /** Called at every change. After `lost` comes `connecting` and, when it worked, `open`: read again what may have changed. */
  onState(listener: (state: ConnectionState, problem: Problem | null) => void): () => void;
  /** Changes of runs and queue. The stream is opened with the first listener and again after every reconnection. */
  onEvent(listener: (event: AppEvent) => void): () => void;
  /** Tries to reconnect at once. */
  retry(): void;
  /** Starts a failed engine again; null where the window cannot do that. */
  readonly restart: (() => Promise<void>) | null;
  close(): void;
}

const backoff = [250, 500, 1000, 2000, 5000];
/** Milliseconds that a request waits for a connection. */
const patience = 10_000;

/** The one implementation; it needs no page, so the transports' conformance suite uses it too. */
export class LiveConnection implements Connection {
  readonly client: Client;
  readonly frames = new FrameClient();
  readonly restart: (() => Promise<void>) | null;
  readonly firstAttempt: Promise<void>;
  state: ConnectionState = 'connecting';
  problem: Problem | null = null;

  private readonly transport: Transport;
  private link: Link | undefined;
  private requests: Port | undefined;
  private failures = 0;
  private closed = false;
  /** Counts attempts and losses: an attempt that something else has overtaken is dropped. */
  private turn = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly stateListeners = new Set<(state: ConnectionState, problem: Problem | null) => void>();
  private readonly eventListeners = new Set<(event: AppEvent) => void>();
  private following: AbortController | undefined;
  private readonly stopWatching: (() => void) | undefined;

  constructor(transport: Transport) {
    this.transport = transport;
    this.restart = transport.restart ? () => transport.restart!() : null;
    this.client = createORPCClient({
      call: async (path, input, options) => {
        const link = await this.openLink();
        return link.call(path, input, options);
      },
    });
    this.firstAttempt = this.attempt();
    this.stopWatching = transport.watch?.((change) => {
      if (change === 'available') this.retry();
      else this.lose(change.lost);
    });
  }

  onState(listener: (state: ConnectionState, problem: Problem | null) => void): () => void {
    this.stateListeners.add(listener);
    return () => this.stateListeners.delete(listener);
  }

  onEvent(listener: (event: AppEvent) => void): () => void {
    this.eventListeners.add(listener);
    if (this.state === 'open') void this.follow();
    return () => {
      this.eventListeners.delete(listener);
      if (this.eventListeners.size === 0) this.stopFollowing();
    };
  }

  retry(): void {
    if (this.closed || this.state !== 'lost') return;
    clearTimeout(this.timer);
    void this.attempt();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.stopWatching?.();
    this.stopFollowing();
    this.frames.detach();
    this.requests?.close();
    this.link = undefined;
  }

  private async attempt(): Promise<void> {
    this.set('connecting', this.problem);
    const turn = ++this.turn;
    try {
      const { requests, frames } = await this.transport.open();
      if (this.closed || turn !== this.turn) {
        requests.close();
        frames.close();
        return;
      }
      this.requests = requests;
      const lost = () => {
        if (this.requests === requests) this.lose(connectionLost);
      };
      this.link = new Link(requests);
      this.frames.attach(frames);
      this.failures = 0;
      this.set('open', null);
      requests.onClose(lost);
      frames.onClose(lost);
      if (this.eventListeners.size > 0) void this.follow();
    } catch (error) {
      if (turn === this.turn) this.lose(problemOf(error));
    }
  }

  /** Both pipes go together: with one of them gone the other is closed as well. */
  private lose(problem: Problem): void {
    if (this.closed) return;
    this.turn++;
    const { requests } = this;
    this.link = undefined;
    this.requests = undefined;
    this.stopFollowing();
    requests?.close();
    this.frames.detach();
    this.set('lost', problem);
    clearTimeout(this.timer);
    if (this.transport.isHopeless?.()) return;
    this.timer = setTimeout(() => this.retry(), backoff[Math.min(this.failures++, backoff.length - 1)]);
  }

  private set(state: ConnectionState, problem: Problem | null): void {
    this.state = state;
    this.problem = problem;
    for (const listener of [...this.stateListeners]) listener(state, problem);
  }

  private openLink(): Promise<Link> {
    if (this.link) return Promise.resolve(this.link);
    return new Promise((resolve, reject) => {
      const stop = this.onState(() => {
        if (!this.link) return;
        clearTimeout(timer);
        stop();
        resolve(this.link);
      });
      const timer = setTimeout(() => {
        stop();
        const { code, what, ...rest } = this.problem ?? connectionLost;
        reject(new AdjointError(code, what, rest));
      }, patience);
    });
  }

  private stopFollowing(): void {
    this.following?.abort();
    this.following = undefined;
  }

  /** Hands events on until the connection is lost or nobody listens. */
  private async follow(): Promise<void> {
    if (this.following) return;
    const following = new AbortController();
    this.following = following;
    while (!following.signal.aborted) {
      try {
        for await (const event of await this.client.events(undefined, { signal: following.signal }))
          for (const listener of [...this.eventListeners]) listener(event);
      } catch (error) {
        if (!following.signal.aborted) console.error('The stream of events ended:', error);
      }
      if (!following.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

const connectionLost: Problem = {
  code: 'disconnected',
  what: 'The connection to the engine was lost.',
  fix: 'Runs go on. The window reconnects by itself.',
};

/** Requests over one port. Those that are under way when it closes fail, also the ones that oRPC had not sent yet. */
class Link {
  private readonly rpc: RPCLink<Record<never, never>>;
  private readonly underWay = new Set<(error: Error) => void>();

  constructor(port: Port) {
    this.rpc = new RPCLink({ websocket: socketOver(port) });
    port.onClose(() => {
      const { code, what, ...rest } = connectionLost;
      for (const reject of this.underWay) reject(new AdjointError(code, what, rest));
    });
  }

  call(...request: Parameters<RPCLink<Record<never, never>>['call']>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.underWay.add(reject);
      this.rpc
        .call(...request)
        .then(resolve, reject)
        .finally(() => this.underWay.delete(reject));
    });
  }
}

/**
 * oRPC's link over a WebSocket asks for no more than this of it, and every Port can give it. It always looks open: oRPC throws
 * where nobody can catch it when it wants to cancel a request on a closed one.
 */
function socketOver(port: Port): WebSocket {
  return {
    readyState: 1,
    send: (data: string | Uint8Array) => port.send(data),
    addEventListener: (type: string, listener: (event: { data?: unknown }) => void) => {
      if (type === 'message') port.onMessage((data) => listener({ data }));
      if (type === 'close') port.onClose(() => listener({}));
    },
    removeEventListener: () => undefined,
  } as unknown as WebSocket;
}
