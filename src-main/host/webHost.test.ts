import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectSocket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import { protocolsWithToken } from '@shared/webSocket';
import { createFakeEngine } from './conformance/fakeEngine';
import { startWebHost, type WebHost } from './webHost';

let directory: string;
let renderer: string;
let host: WebHost;
const log: string[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'adjoint-web-'));
  renderer = join(directory, 'renderer');
  await mkdir(join(renderer, 'assets'), { recursive: true });
  await writeFile(join(renderer, 'index.html'), '<!doctype html><title>Adjoint</title>');
  await writeFile(join(renderer, 'assets', 'index-1a2b.js'), 'export {};');
  await writeFile(join(renderer, '.hidden'), 'hidden');
  await writeFile(join(directory, 'secret.txt'), 'secret');
  await symlink(join(directory, 'secret.txt'), join(renderer, 'link.txt'));
  host = await startWebHost({ engine: createFakeEngine(), rendererDirectory: renderer, log: (line) => log.push(line) });
});
afterAll(async () => {
  await host.close();
  await rm(directory, { recursive: true });
});

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A request as it is written: nothing normalises the path. */
function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port: host.port, path, method, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => (body += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    request.on('error', reject).end();
  });
}

/** HTTP status that a WebSocket is answered with; 101 when it opens. */
function upgrade(path: string, protocols: string[], options: ClientOptions = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const origin = `http://127.0.0.1:${host.port}`;
    const socket = new WebSocket(`ws://127.0.0.1:${host.port}${path}`, protocols, { origin, ...options });
    socket.on('open', () => {
      socket.terminate();
      resolve(101);
    });
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    socket.on('error', reject);
  });
}

async function open(path: string): Promise<WebSocket> {
  const origin = `http://127.0.0.1:${host.port}`;
  const socket = new WebSocket(`ws://127.0.0.1:${host.port}${path}`, protocolsWithToken(host.token), { origin });
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
  return socket;
}

describe('the page', () => {
  test('is served with a policy under which nothing but our own files runs', async () => {
    const { status, headers, body } = await get('/');
    expect(status).toBe(200);
    expect(body).toContain('<title>Adjoint</title>');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain(`connect-src 'self' ws://127.0.0.1:${host.port};`);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe-eval');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers['x-frame-options']).toBe('DENY');
    expect(headers['cache-control']).toBe('no-cache');
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  test('gets its assets with their media types', async () => {
    const { status, headers } = await get('/assets/index-1a2b.js');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(headers['cache-control']).toContain('immutable');
  });

  test.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%5c..%5csecret.txt',
    '//secret.txt',
    '/./index.html',
    '/.hidden',
    '/link.txt',
    '/%00',
    '/%zz',
    '/assets',
    '/nothing.js',
    '/C:/Windows/win.ini',
  ])('does not lead out of the folder or to what is not there: %s', async (path) => {
    const { status, body } = await get(path);
    expect(status).toBe(404);
    expect(body).toBe('Not Found');
  });

  test.each(['localhost:PORT', '127.0.0.1', 'rebound.example:PORT', '127.0.0.1:1'])(
    'is refused under another Host: %s',
    async (name) => {
      const { status, body } = await get('/', { host: name.replace('PORT', String(host.port)) });
      expect(status).toBe(403);
      expect(body).not.toContain('Adjoint');
    },
  );

  test('is only read', async () => {
    expect((await get('/', {}, 'POST')).status).toBe(405);
    expect((await get('/', {}, 'DELETE')).status).toBe(405);
    const head = await get('/', {}, 'HEAD');
    expect([head.status, head.body]).toEqual([200, '']);
  });
});

