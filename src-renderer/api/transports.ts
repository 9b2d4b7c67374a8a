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
  return {
    async open() {
      const ports = new Promise<PortPair>((resolve, reject) => {
        const received = (event: MessageEvent<unknown>) => {
          if (event.source !== window || event.data !== portsMessage || event.ports.length !== 2) return;
          finish();
          resolve({ requests: messagePort(event.ports[0]), frames: messagePort(event.ports[1]) });
        };
        const timer = setTimeout(() => {
          finish();
          reject(disconnected('The engine did not answer in time.', 'The log in the workspace may say why.'));
        }, openTimeout);
        const finish = () => {
          clearTimeout(timer);
          window.removeEventListener('message', received);
        };
        window.addEventListener('message', received);
      });
      await Promise.all([bridge.connect(), ports]).catch((error: unknown) => {
        // The reason comes as an engine status, with its problem; what crosses the bridge as an exception is text only.
        void ports.catch(() => undefined);
        if (error instanceof AdjointError) throw error;
        const { code, what, ...rest } = status.problem ?? engineStopped;
        throw new AdjointError(code, what, rest);
      });
      return ports;
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
