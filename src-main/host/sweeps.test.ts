import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { RunState, RunSummary } from '@shared/run';
import { type Desk, experiment, Office, reach, sleep, start } from './fixtures/desk';

let office: Office;
let desk: Desk;
beforeEach(async () => {
  office = new Office();
  desk = await office.open();
});
afterEach(() => office.dispose());

/** Two values of λ, two seeds. */
const sweep = (epochs: number, lambdas = '[1, 10]', repeats = 2) =>
  `${experiment(epochs, { checkpointSeconds: 0.2 }).replace('life cycle', 'λ')}sweep: { axes: { technique.lambda: ${lambdas} }, repeats: ${repeats} }\n`;

const members = async (id: string): Promise<RunSummary[]> =>
  (await desk.client.runs.list({})).filter((run) => run.sweep?.id === id);
const states = async (id: string): Promise<RunState[]> => (await members(id)).map(({ state }) => state).sort();
const until = (check: () => Promise<unknown>) => vi.waitFor(check, { timeout: 40_000, interval: 50 });

it('runs every point, says so before, and runs nothing twice; more values extend it', async () => {
  const before = await desk.client.sweeps.preview({ yaml: sweep(3) });
  expect(before).toMatchObject({
    findings: [],
    plan: { points: 2, repeats: 2, runs: 4, created: 4, kept: 0, secondsLeft: null },
  });
  const { id, created } = await desk.client.sweeps.create({ yaml: sweep(3) });
  expect(created).toHaveLength(4);
  await until(async () => expect(await states(id)).toEqual(Array(4).fill('done')));

  const runs = await members(id);
  expect(runs.map(({ sweep }) => sweep)).toContainEqual({
    id,
    name: 'λ',
    point: { 'technique.lambda': 10 },
    repeat: 1,
    size: 4,
  });
  expect(new Set(runs.map(({ settings, seed }) => `${settings['technique.lambda.value']} ${seed}`)).size).toBe(4);
  const record = await desk.client.sweeps.get({ id });
  expect(record.runs.map(({ run }) => run)).toEqual(created);
  expect(JSON.parse(readFileSync(join(office.workspace, 'experiments', `${id}.json`), 'utf8'))).toEqual(record);

  expect(await desk.client.sweeps.create({ yaml: sweep(3) })).toMatchObject({
    id,
    created: [],
    resumed: [],
    refused: [],
  });
  const preview = await desk.client.sweeps.preview({ yaml: sweep(3, '[1, 10, 100]') });
  expect(preview.plan).toMatchObject({ runs: 6, created: 2, kept: 4, secondsLeft: expect.any(Number) });
  const more = await desk.client.sweeps.create({ yaml: sweep(3, '[1, 10, 100]') });
  expect([more.created.length, more.kept.length]).toEqual([2, 4]);
  await until(async () => expect(await states(id)).toEqual(Array(6).fill('done')));
}, 60_000);

it('refuses a sweep with a bad point or a missing dataset as a whole, naming the point', async () => {
  await expect(desk.client.sweeps.create({ yaml: sweep(3, '[1, -1]') })).rejects.toMatchObject({
    data: {
      code: 'invalid-experiment',
      findings: [{ path: 'technique.lambda.value', line: 11, message: 'must be at least 0 (at lambda = -1)' }],
    },
  });
  const elsewhere = sweep(3).replace('axes: {', 'axes: { dataset: [qcqp-n20, nowhere],');
  const { findings } = await desk.client.sweeps.preview({ yaml: elsewhere });
  expect(findings).toMatchObject([{ path: 'dataset', line: 11 }]);
  expect(findings[0].message).toContain('There is no dataset "nowhere"');
  expect(await desk.client.runs.list({})).toEqual([]);
  expect(await desk.client.sweeps.list()).toEqual([]);
});

it('goes on after it was killed with its engine: what is done stays, killed runs resume, trashed ones are made again', async () => {
  // Short runs that are done, and long ones that are sure to be at work when they are killed.
  const yaml = sweep(2).replace('technique.lambda: [1, 10]', 'training.epochs: [2, 600]');
  await desk.client.queue.setSlots({ slots: 2 });
  const { id, created } = await desk.client.sweeps.create({ yaml });
  const long = [created[1], created[3]];
  for (const run of [created[0], created[2]]) await until(() => reach(desk, run, 'done'));
  for (const run of long) await until(() => reach(desk, run, 'running'));
  await office.close(desk, 'leave');
  for (const run of long) process.kill(office.processOf(run, 1), 'SIGKILL');

  desk = await office.open();
  await until(async () => expect(await states(id)).toEqual(['crashed', 'crashed', 'done', 'done']));
  await desk.client.runs.trash({ ids: [created[0]] });
  const again = await desk.client.sweeps.create({ yaml });
  expect(again.created).toHaveLength(1);
  expect(again.resumed).toEqual(long);
  expect(again.kept).toEqual([created[2]]);
  await until(async () => expect(await states(id)).toEqual(Array(4).fill('done')));
  for (const run of long) expect((await members(id)).find((other) => other.id === run)!.attempts).toBe(2);
}, 90_000);

it('pauses as a whole, holds what waits, and goes on; a single run does not wait for all of it', async () => {
  await desk.client.queue.setSlots({ slots: 1 });
  const { id, created } = await desk.client.sweeps.create({ yaml: sweep(400, '[1, 10, 100]', 1) });
  await reach(desk, created[0], 'running');
  const single = await start(desk, experiment(2));
  expect((await desk.client.queue.get()).waiting).toEqual([single, created[1], created[2]]);

  await desk.client.sweeps.pause({ id });
  await reach(desk, single, 'done');
  expect(await states(id)).toEqual(['paused', 'queued', 'queued']);
  expect((await desk.client.queue.get()).waiting).toEqual([]);
  await sleep(500);
  expect((await members(id)).filter(({ state }) => state === 'queued').map(({ pending }) => pending)).toEqual([
    'pause',
    'pause',
  ]);

  await desk.client.sweeps.resume({ id });
  await until(async () => expect(await states(id)).toContain('running'));
  await desk.client.sweeps.cancel({ id });
  await until(async () => expect(await states(id)).toEqual(Array(3).fill('cancelled')));
}, 60_000);
