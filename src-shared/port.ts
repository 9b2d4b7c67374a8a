/**
 * One pipe of messages, whatever carries it: a MessagePort, a WebSocket, or two objects of one process. The request channel
 * sends text (JSON), the metric channel bytes.
 */
export type PortMessage = string | Uint8Array;

export interface Port {
  /** Sends a message; does nothing once the port is closed. */
  send(message: PortMessage): void;
  /** Sets the one listener; messages that came before it are kept for it. */
  onMessage(listener: (message: PortMessage) => void): void;
  onClose(listener: () => void): void;
  close(): void;
}

/** A message of any other type is handed on as no bytes at all, which is malformed on either channel. */
function asPortMessage(data: unknown): PortMessage {
  if (typeof data === 'string' || data instanceof Uint8Array) return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return new Uint8Array(0);
}

interface EventTargetLike {
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: () => void): void;
}

export interface MessagePortLike {
  postMessage(message: unknown): void;
  start?(): void;
  close(): void;
}

/** The events of Electron's MessagePortMain, which is a Node EventEmitter. */
export interface EmitterPortLike extends MessagePortLike {
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
}

/**
 * A MessagePort of the web, of Node's worker threads or of Electron's main and utility processes.
 * Electron's and Node's ports tell that the other end has closed; a browser's does so only since Chrome 122.
 */
export function messagePort(port: (MessagePortLike & EventTargetLike) | EmitterPortLike): Port {
  let open = true;
  const closed: (() => void)[] = [];
  const onClosed = () => {
    if (!open) return;
    open = false;
    for (const listener of closed) listener();
  };
  if ('addEventListener' in port) port.addEventListener('close', onClosed);
  else port.on('close', onClosed);
  return {
    send: (message) => {
      if (open) port.postMessage(message);
    },
    onMessage: (listener) => {
      const received = (event: { data: unknown }) => listener(asPortMessage(event.data));
      if ('addEventListener' in port) port.addEventListener('message', received);
      else port.on('message', received);
      port.start?.();
    },
    onClose: (listener) => {
      if (open) closed.push(listener);
      else listener();
    },
    close: () => {
      if (open) port.close();
      onClosed();
    },
  };
}

export interface WebSocketLike extends EventTargetLike {
  binaryType: string;
  readonly readyState: number;
  send(message: string | Uint8Array<ArrayBuffer>): void;
  close(): void;
}

/** A WebSocket of the browser, of Node or of the `ws` package. It should be open already. */
export function webSocketPort(socket: WebSocketLike): Port {
  const isOpen = 1;
  socket.binaryType = 'arraybuffer';
  let open = true;
  const closed: (() => void)[] = [];
  socket.addEventListener('close', () => {
    open = false;
    for (const listener of closed.splice(0)) listener();
  });
  return {
    send: (message) => {
      if (socket.readyState === isOpen) socket.send(message as string | Uint8Array<ArrayBuffer>);
    },
    onMessage: (listener) => socket.addEventListener('message', (event) => listener(asPortMessage(event.data))),
    onClose: (listener) => {
      if (open) closed.push(listener);
      else listener();
    },
    close: () => socket.close(),
  };
}

/** Two ends in one process. Messages are delivered asynchronously and in order, as a real transport does. */
export function portPair(): [Port, Port] {
  const a = new PairEnd();
  const b = new PairEnd();
  a.other = b;
  b.other = a;
  return [a, b];
}

class PairEnd implements Port {
  other!: PairEnd;
  private open = true;
  private listener: ((message: PortMessage) => void) | undefined;
  private waiting: PortMessage[] = [];
  private readonly closed: (() => void)[] = [];

  send(message: PortMessage): void {
    if (this.open) queueMicrotask(() => this.other.receive(message));
  }

  onMessage(listener: (message: PortMessage) => void): void {
    this.listener = listener;
    for (const message of this.waiting.splice(0)) queueMicrotask(() => this.receive(message));
  }

  onClose(listener: () => void): void {
    if (this.open) this.closed.push(listener);
    else listener();
  }

  close(): void {
    if (!this.open) return;
    this.shut();
    queueMicrotask(() => this.other.shut());
  }

  private receive(message: PortMessage): void {
    if (!this.open) return;
    if (this.listener) this.listener(message);
    else this.waiting.push(message);
  }

  private shut(): void {
    if (!this.open) return;
    this.open = false;
    for (const listener of this.closed.splice(0)) listener();
  }
}
