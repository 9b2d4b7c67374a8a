import { afterEach, beforeEach, expect, it } from 'vitest';
import { readCheckpoint } from '../store/checkpoint';
import { RunDirectory } from '../store/runDirectory';
import { experiment, Office, reach, reachStep, start, type Desk } from './fixtures/desk';

let office: Office;
beforeEach(() => {
  office = new Office();
});
afterEach(() => office.dispose());

/** The exported series of a clock without what a clock on the wall measured. */
async function series({ client }: Desk, id: string, clock: 'step' | 'epoch'): Promise<string[]> {
  const { recorded } = await client.runs.get({ id });
  const metrics = recorded[clock].filter((key) => !key.startsWith('time/'));
  const { csv, cut } = await client.runs.exportSeries({ id, clock, metrics });
  expect(cut).toEqual([]);
  const [head, ...rows] = csv
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  const kept = head.flatMap((name, i) => (['sequence', 'activeSeconds', 'wallTime'].includes(name) ? [] : [i]));
  return [head, ...rows].map((row) => kept.map((i) => row[i]).join());
}

/** Bytes of every tensor of the newest checkpoint. */
function lastTensors(id: string): [string, string][] {
  const run = RunDirectory.open(office.path(id));
  const { tensors } = readCheckpoint(run.file('checkpoints', run.checkpoints()[0].file));
  return [...tensors].map(([name, { data }]) => [
    name,
    Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'),
  ]);
}

it.each(['cpu', 'wasm', 'simd64'])(
  'a run on %s that was killed three times, once with its engine gone, ends with the bits and series of one that was not',
  async (device) => {
    const yaml = experiment(60, { device, checkpointSeconds: 0.2 });
    let desk = await office.open();
    const whole = await start(desk, yaml);
    await reach(desk, whole, 'done');

    const id = await start(desk, yaml);
    for (const [attempt, step] of [
      [1, 40],
      [2, 110],
      [3, 200],
    ]) {
      await reach(desk, id, 'running');
      await reachStep(desk, id, step);
      if (attempt === 2) await office.close(desk, 'leave');
      process.kill(office.processOf(id, attempt), 'SIGKILL');
      if (attempt === 2) desk = await office.open();
      await reach(desk, id, 'crashed');
      await desk.client.runs.resume({ ids: [id] });
    }
    const summary = await reach(desk, id, 'done');
    expect(summary.attempts).toBe(4);
    expect(lastTensors(id)).toEqual(lastTensors(whole));
    for (const clock of ['step', 'epoch'] as const)
      expect(await series(desk, id, clock)).toEqual(await series(desk, whole, clock));
    expect(await series(desk, id, 'step')).toHaveLength(1 + 360);
    expect(await series(desk, id, 'epoch')).toHaveLength(1 + 61);
  },
  60_000,
);
