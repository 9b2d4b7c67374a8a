import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build } from 'vite';
import { toProblem } from '@shared/errors';
import type { Port, PortMessage } from '@shared/port';
import type { ChannelName, FromEngine, SpawnRequest, ToEngine } from '@shared/shellProtocol';
import type { SpawnedProcess } from '../engine/api';
import { conformanceCases } from './conformance/cases';
import { spawnerCases } from './conformance/spawnerCases';
import { nodeSpawner } from './nodeSpawner';
import { ParentSpawner } from './parentSpawner';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const child = at('./conformance/child.cjs');
const directory = mkdtempSync(join(tmpdir(), 'adjoint-service-'));
const entry = join(directory, 'engine.mjs');
const started: ChildProcess[] = [];

beforeAll(async () => {
  await build({
    configFile: false,
    logLevel: 'error',
    resolve: { alias: { '@shared': at('../../src-shared') } },
    ssr: { noExternal: true },
    build: {
      ssr: true,
      target: 'node24',
      outDir: directory,
      emptyOutDir: false,
      rollupOptions: {
        input: { engine: at('./conformance/fakeEngineProcess.ts') },
        output: { entryFileNames: '[name].mjs' },
      },
    },
  });
});
afterAll(async () => {
  for (const engine of started) engine.kill('SIGKILL');
  await rm(directory, { recursive: true });
});

const places = ['--workspace', directory, '--run-entry', child, '--resources', directory];

/** The part of Electron's main process: starts the engine and relays ports to it. */
class Main {
  readonly engine: ChildProcess;
  readonly exited: Promise<number | null>;
  readonly heard: FromEngine[] = [];
  private readonly ports = new Map<number, (message: FromEngine) => void>();
  private nextId = 1;

  constructor(args = places, env: Record<string, string> = {}) {
    this.engine = fork(entry, args, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { ...process.env, ADJOINT_CONFORMANCE_CHILD: child, ...env },
    });
    started.push(this.engine);
    this.exited = new Promise((resolve) => this.engine.once('exit', (code) => resolve(code)));
    this.engine.on('message', (received) => {
      const message = received as FromEngine;
      this.heard.push(message);
      if ('id' in message) this.ports.get(message.id)?.(message);
    });
  }

  send(message: ToEngine): void {
    if (this.engine.connected) this.engine.send(message);
  }

  async hears(type: FromEngine['type']): Promise<FromEngine> {
    for (;;) {
      const found = this.heard.find((message) => message.type === type);
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  port(channel: ChannelName): Port {
    const id = this.nextId++;
    let listener: (message: PortMessage) => void = () => undefined;
    const closed: (() => void)[] = [];
    const shut = () => {
      if (this.ports.delete(id)) for (const one of closed) one();
    };
    this.ports.set(id, (message) => {
      if (message.type === 'message') listener(message.data);
      else if (message.type === 'close') shut();
    });
    this.send({ type: 'open', id, channel });
    return {
      send: (data) => this.ports.has(id) && this.send({ type: 'message', id, data }),
      onMessage: (one) => void (listener = one),
      onClose: (one) => void closed.push(one),
      close: () => {
        this.send({ type: 'close', id });
        shut();
      },
    } as Port;
  }
}

describe('ports relayed to the engine over child IPC', () => {
  let main: Main;
  beforeAll(async () => {
    main = new Main();
    await main.hears('ready');
  });
  const open = async () => ({ requests: main.port('requests'), frames: main.port('frames') });
  for (const { name, run } of conformanceCases) test(name, () => run({ open }));
});

describe("the engine's process", () => {
  test('says why it could not start, and ends', async () => {
    const main = new Main(places, { ADJOINT_CONFORMANCE_FAIL: '1' });
    const problem = { code: 'locked', what: 'The workspace is in use.', where: directory, fix: 'Close the other app.' };
    expect(await main.hears('failed')).toEqual({ type: 'failed', problem });
    expect(await main.exited).toBe(1);
  });

  test('refuses to start without its places', async () => {
    const main = new Main([]);
    expect(await main.hears('failed')).toMatchObject({ problem: { code: 'bad-request' } });
    expect(await main.exited).toBe(1);
  });

  test('tells how much is going on', async () => {
    const main = new Main();
    await main.hears('ready');
    expect(await main.hears('activity')).toEqual({ type: 'activity', activity: { running: 0, paused: 0, waiting: 0 } });
  });

  test.each<[string, (main: Main) => void]>([
    ['is asked to', (main) => main.send({ type: 'stop', how: 'leave' })],
    ['loses its main process', (main) => main.engine.disconnect()],
    ['is sent SIGTERM', (main) => void main.engine.kill('SIGTERM')],
  ])('ends in order when it %s', async (_when, end) => {
    const main = new Main();
    await main.hears('ready');
    end(main);
    expect(await main.exited).toBe(0);
  });

  test('leaves Ctrl-C to its main process', async () => {
    const main = new Main();
    await main.hears('ready');
    main.engine.kill('SIGINT');
    const port = main.port('frames');
    const answered = new Promise<PortMessage>((resolve) => port.onMessage(resolve));
    port.send(new Uint8Array([99]));
    expect((await answered)[0]).toBe(18);
  });
});

describe('run processes that another process makes on behalf of the engine', () => {
  const runs = new Map<number, SpawnedProcess>();
  // Messages are cloned, as on their way to main and back.
  const spawner = new ParentSpawner((sent) => void answer(structuredClone(sent)));
  const reply = (message: Parameters<ParentSpawner['receive']>[0]) => spawner.receive(structuredClone(message));

  async function answer(request: SpawnRequest): Promise<void> {
    if (request.type === 'kill') return runs.get(request.id)?.kill(request.signal);
    const { id, spec } = request;
    try {
      const run = await nodeSpawner().spawn(spec);
      runs.set(id, run);
      reply({ type: 'spawned', id, pid: run.pid });
      reply({ type: 'exited', id, ...(await run.exited) });
    } catch (error) {
      reply({ type: 'spawn-failed', id, problem: toProblem(error) });
    }
  }

  for (const { name, run } of spawnerCases) test(name, () => run({ spawner, entry: child, tellsViolence: true }));
});
