import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { lockHolder } from '../store/lock';
import { RunDirectory } from '../store/runDirectory';
import { endless, experiment, get, Office, reach, reachStep, sleep, start } from './fixtures/desk';

let office: Office;
/** What would have ended an engine outside a test. */
const uncaught: unknown[] = [];
const collect = (error: unknown) => void uncaught.push(error);

beforeEach(() => {
  office = new Office();
  uncaught.length = 0;
  process.on('uncaughtException', collect);
  process.on('unhandledRejection', collect);
});
afterEach(async () => {
  await office.dispose();
  process.off('uncaughtException', collect);
  process.off('unhandledRejection', collect);
  expect(uncaught).toEqual([]);
});

describe('a command to a run that is only starting', () => {
  it.each([0, 30, 200])('cancels it for good, %d ms after it was asked for', async (delay) => {
    const desk = await office.open();
    const id = await start(desk, endless);
    await sleep(delay);
    expect((await desk.client.runs.cancel({ ids: [id] })).refused).toEqual([]);
    await reach(desk, id, 'cancelled');
    await sleep(700);
    expect(await get(desk, id)).toMatchObject({ state: 'cancelled', error: null, resumable: true, damage: [] });
  });

  it.each([0, 30, 200])(
    'cancels it by force, %d ms after it was asked for, without a crash in its history',
    async (delay) => {
      const desk = await office.open();
      const id = await start(desk, endless);
      await sleep(delay);
      expect((await desk.client.runs.cancel({ ids: [id], force: true })).refused).toEqual([]);
      await reach(desk, id, 'cancelled');
      await sleep(700);
      expect(await get(desk, id)).toMatchObject({ state: 'cancelled', error: null, damage: [] });
    },
  );

  it('pauses it as soon as it runs', async () => {
    const desk = await office.open();
    const id = await start(desk, endless);
    await sleep(30);
    expect((await desk.client.runs.pause({ ids: [id] })).refused).toEqual([]);
    await reach(desk, id, 'paused');
  });
});

it('a pause that is taken back at once leaves the run running', async () => {
  const desk = await office.open();
  const id = await start(desk, endless);
  await reach(desk, id, 'running');
  for (const gap of [0, 20, 60, 120]) {
    expect((await desk.client.runs.pause({ ids: [id] })).refused).toEqual([]);
    await sleep(gap);
    expect((await desk.client.runs.resume({ ids: [id] })).refused).toEqual([]);
  }
  await sleep(2500);
  expect(await get(desk, id)).toMatchObject({ state: 'running', pending: null });
});

describe('a run directory that is removed by hand', () => {
  it('while it waits: the engine and the other runs go on', async () => {
    const desk = await office.open();
    await desk.client.queue.setSlots({ slots: 1 });
    const [first, second, third] = [
      await start(desk, endless),
      await start(desk, endless),
      await start(desk, experiment(2)),
    ];
    await reach(desk, first, 'running');
    rmSync(office.path(second), { recursive: true });
    await sleep(500);
    await desk.client.runs.cancel({ ids: [first] });
    await reach(desk, third, 'done');
    expect((await desk.client.queue.get()).waiting).toEqual([]);
  });

  it('while it runs: its slot comes free', async () => {
    const desk = await office.open();
    await desk.client.queue.setSlots({ slots: 1 });
    const [first, second] = [await start(desk, endless), await start(desk, experiment(2))];
    await reach(desk, first, 'running');
    renameSync(office.path(first), join(office.workspace, 'elsewhere'));
    await reach(desk, second, 'done');
    expect((await desk.client.runs.list({})).map(({ id }) => id)).toEqual([second]);
  });
});

/** The process that holds, or held, the run's lock. */
const holder = (id: string): number | null => lockHolder(office.path(id, 'writer.lock'))?.pid ?? null;

