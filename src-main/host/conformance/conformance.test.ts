import { mkdtempSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { WebSocket } from 'ws';
import { messagePort, portPair, webSocketPort, type Port, type WebSocketLike } from '@shared/port';
import { protocolsWithToken } from '@shared/webSocket';
import { serveFrames } from '../frameServer';
import { nodeSpawner } from '../nodeSpawner';
import { requestServer } from '../requests';
import { startWebHost, type WebHost } from '../webHost';
import { conformanceCases, type Flavour } from './cases';
import { createFakeEngine } from './fakeEngine';

const directory = mkdtempSync(join(tmpdir(), 'adjoint-conformance-'));
const entry = fileURLToPath(new URL('./child.cjs', import.meta.url));
const engine = createFakeEngine({ processes: { spawner: nodeSpawner(), entry, directory } });
const quiet = () => undefined;
const serveRequests = requestServer(engine.router, quiet);
const serve = (requests: Port, frames: Port) => {
  serveRequests(requests);
  serveFrames(frames, { openSeries: (spec) => engine.openSeries(spec), log: quiet });
};

let host: WebHost;
beforeAll(async () => {
  await writeFile(join(directory, 'index.html'), '<!doctype html>');
  host = await startWebHost({ engine, rendererDirectory: directory, log: quiet });
});
afterAll(async () => {
  await host.close();
  await rm(directory, { recursive: true });
});

const flavours: Record<string, Flavour> = {
  'in process': {
    open: async () => {
      const [requests, requestsThere] = portPair();
      const [frames, framesThere] = portPair();
      serve(requestsThere, framesThere);
      return { requests, frames };
    },
  },
  WebSocket: {
    open: async () => ({ requests: await socket('/requests'), frames: await socket('/frames') }),
  },
  MessagePort: {
    open: async () => {
      const requests = new MessageChannel();
      const frames = new MessageChannel();
      serve(messagePort(requests.port2), messagePort(frames.port2));
      return { requests: messagePort(requests.port1), frames: messagePort(frames.port1) };
    },
  },
};

async function socket(path: string): Promise<Port> {
  const origin = `http://127.0.0.1:${host.port}`;
  const connection = new WebSocket(`ws://127.0.0.1:${host.port}${path}`, protocolsWithToken(host.token), { origin });
  await new Promise((resolve, reject) => {
    connection.on('open', resolve);
    connection.on('error', reject);
  });
  return webSocketPort(connection as unknown as WebSocketLike);
}

describe.each(Object.entries(flavours))('%s', (_name, flavour) => {
  for (const { name, run } of conformanceCases) test(name, () => run(flavour));
});
