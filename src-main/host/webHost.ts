import { randomBytes, timingSafeEqual, createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join, sep } from 'node:path';
import type { Duplex } from 'node:stream';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { assetHeaders, assetPath, contentSecurityPolicy } from '@shared/assets';
import { AdjointError } from '@shared/errors';
import { webSocketPort, type Port, type WebSocketLike } from '@shared/port';
import { tokenFromProtocols, webSocketProtocol } from '@shared/webSocket';
import type { Engine } from '../engine/api';
import { serveFrames } from './frameServer';
import { requestServer } from './requests';

export interface WebHostOptions {
  engine: Pick<Engine, 'router' | 'openSeries'>;
  /** Folder of the built renderer. */
  rendererDirectory: string;
  /** Absent or 0: a free one. */
  port?: number;
  /** Absent: 32 random bytes. */
  token?: string;
  log: (line: string) => void;
}

export interface WebHost {
  /** The address to open in a browser. It carries the token in its fragment, which browsers send to nobody. */
  readonly url: string;
  readonly port: number;
  readonly token: string;
  close(): Promise<void>;
}

const address = '127.0.0.1';
/** Bytes of one message from a page. Experiment files and notes are the largest. */
const maxRequestMessage = 4 << 20;
const maxFrameMessage = 128 << 10;
const maxConnections = 64;

/**
 * Serves the workbench to browsers of this machine, on 127.0.0.1 only.
 *
 * A page of another site, or a host name rebound to 127.0.0.1, gets nothing: Host must be exactly ours, the Origin of a
 * WebSocket must be our own page, and it must show the token. All of it is checked before the upgrade.
 *
 * @throws AdjointError `port-taken` when the port is in use, `not-found` when the renderer has not been built
 */
export async function startWebHost(options: WebHostOptions): Promise<WebHost> {
  const token = options.token ?? randomBytes(32).toString('base64url');
  const root = await rendererRoot(options.rendererDirectory);
  const server = createServer();
  const port = await listen(server, options.port ?? 0);
  const host = `${address}:${port}`;
  const origin = `http://${host}`;
  const policy = contentSecurityPolicy([`ws://${host}`]);

  server.on('request', (request, response) => {
    if (request.headers.host !== host) return answer(response, 403);
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405);
    void sendAsset(root, policy, request, response);
  });

  const serve: Record<string, { sockets: WebSocketServer; use: (port: Port) => void }> = {
    '/requests': {
      sockets: socketServer(maxRequestMessage),
      use: requestServer(options.engine.router, options.log),
    },
    '/frames': {
      sockets: socketServer(maxFrameMessage),
      use: (pipe) => serveFrames(pipe, { openSeries: (spec) => options.engine.openSeries(spec), log: options.log }),
    },
  };
  const connections = new Set<WebSocket>();

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const refusal = refuseUpgrade(request, host, origin, token);
    const channel = serve[pathOf(request)];
    if (refusal !== null || !channel || connections.size >= maxConnections) {
      options.log(`refused a WebSocket: ${refusal ?? (channel ? 'too many connections' : 'unknown path')}`);
      refuse(socket, refusal !== null ? 403 : channel ? 503 : 404);
      return;
    }
    channel.sockets.handleUpgrade(request, socket, head, (connection) => {
      connections.add(connection);
      connection.on('close', () => connections.delete(connection));
      // A message over the limit or broken framing: `ws` closes this connection with the reason, and only this one.
      connection.on('error', (error) => options.log(`WebSocket closed: ${error.message}`));
      channel.use(webSocketPort(connection as unknown as WebSocketLike));
    });
  });

  return {
    url: `${origin}/#token=${token}`,
    port,
    token,
    close: () =>
      new Promise((resolve) => {
        for (const connection of connections) connection.terminate();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function rendererRoot(directory: string): Promise<string> {
  try {
    const root = await realpath(directory);
    await readFile(join(root, 'index.html'));
    return root;
  } catch (cause) {
    const fix = 'Build it with `npm run build`, then start again.';
    throw new AdjointError('not-found', 'The renderer has not been built.', { where: directory, fix, cause });
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') return reject(error);
      const what = error.code === 'EADDRINUSE' ? `Port ${port} is already in use.` : `Port ${port} may not be used.`;
      const fix = 'Choose another with --port, or leave it out to take a free one.';
      reject(new AdjointError('port-taken', what, { where: `${address}:${port}`, fix, cause: error }));
    });
    server.listen({ host: address, port, exclusive: true }, () => resolve((server.address() as AddressInfo).port));
  });
}

const socketServer = (maxPayload: number) =>
  new WebSocketServer({
    noServer: true,
    maxPayload,
    perMessageDeflate: false,
    handleProtocols: () => webSocketProtocol,
  });

/** Why this upgrade is refused, or null. */
function refuseUpgrade(request: IncomingMessage, host: string, origin: string, token: string): string | null {
  if (request.headers.host !== host) return 'wrong Host';
  if (request.headers.origin !== origin) return 'foreign Origin';
  const shown = tokenFromProtocols(request.headers['sec-websocket-protocol']);
  if (shown === null) return 'no token';
  return sameToken(shown, token) ? null : 'wrong token';
}

/** Compares digests, which have equal lengths, so that the time taken tells nothing about the token. */
function sameToken(shown: string, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(shown), digest(token));
}

const pathOf = (request: IncomingMessage): string => (request.url ?? '').split('?', 1)[0];

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function answer(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' });
  response.end(STATUS_CODES[status]);
}

async function sendAsset(root: string, policy: string, request: IncomingMessage, response: ServerResponse) {
  const path = assetPath(pathOf(request));
  if (path === null) return answer(response, 404);
  try {
    // A symbolic link inside the folder must not lead out of it.
    const file = await realpath(join(root, path));
    if (!file.startsWith(root + sep)) return answer(response, 404);
    const bytes = await readFile(file);
    response.writeHead(200, { ...assetHeaders(path, policy), 'Content-Length': bytes.length });
    response.end(request.method === 'HEAD' ? undefined : bytes);
  } catch {
    answer(response, 404);
  }
}