describe('a process that is killed before its attempt begins', () => {
  it('crashes the run, which keeps what earlier attempts reached and can be resumed', async () => {
    const desk = await office.open();
    const id = await start(desk, endless);
    await reach(desk, id, 'running');
    await reachStep(desk, id, 200);
    await desk.client.runs.cancel({ ids: [id] });
    const before = await reach(desk, id, 'cancelled');
    for (const attempt of [2, 3]) {
      await desk.client.runs.resume({ ids: [id] });
      // A killed process leaves its name beside the lock.
      const previous = holder(id);
      await vi.waitFor(() => expect(holder(id) ?? previous).not.toBe(previous), { interval: 5, timeout: 5000 });
      process.kill(holder(id)!, 'SIGKILL');
      const crashed = await reach(desk, id, 'crashed');
      expect(crashed).toMatchObject({ resumable: true, damage: [], error: { code: 'run-crashed' } });
      expect(crashed.progress).toEqual(before.progress);
      expect(crashed.metrics).toEqual(before.metrics);
      expect(readdirSync(office.path(id, 'attempts'))).toContain(String(attempt));
    }
    await desk.client.runs.resume({ ids: [id] });
    await reachStep(desk, id, before.progress!.done);
  });

  it('left while an engine was starting it, is adopted by the next and not started twice', async () => {
    const before = await office.open();
    const id = await start(before, endless);
    await vi.waitFor(() => expect(holder(id)).not.toBeNull(), { interval: 2, timeout: 5000 });
    await office.close(before, 'leave');
    const after = await office.open();
    await reach(after, id, 'running');
    await reachStep(after, id, 20);
    expect(RunDirectory.open(office.path(id)).attempts()).toEqual([1]);
    await after.client.runs.cancel({ ids: [id] });
    await reach(after, id, 'cancelled');
  });
});

it('a run that crashed says so once, in a line of its own, and goes on below it', async () => {
  const desk = await office.open();
  const id = await start(desk, endless);
  await reach(desk, id, 'running');
  await reachStep(desk, id, 20);
  process.kill(office.processOf(id, 1), 'SIGKILL');
  await reach(desk, id, 'crashed');
  await desk.client.runs.resume({ ids: [id] });
  await reach(desk, id, 'running');
  const log = readFileSync(office.path(id, 'log.txt'), 'utf8').split('\n');
  expect(log.filter((line) => line.includes('SIGKILL'))).toHaveLength(1);
  for (const line of log.slice(0, -1)) expect(line).toMatch(/^(\d{4}-\d\d-\d\dT[\d:.]+Z | {25})\S/);
});

describe('the command line beside an engine', () => {
  const adjoint = (...args: string[]) => {
    const child = spawn(
      process.execPath,
      ['out/node/adjoint.mjs', ...args, '--json', '--workspace', office.workspace],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    const ended = new Promise<{ code: number | null; out: string }>((done) =>
      child.once('close', (code) => done({ code, out })),
    );
    return { child, ended };
  };

  it('resumes a run that the engine lists, once; both say the same of its crash', async () => {
    const desk = await office.open();
    const id = await start(desk, endless);
    await reach(desk, id, 'running');
    await reachStep(desk, id, 20);
    expect((await adjoint('run', '--resume', id).ended).code).toBe(2);
    await desk.client.runs.cancel({ ids: [id] });
    await reach(desk, id, 'cancelled');

    const resumed = adjoint('run', '--resume', id);
    await reach(desk, id, 'running');
    expect((await desk.client.runs.resume({ ids: [id] })).refused).toHaveLength(1);
    await sleep(2500);
    process.kill(office.processOf(id, 2), 'SIGKILL');
    const { code, out } = await resumed.ended;
    expect(code).toBe(1);
    expect(out.trim().split('\n').at(-1)).toContain('"state":"crashed"');
    await reach(desk, id, 'crashed');
    await sleep(1500);
    const log = readFileSync(office.path(id, 'log.txt'), 'utf8');
    expect(log.match(/is gone|SIGKILL/g)).toHaveLength(1);
  });

  it('leaves its run to the engine when it is killed itself', async () => {
    const desk = await office.open();
    await reach(desk, await start(desk, experiment(1)), 'done');
    const { child, ended } = adjoint('run', 'resources/experiments/demo.yaml', '--set', 'training.epochs=1000000');
    const id = await vi.waitFor(
      async () => (await desk.client.runs.list({})).find(({ state }) => state === 'running')!.id,
      { timeout: 10_000 },
    );
    child.kill('SIGKILL');
    await ended;
    await reachStep(desk, id, 20);
    expect((await desk.client.runs.pause({ ids: [id] })).refused).toEqual([]);
    await reach(desk, id, 'paused');
    process.kill(office.processOf(id, 1), 'SIGKILL');
    expect((await reach(desk, id, 'crashed')).resumable).toBe(true);
  });
});
