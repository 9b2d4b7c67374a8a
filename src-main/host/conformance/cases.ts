import type { Problem } from '@shared/errors';
import { encodeFrame, frameTypes, decodeFrame, decodeJson, type SeriesRequest } from '@shared/frames';
import type { Port } from '@shared/port';
import { LiveConnection, type Connection } from '../../../src-renderer/api/connection';
import { problemOf } from '../../../src-renderer/api/problemOf';
import type { FakeStats } from './fakeEngine';

/**
 * What every way to reach an engine must do, told once: in process, over WebSockets, over worker and Electron MessagePorts.
 * The cases use nothing of Node and nothing of a test framework, so that they run inside Electron's window too, against the
 * engine of fakeEngine.ts. A case that fails throws.
 */
export interface Flavour {
  open(): Promise<{ requests: Port; frames: Port }>;
}

export interface Case {
  name: string;
  run(flavour: Flavour): Promise<void>;
}

const series = (run: string): SeriesRequest => ({ kind: 'series', run, clock: 'step', x: 'step', metrics: ['loss'] });
const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

function equal(actual: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  check(a === b, `${what}: ${a} instead of ${b}`);
}

/** Waits until something holds; what a transport does in the end it may do a little later. */
async function eventually(what: string, holds: () => boolean | Promise<boolean>, limit = 8000): Promise<void> {
  const end = Date.now() + limit;
  while (!(await holds())) {
    check(Date.now() < end, `not within ${limit} ms: ${what}`);
    await sleep(10);
  }
}

async function connected(flavour: Flavour, use: (connection: Connection) => Promise<void>): Promise<void> {
  const connection = new LiveConnection({ open: () => flavour.open() });
  try {
    await connection.firstAttempt;
    equal(connection.state, 'open', 'state of the connection');
    await use(connection);
  } finally {
    connection.close();
  }
}

async function statsOf(connection: Connection): Promise<FakeStats> {
  return JSON.parse((await connection.client.runs.log({ id: 'stats' })).text) as FakeStats;
}

async function problemFrom(request: Promise<unknown>): Promise<Problem> {
  try {
    await request;
  } catch (error) {
    return problemOf(error);
  }
  throw new Error('the request should have failed');
}

/** First and last sample that a frame stands for. */
const rangeOf = (payload: Uint8Array) => {
  const copy = payload.slice();
  return new Float64Array(copy.buffer, 0, 2);
};

/** The frame channel itself, for what no well-behaved client sends. */
async function rawFrames(
  flavour: Flavour,
  use: (port: Port, received: () => ReturnType<typeof decodeFrame>[]) => Promise<void>,
) {
  const { requests, frames } = await flavour.open();
  const all: ReturnType<typeof decodeFrame>[] = [];
  frames.onMessage((message) => all.push(decodeFrame(message as Uint8Array)));
  try {
    await use(frames, () => all);
  } finally {
    frames.close();
    requests.close();
  }
}

const text = (value: string) => new TextEncoder().encode(value);
const credit = (count: number) => new Uint8Array(new Uint32Array([count]).buffer);

