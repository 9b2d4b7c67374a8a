import { messagePort, type EmitterPortLike, type Port, type PortMessage } from '@shared/port';
import type { ChannelName, FromEngine, ToEngine } from '@shared/shellProtocol';

/** The engine's end of the link to Electron's main process. */
export interface ShellLink {
  /** `utility`: in a utility process, with real MessagePorts. `relay`: in a plain Node process, through main. */
  readonly kind: 'utility' | 'relay';
  send(message: FromEngine): void;
  /** Sets the one listener for what is not about ports. */
  onMessage(listener: (message: ToEngine) => void): void;
  /** Sets the one listener for the ports of windows. */
  onPort(listener: (channel: ChannelName, port: Port) => void): void;
  /** Sets the one listener for the end of main. */
  onGone(listener: () => void): void;
}

interface ParentPort extends EmitterPortLike {
  on(event: 'message', listener: (event: { data: unknown; ports: EmitterPortLike[] }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
}

/** The link of this process, or null when nobody started it that way. */
export function shellLink(): ShellLink | null {
  const { parentPort } = process as unknown as { parentPort?: ParentPort };
  if (parentPort) return utilityLink(parentPort);
  return process.send ? relayLink() : null;
}

function utilityLink(parent: ParentPort): ShellLink {
  let onMessage: (message: ToEngine) => void = () => undefined;
  let onPort: (channel: ChannelName, port: Port) => void = () => undefined;
  parent.on('message', ({ data, ports }) => {
    const message = data as ToEngine;
    if (message.type !== 'ports') return onMessage(message);
    const [requests, frames] = ports;
    if (!requests || !frames) return;
    onPort('requests', messagePort(requests));
    onPort('frames', messagePort(frames));
  });
  return {
    kind: 'utility',
    send: (message) => parent.postMessage(message),
    onMessage: (listener) => (onMessage = listener),
    onPort: (listener) => (onPort = listener),
    // A utility process never outlives main.
    onGone: () => undefined,
  };
}

function relayLink(): ShellLink {
  const ports = new Map<number, RelayedPort>();
  let onMessage: (message: ToEngine) => void = () => undefined;
  let onPort: (channel: ChannelName, port: Port) => void = () => undefined;
  const send = (message: FromEngine) => {
    // The channel closes when main dies; `disconnect` tells of it.
    if (process.connected) process.send?.(message, () => undefined);
  };
  process.on('message', (received: unknown) => {
    const message = received as ToEngine;
    switch (message.type) {
      case 'open': {
        const port = new RelayedPort(message.id, send, () => ports.delete(message.id));
        ports.set(message.id, port);
        return onPort(message.channel, port);
      }
      case 'message':
        return ports.get(message.id)?.receive(message.data);
      case 'close':
        return ports.get(message.id)?.shut();
      default:
        return onMessage(message);
    }
  });
  return {
    kind: 'relay',
    send,
    onMessage: (listener) => (onMessage = listener),
    onPort: (listener) => (onPort = listener),
    onGone: (listener) => void process.removeAllListeners('disconnect').once('disconnect', listener),
  };
}

class RelayedPort implements Port {
  private readonly id: number;
  private readonly relay: (message: FromEngine) => void;
  private readonly forget: () => void;
  private open = true;
  private listener: ((message: PortMessage) => void) | undefined;
  private readonly waiting: PortMessage[] = [];
  private readonly closed: (() => void)[] = [];

  constructor(id: number, relay: (message: FromEngine) => void, forget: () => void) {
    this.id = id;
    this.relay = relay;
    this.forget = forget;
  }

  send(data: PortMessage): void {
    if (this.open) this.relay({ type: 'message', id: this.id, data });
  }

  onMessage(listener: (message: PortMessage) => void): void {
    this.listener = listener;
    for (const message of this.waiting.splice(0)) listener(message);
  }

  onClose(listener: () => void): void {
    if (this.open) this.closed.push(listener);
    else listener();
  }

  close(): void {
    if (this.open) this.relay({ type: 'close', id: this.id });
    this.shut();
  }

  receive(message: unknown): void {
    const data = typeof message === 'string' || message instanceof Uint8Array ? message : new Uint8Array(0);
    if (this.listener) this.listener(data);
    else this.waiting.push(data);
  }

  /** The other end has closed. */
  shut(): void {
    if (!this.open) return;
    this.open = false;
    this.forget();
    for (const listener of this.closed.splice(0)) listener();
  }
}
