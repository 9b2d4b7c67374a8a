import { portsMessage, type DesktopBridge, type EngineStatus } from '@shared/bridge';
import { AdjointError, type Problem } from '@shared/errors';
import { messagePort, webSocketPort } from '@shared/port';
import { protocolsWithToken } from '@shared/webSocket';
import { pageToken } from './token';
import type { PortPair, Transport } from './transport';

declare global {
  interface Window {
    /** Put there by Electron's preload; absent in a browser. */
    readonly adjoint?: DesktopBridge;
  }
}

const openTimeout = 15_000;

/** Electron: two MessagePorts through the preload. */
export function desktopTransport(bridge: DesktopBridge): Transport {
  let status: EngineStatus = { state: 'starting', problem: null };
  bridge.onEngineStatus((now) => (status = now));
  const open = async (): Promise<PortPair> => {
    const arrival = portsArrival();
    try {
      // Resolves when the ports were sent; while the engine starts, that takes as long as it takes.
      await bridge.connect();
      return await arrival.within(openTimeout);
    } catch (error) {
      if (error instanceof AdjointError) throw error;
      // What crosses the bridge as an exception is text only; the status has the whole problem.
      const { code, what, ...rest } = status.problem ?? engineStopped;
      throw new AdjointError(code, what, rest);
    } finally {
      arrival.stop();
    }
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    // One after the other: ports that arrive do not say for whom.
    open: () => {
      const opening = last.then(open);
      last = opening.catch(() => undefined);
      return opening;
    },
    watch: (listener) =>
      bridge.onEngineStatus((now) => {
        if (now.state === 'running') listener('available');
        else if (now.state === 'failed') listener({ lost: now.problem ?? engineStopped });
      }),
    isHopeless: () => status.state === 'failed',
    restart: () => bridge.restartEngine(),
  };
}

/** Waits for the window message that carries the ports. */
function portsArrival() {
  let resolve: (ports: PortPair) => void = () => undefined;
  const ports = new Promise<PortPair>((resolvePorts) => (resolve = resolvePorts));
  const received = (event: MessageEvent<unknown>) => {
    if (event.source !== window || event.data !== portsMessage || event.ports.length !== 2) return;
    resolve({ requests: messagePort(event.ports[0]), frames: messagePort(event.ports[1]) });
  };
  window.addEventListener('message', received);
  return {
    stop: () => window.removeEventListener('message', received),
    within: (milliseconds: number) =>
      new Promise<PortPair>((resolveInTime, reject) => {
        const fix = 'Reload the window; the log of the engine may say why.';
        const timer = setTimeout(() => reject(disconnected('The engine did not answer in time.', fix)), milliseconds);
        void ports.then((pair) => {
          clearTimeout(timer);
          resolveInTime(pair);
        });
      }),
  };
}

const engineStopped: Problem = {
  code: 'disconnected',
  what: 'The engine has stopped.',
  fix: 'Restart it: runs go on by themselves.',
};

/** A browser: two WebSockets to the web host that served the page. */
export function webTransport(address: URL): Transport {
  return {
    async open() {
      const token = await pageToken();
      if (token === null) {
        const fix = 'Open the address that `adjoint serve` or `npm start` printed: it carries a token.';
        throw disconnected('This page was opened without its token.', fix);
      }
      const opened = await Promise.allSettled([
        openSocket(new URL('/requests', address), token),
        openSocket(new URL('/frames', address), token),
      ]);
      const [requests, frames] = opened;
      if (requests.status === 'fulfilled' && frames.status === 'fulfilled')
        return { requests: webSocketPort(requests.value), frames: webSocketPort(frames.value) };
      for (const socket of opened) if (socket.status === 'fulfilled') socket.value.close();
      throw disconnected(
        `The engine at ${address.host} does not answer, or refuses this page.`,
        'Check that it still runs in its terminal. After a restart, open the address that it printed.',
      );
    },
  };
}

function openSocket(url: URL, token: string): Promise<WebSocket> {
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, protocolsWithToken(token));
    const timer = setTimeout(() => socket.close(), openTimeout);
    socket.addEventListener('open', () => {
      clearTimeout(timer);
      resolve(socket);
    });
    socket.addEventListener('close', () => {
      clearTimeout(timer);
      reject(new Error('closed'));
    });
  });
}

function disconnected(what: string, fix: string): AdjointError {
  return new AdjointError('disconnected', what, { fix });
}