export const conformanceCases: Case[] = [
  {
    name: 'a request goes there and back, with text of any script',
    run: (flavour) =>
      connected(flavour, async ({ client }) => {
        const info = await client.app.info();
        equal(info.workspace, 'conformance ∂ ‖y*‖', 'workspace');
        const { findings } = await client.experiments.validate({ yaml: 'λ'.repeat(100_000) });
        equal(findings[0].message, '100000', 'length of a long input');
      }),
  },
  {
    name: 'a hundred requests at once each get their own answer',
    run: (flavour) =>
      connected(flavour, async ({ client }) => {
        const lengths = Array.from({ length: 100 }, (_, i) => i);
        const answers = await Promise.all(lengths.map((n) => client.experiments.validate({ yaml: 'x'.repeat(n) })));
        equal(
          answers.map((answer) => answer.findings[0].message),
          lengths.map(String),
          'answers',
        );
      }),
  },
  {
    name: "a failure arrives as the contract's typed error, with what, where and fix",
    run: (flavour) =>
      connected(flavour, async ({ client }) => {
        const problem = await problemFrom(client.runs.get({ id: 'nowhere' }));
        equal(problem, { code: 'not-found', what: 'No such run.', where: 'nowhere', fix: 'List the runs.' }, 'problem');
      }),
  },
  {
    name: 'a defect arrives as `internal`, without its stack',
    run: (flavour) =>
      connected(flavour, async ({ client }) => {
        const problem = await problemFrom(client.runs.get({ id: 'defect' }));
        equal(problem.code, 'internal', 'code');
        equal(problem.what, 'a defect of the handler', 'what');
        check(!JSON.stringify(problem).includes('    at '), 'the stack is in the answer');
      }),
  },
  {
    name: 'an input that does not fit its schema is refused by path',
    run: (flavour) =>
      connected(flavour, async ({ client }) => {
        const wrong = { ids: [] as string[], force: 'yes' as unknown as boolean };
        const problem = await problemFrom(client.runs.cancel(wrong));
        equal(problem.code, 'bad-request', 'code');
        equal(problem.where, 'runs.cancel', 'where');
        equal(problem.findings?.map((finding) => finding.path).sort(), ['force', 'ids'], 'paths');
      }),
  },
  {
    name: 'events arrive in order, and breaking out stops the generator behind them',
    run: (flavour) =>
      connected(flavour, async (connection) => {
        const before = (await statsOf(connection)).openEventStreams;
        const seen: number[] = [];
        for await (const event of await connection.client.events()) {
          if (event.type === 'queue') seen.push(event.queue.slots);
          if (seen.length === 20) break;
        }
        equal(
          seen,
          Array.from({ length: 20 }, (_, i) => i + 1),
          'events',
        );
        await eventually(
          'the generator has stopped',
          async () => (await statsOf(connection)).openEventStreams === before,
        );
      }),
  },
  {
    name: 'a closed connection stops its event streams and its series',
    run: async (flavour) => {
      await connected(flavour, async (observer) => {
        await eventually('nothing is open', async () => (await statsOf(observer)).openSources === 0);
        const before = await statsOf(observer);
        await connected(flavour, async (leaver) => {
          leaver.onEvent(() => undefined);
          for (let i = 0; i < 5; i++) leaver.frames.subscribe(series('steady'), () => undefined);
          await eventually('all is open', async () => {
            const now = await statsOf(observer);
            return now.openSources === before.openSources + 5 && now.openEventStreams === before.openEventStreams + 1;
          });
        });
        await eventually('all is closed', async () => {
          const now = await statsOf(observer);
          return now.openSources === before.openSources && now.openEventStreams === before.openEventStreams;
        });
      });
    },
  },
  {
    name: 'a series arrives without gaps until its end',
    run: (flavour) =>
      connected(flavour, async ({ frames }) => {
        const seen: number[][] = [];
        await new Promise<void>((resolve, reject) =>
          frames.subscribe(
            series('ends'),
            (payload) => void seen.push([...rangeOf(payload)]),
            resolve,
            (problem) => reject(new Error(problem.what)),
          ),
        );
        equal(
          seen,
          [
            [0, 1],
            [1, 2],
            [2, 3],
          ],
          'frames',
        );
        equal(frames.size, 0, 'open streams');
      }),
  },
  {
    name: 'a slow window gets fewer, fuller frames: none is made that it did not ask for, none of the samples is lost',
    run: (flavour) =>
      connected(flavour, async (connection) => {
        const before = (await statsOf(connection)).nexts;
        const seen: number[][] = [];
        const stop = connection.frames.subscribe(series('steady'), async (payload) => {
          seen.push([...rangeOf(payload)]);
          await sleep(60);
        });
        await sleep(1000);
        stop();
        const made = (await statsOf(connection)).nexts - before;
        check(seen.length >= 5 && seen.length <= 18, `${seen.length} frames in a second of 60 ms each`);
        check(made <= seen.length + 1, `${made} frames were made for ${seen.length} that were handled`);
        for (let i = 1; i < seen.length; i++) equal(seen[i][0], seen[i - 1][1], `start of frame ${i}`);
        check(seen[seen.length - 1][1] > 700, `only ${seen[seen.length - 1][1]} samples of about 900 arrived`);
      }),
  },
  {
    name: 'a client that grants boundless credit and does not read makes no queue in the engine',
    run: (flavour) =>
      rawFrames(flavour, async (port, received) => {
        port.send(encodeFrame(frameTypes.subscribe, 1, text(JSON.stringify(series('ends')))));
        port.send(encodeFrame(frameTypes.credit, 1, credit(0xffffffff)));
        await eventually('the stream has ended', () => received().some((frame) => frame.type === frameTypes.end));
        equal(
          received().map((frame) => frame.type),
          [16, 16, 16, 17],
          'frames',
        );
        port.send(encodeFrame(frameTypes.subscribe, 2, text(JSON.stringify(series('endless')))));
        port.send(encodeFrame(frameTypes.credit, 2, credit(0xffffffff)));
        await sleep(300);
        const data = received().filter((frame) => frame.stream === 2).length;
        check(data === 8, `${data} frames against one grant; at most 8 may be under way`);
      }),
  },
  {
    name: 'frames of a megabyte keep a steady pace',
    run: (flavour) =>
      connected(flavour, async ({ frames }) => {
        let count = 0;
        await new Promise<void>((resolve, reject) => {
          const stop = frames.subscribe(
            series('large'),
            (payload) => {
              if (payload.length !== 1 << 20 || payload[12345] !== 7) reject(new Error('the frame is damaged'));
              if (++count < 30) return;
              stop();
              resolve();
            },
            undefined,
            (problem) => reject(new Error(problem.what)),
          );
        });
      }),
  },
  {
    name: 'a stream whose process is killed ends with an error that says so, and the connection goes on',
    run: (flavour) =>
      connected(flavour, async (connection) => {
        let frames = 0;
        const failed = new Promise<Problem>((resolve) =>
          connection.frames.subscribe(series('process'), () => void frames++, undefined, resolve),
        );
        await eventually('the process has sent something', () => frames > 2);
        await connection.client.runs.cancel({ ids: ['process'], force: true });
        const problem = await failed;
        equal(problem.code, 'run-crashed', 'code');
        check(/SIGKILL|exit code/.test(problem.what), problem.what);
        await connection.client.app.info();
      }),
  },
  {
    name: 'a subscription to a run that does not exist fails by name',
    run: (flavour) =>
      connected(flavour, async ({ frames }) => {
        const problem = await new Promise<Problem>((resolve) =>
          frames.subscribe(series('nowhere'), () => undefined, undefined, resolve),
        );
        equal([problem.code, problem.where], ['not-found', 'nowhere'], 'problem');
      }),
  },
  {
    name: 'malformed frames are each answered and the streams beside them go on',
    run: (flavour) =>
      rawFrames(flavour, async (port, received) => {
        const bad = [
          new Uint8Array(0),
          new Uint8Array([1, 2]),
          new Uint8Array([99, 0, 0, 0, 0]),
          encodeFrame(frameTypes.subscribe, 7, text('{not json')),
          encodeFrame(frameTypes.subscribe, 7, text('{"kind":"series"}')),
          encodeFrame(frameTypes.subscribe, 0, text(JSON.stringify(series('steady')))),
          encodeFrame(frameTypes.credit, 7, new Uint8Array(3)),
          encodeFrame(frameTypes.data, 7),
          encodeFrame(frameTypes.subscribe, 8, text(JSON.stringify({ ...series('steady'), run: 'x'.repeat(70_000) }))),
        ];
        for (const frame of bad) port.send(frame);
        await eventually('all are answered', () => received().length === bad.length);
        for (const frame of received()) {
          equal(frame.type, frameTypes.error, 'type of the answer');
          const problem = decodeJson(frame.payload) as Problem;
          equal(problem.code, 'bad-request', 'code');
        }
        equal(
          received().map((frame) => frame.stream),
          [0, 0, 0, 7, 7, 0, 7, 7, 8],
          'streams',
        );
        port.send(encodeFrame(frameTypes.subscribe, 9, text(JSON.stringify(series('ends')))));
        port.send(encodeFrame(frameTypes.credit, 9, credit(4)));
        await eventually('the stream has ended', () => received().some((frame) => frame.type === frameTypes.end));
      }),
  },
  {
    name: 'a hundred malformed frames close the channel, and nobody else is disturbed',
    run: (flavour) =>
      connected(flavour, async (witness) => {
        let frames = 0;
        witness.frames.subscribe(series('steady'), () => void frames++);
        await rawFrames(flavour, async (port, received) => {
          for (let i = 0; i < 300; i++) port.send(new Uint8Array([99]));
          await eventually('a hundred are answered', () => received().length >= 100);
          await sleep(100);
          equal(received().length, 100, 'answers');
        });
        const now = frames;
        await eventually('the other window draws on', () => frames > now + 5);
      }),
  },
  {
    name: 'messages that are no requests do no harm',
    run: async (flavour) => {
      const { requests, frames } = await flavour.open();
      requests.onMessage(() => undefined);
      for (const junk of [
        '',
        '{',
        'null',
        '[]',
        '{"i":1}',
        '{"i":"1","p":{"u":"/runs/get"}}',
        '{"i":"2","p":{"u":"/no/such"}}',
      ])
        requests.send(junk);
      requests.send(new Uint8Array([255, 254, 0]));
      await sleep(50);
      requests.close();
      frames.close();
      await connected(flavour, async ({ client }) => void (await client.app.info()));
    },
  },
  {
    name: 'a thousand quick subscriptions leave nothing behind',
    run: (flavour) =>
      connected(flavour, async (connection) => {
        await eventually('nothing is open', async () => (await statsOf(connection)).openSources === 0);
        const before = await statsOf(connection);
        for (let i = 0; i < 1000; i++) {
          connection.frames.subscribe(series(i % 2 ? 'steady' : 'endless'), () => undefined)();
          if (i % 100 === 0) await sleep(1);
        }
        equal(connection.frames.size, 0, 'subscriptions of the client');
        await eventually('all sources are closed', async () => {
          const now = await statsOf(connection);
          return now.opened === before.opened + 1000 && now.openSources === 0;
        });
      }),
  },
  {
    name: 'a lost connection comes back by itself: streams and events start again',
    run: async (flavour) => {
      const opened: { requests: Port; frames: Port }[] = [];
      const connection = new LiveConnection({
        open: async () => {
          const ports = await flavour.open();
          opened.push(ports);
          return ports;
        },
      });
      try {
        await connection.firstAttempt;
        const states: string[] = [];
        let frames = 0;
        let events = 0;
        connection.onState((state) => states.push(state));
        connection.onEvent(() => events++);
        connection.frames.subscribe(series('steady'), () => void frames++);
        await eventually('both move', () => frames > 3 && events > 3);
        opened[0].requests.close();
        await eventually('the loss is noticed', () => states.includes('lost'));
        const waiting = connection.client.app.info();
        await eventually('the connection is back', () => states.includes('open'));
        equal(states, ['lost', 'connecting', 'open'], 'states');
        await waiting;
        [frames, events] = [0, 0];
        await eventually('both move again', () => frames > 3 && events > 3);
      } finally {
        connection.close();
      }
    },
  },
];