describe('a WebSocket', () => {
  test.each(['/requests', '/frames'])(
    'opens on %s with token, Origin and Host; the token is not repeated',
    async (path) => {
      const socket = await open(path);
      expect(socket.protocol).toBe('adjoint');
      expect(socket.extensions).toBe('');
      socket.terminate();
    },
  );

  test('is refused with 403 before the upgrade without a token, or with another', async () => {
    const last = host.token.endsWith('A') ? 'B' : 'A';
    for (const protocols of [
      ['adjoint'],
      protocolsWithToken(''),
      protocolsWithToken('x'),
      protocolsWithToken(host.token.slice(0, -1)),
      protocolsWithToken(host.token.slice(0, -1) + last),
      protocolsWithToken(`${host.token}A`),
    ])
      for (const path of ['/requests', '/frames']) expect(await upgrade(path, protocols)).toBe(403);
    expect(await upgrade(`/requests?token=${host.token}`, ['adjoint'])).toBe(403);
  });

  test.each([
    'https://example.org',
    'http://localhost:PORT',
    'https://127.0.0.1:PORT',
    'http://127.0.0.1:1',
    'http://127.0.0.1:PORT.example.org',
    'null',
  ])('is refused with 403 from a foreign Origin: %s', async (template) => {
    const origin = template.replace('PORT', String(host.port));
    expect(await upgrade('/requests', protocolsWithToken(host.token), { origin })).toBe(403);
  });

  test('is refused with 403 when no Origin is given', async () => {
    expect(await upgrade('/requests', protocolsWithToken(host.token), { origin: undefined })).toBe(403);
  });

  test('is refused with 403 under a rebound Host', async () => {
    const headers = { host: `rebound.example:${host.port}` };
    expect(await upgrade('/requests', protocolsWithToken(host.token), { headers })).toBe(403);
  });

  test('is not found on any other path', async () => {
    expect(await upgrade('/other', protocolsWithToken(host.token))).toBe(404);
    expect(await upgrade('/constructor', protocolsWithToken(host.token))).toBe(404);
  });

  test.each([
    ['/requests', 5 << 20],
    ['/frames', 200 << 10],
  ])('that sends a message over the limit on %s is closed with 1009, and no other', async (path, bytes) => {
    const [loud, quiet] = [await open(path), await open(path)];
    const closed = new Promise<number>((resolve) => loud.on('close', resolve));
    loud.on('error', () => undefined);
    loud.send(new Uint8Array(bytes));
    expect(await closed).toBe(1009);
    expect(quiet.readyState).toBe(WebSocket.OPEN);
    quiet.terminate();
  });

  test('with broken framing is closed, and the host goes on', async () => {
    const origin = `http://127.0.0.1:${host.port}`;
    const socket = connectSocket(host.port, '127.0.0.1');
    socket.write(
      `GET /frames HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\nOrigin: ${origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: ${protocolsWithToken(host.token).join(', ')}\r\n\r\n`,
    );
    await new Promise((resolve) => socket.once('data', resolve));
    socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x00]));
    await new Promise((resolve) => socket.on('close', resolve));
    expect((await get('/')).status).toBe(200);
  });

  test('beyond the sixty-fourth is refused', async () => {
    const sockets = await Promise.all(Array.from({ length: 64 }, () => open('/frames')));
    expect(await upgrade('/frames', protocolsWithToken(host.token))).toBe(503);
    const closed = Promise.all(sockets.map((socket) => new Promise((resolve) => socket.on('close', resolve))));
    for (const socket of sockets) socket.close();
    await closed;
    expect(await upgrade('/frames', protocolsWithToken(host.token))).toBe(101);
  });
});

describe('the host', () => {
  test('listens on 127.0.0.1 only', async () => {
    const others = Object.values(networkInterfaces())
      .flat()
      .filter((face) => face && face.family === 'IPv4' && face.address !== '127.0.0.1')
      .map((face) => face!.address);
    for (const address of ['127.0.0.2', ...others]) {
      const reached = await new Promise<boolean>((resolve) => {
        const socket = connectSocket({ host: address, port: host.port, timeout: 1000 });
        socket
          .on('connect', () => resolve(true))
          .on('error', () => resolve(false))
          .on('timeout', () => resolve(false));
        socket.on('close', () => socket.destroy());
      });
      expect(reached, address).toBe(false);
    }
  });

  test('makes a token of 32 random bytes, new at every start, and puts it into the fragment only', async () => {
    const other = await startWebHost({ engine: createFakeEngine(), rendererDirectory: renderer, log: () => undefined });
    expect(Buffer.from(host.token, 'base64url')).toHaveLength(32);
    expect(other.token).not.toBe(host.token);
    expect(other.url).toBe(`http://127.0.0.1:${other.port}/#token=${other.token}`);
    await other.close();
  });

  test('never logs the token', () => {
    expect(log.length).toBeGreaterThan(10);
    expect(log.filter((line) => line.includes(host.token.slice(0, -1)))).toEqual([]);
  });

  test('says when its port is taken', async () => {
    const occupier = createServer();
    const port = await new Promise<number>((resolve) =>
      occupier.listen(0, '127.0.0.1', () => resolve((occupier.address() as { port: number }).port)),
    );
    const starting = startWebHost({
      engine: createFakeEngine(),
      rendererDirectory: renderer,
      port,
      log: () => undefined,
    });
    await expect(starting).rejects.toMatchObject({
      problem: { code: 'port-taken', what: `Port ${port} is already in use.`, where: `127.0.0.1:${port}` },
    });
    occupier.close();
  });

  test('says when the renderer has not been built', async () => {
    const rendererDirectory = join(directory, 'none');
    const starting = startWebHost({ engine: createFakeEngine(), rendererDirectory, log: () => undefined });
    await expect(starting).rejects.toMatchObject({ problem: { code: 'not-found', where: rendererDirectory } });
  });

  test('lets go of every connection when it is closed', async () => {
    const other = await startWebHost({ engine: createFakeEngine(), rendererDirectory: renderer, log: () => undefined });
    const origin = `http://127.0.0.1:${other.port}`;
    const socket = new WebSocket(`ws://127.0.0.1:${other.port}/frames`, protocolsWithToken(other.token), { origin });
    await new Promise((resolve) => socket.on('open', resolve));
    const closed = new Promise((resolve) => socket.on('close', resolve));
    await other.close();
    await closed;
  });
});
