import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readDataset, writeDataset } from '../store/dataset';
import { endless, experiment, get, Office, reach, reachStep, sleep, start, steps } from './fixtures/desk';

let office: Office;
beforeEach(() => {
  office = new Office();
});
afterEach(() => office.dispose());

describe('a run', () => {
  it('goes from the queue to done and records its metrics', async () => {
    const desk = await office.open();
    const id = await start(desk, experiment(5));
    const summary = await reach(desk, id, 'done');
    expect(summary.progress?.done).toBe(summary.progress?.total);
    // 166 training instances, batches of 32: 6 steps an epoch.
    expect(summary.metrics['loss'].count).toBe(30);
    // Before the first step and after each epoch.
    expect(summary.metrics['valid/gap_mean'].count).toBe(6);
  });

  it('pauses, keeps still, and goes on where it was', async () => {
    const desk = await office.open();
    const id = await start(desk, endless);
    await reach(desk, id, 'running');
    await desk.client.runs.pause({ ids: [id] });
    await reach(desk, id, 'paused');
    const before = await steps(desk, id);
    await sleep(1200);
    expect(await steps(desk, id)).toBe(before);
    await desk.client.runs.resume({ ids: [id] });
    await reach(desk, id, 'running');
    await reachStep(desk, id, before);
  });

  it('is marked crashed when its process is killed, and resumes from its checkpoint', async () => {
    const desk = await office.open();
    const id = await start(desk, endless);
    await reach(desk, id, 'running');
    await reachStep(desk, id, 100);
    process.kill(office.processOf(id, 1), 'SIGKILL');
    const crashed = await reach(desk, id, 'crashed');
    expect(crashed.error?.what).toContain('SIGKILL');
    expect(crashed.resumable).toBe(true);
    await desk.client.runs.resume({ ids: [id] });
    await reach(desk, id, 'running');
    await reachStep(desk, id, crashed.progress?.done ?? 0);
    const { attempts } = await desk.client.runs.get({ id });
    expect(attempts).toHaveLength(2);
    expect(attempts[1].resumedFrom).not.toBeNull();
    const { csv } = await desk.client.runs.exportSeries({ id, clock: 'step', metrics: ['loss'] });
    const rows = csv
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => Number(line.split(',')[1]));
    expect(rows).toEqual(rows.map((_, i) => rows[0] + i));
  });

  it('checkpoints when it is cancelled, and can be resumed', async () => {
    const desk = await office.open();
    const id = await start(desk, endless);
    await reach(desk, id, 'running');
    await desk.client.runs.cancel({ ids: [id] });
    const cancelled = await reach(desk, id, 'cancelled');
    expect((await desk.client.runs.get({ id })).checkpoints[0].step).toBe(cancelled.progress?.done);
    await desk.client.runs.resume({ ids: [id] });
    await reach(desk, id, 'running');
  });

  it('is cancelled, not crashed, when it is stopped by force', async () => {
    const desk = await office.open();
    const id = await start(desk, endless);
    await reach(desk, id, 'running');
    process.kill(office.processOf(id, 1), 'SIGSTOP');
    await desk.client.runs.cancel({ ids: [id], force: true });
    expect((await reach(desk, id, 'cancelled')).error).toBeNull();
  });
});

describe('the queue', () => {
  it('starts no more runs than it has slots, first come first served', async () => {
    const desk = await office.open();
    await desk.client.queue.setSlots({ slots: 1 });
    const first = await start(desk, endless);
    const second = await start(desk, endless);
    await reach(desk, first, 'running');
    expect((await get(desk, second)).state).toBe('queued');
    expect(await desk.client.queue.get()).toMatchObject({ slots: 1, running: [first], waiting: [second] });
    await desk.client.runs.cancel({ ids: [first] });
    await reach(desk, second, 'running');
  });

  it('gives the slot of a paused run away and takes one for it again', async () => {
    const desk = await office.open();
    await desk.client.queue.setSlots({ slots: 1 });
    const first = await start(desk, endless);
    const second = await start(desk, endless);
    await reach(desk, first, 'running');
    await desk.client.runs.pause({ ids: [first] });
    await reach(desk, second, 'running');
    await desk.client.runs.resume({ ids: [first] });
    expect((await get(desk, first)).pending).toBe('resume');
    await desk.client.runs.cancel({ ids: [second] });
    await reach(desk, first, 'running');
  });

  it('forgets a waiting run that is cancelled', async () => {
    const desk = await office.open();
    await desk.client.queue.setSlots({ slots: 1 });
    const first = await start(desk, endless);
    const second = await start(desk, endless);
    await reach(desk, first, 'running');
    await desk.client.runs.cancel({ ids: [second] });
    expect((await get(desk, second)).state).toBe('cancelled');
    expect((await desk.client.queue.get()).waiting).toEqual([]);
  });
});

describe('an engine that starts again', () => {
  it('finds the runs that went on without it', async () => {
    const before = await office.open();
    const id = await start(before, endless);
    await reach(before, id, 'running');
    await office.close(before, 'leave');
    const after = await office.open();
    expect((await get(after, id)).state).toBe('running');
    await after.client.runs.pause({ ids: [id] });
    await reach(after, id, 'paused');
    await after.client.runs.cancel({ ids: [id] });
    await reach(after, id, 'cancelled');
  });

  it('puts a run in order whose process died meanwhile', async () => {
    const before = await office.open();
    const id = await start(before, endless);
    await reach(before, id, 'running');
    await reachStep(before, id, 60);
    await office.close(before, 'leave');
    process.kill(office.processOf(id, 1), 'SIGKILL');
    await sleep(200);
    const after = await office.open();
    const crashed = await reach(after, id, 'crashed');
    expect(crashed).toMatchObject({ resumable: true, error: { code: 'run-crashed', what: 'Its process is gone.' } });
    // Aggregates are of all that is on disk, also of what the last heartbeat did not know yet.
    expect(crashed.metrics).toEqual(await after.client.runs.summarise({ id }));
  });

  it('refuses a workspace that another engine has open', async () => {
    await office.open();
    await expect(office.open()).rejects.toMatchObject({ problem: { code: 'locked' } });
  });

  it('asks its runs to checkpoint and stop when it is closed that way', async () => {
    const before = await office.open();
    const id = await start(before, endless);
    await reach(before, id, 'running');
    await office.close(before, 'stop');
    const after = await office.open();
    expect((await get(after, id)).state).toBe('cancelled');
  });
});

describe('what is refused', () => {
  it('names path, line and nearest key of a wrong setting', async () => {
    const desk = await office.open();
    await expect(
      desk.client.runs.create({ yaml: experiment(5).replace('learningRate', 'learnigRate') }),
    ).rejects.toMatchObject({
      data: {
        code: 'invalid-experiment',
        findings: [expect.objectContaining({ path: 'optimizer.learnigRate', line: 7, suggestion: 'learningRate' })],
      },
    });
    expect(await desk.client.runs.list({})).toEqual([]);
  });

  it('names the datasets that there are', async () => {
    const desk = await office.open();
    await expect(
      desk.client.runs.create({ yaml: experiment(5).replace('qcqp-n20', 'qcqp-n21') }),
    ).rejects.toMatchObject({
      data: { code: 'not-found', fix: expect.stringContaining('qcqp-n20') },
    });
  });

  it('refuses a dataset without instances to validate with, before there is a run', async () => {
    const desk = await office.open();
    const dataset = readDataset('resources/datasets/qcqp-n20.npz');
    const [X, Y] = [dataset.X.slice(0, dataset.e), dataset.Y.slice(0, dataset.n)];
    const splits = { train: Int32Array.of(0), valid: new Int32Array(0), test: new Int32Array(0) };
    writeDataset(join(office.workspace, 'datasets', 'single.npz'), { ...dataset, N: 1, X, Y, splits });
    await expect(desk.client.runs.create({ yaml: experiment(5).replace('qcqp-n20', 'single') })).rejects.toMatchObject({
      data: { code: 'invalid-dataset', what: 'The split “valid” has no instances.' },
    });
    expect(await desk.client.runs.list({})).toEqual([]);
  });

  it('does not act on a run in the wrong state, and does the rest', async () => {
    const desk = await office.open();
    const id = await start(desk, experiment(1));
    await reach(desk, id, 'done');
    const { refused } = await desk.client.runs.pause({ ids: [id, 'nothing'] });
    expect(refused.map(({ problem }) => problem.code)).toEqual(['conflict', 'not-found']);
    expect((await desk.client.runs.trash({ ids: [id] })).refused).toEqual([]);
    expect(await desk.client.runs.list({})).toEqual([]);
    expect((await desk.client.runs.list({ trash: true })).map((run) => run.id)).toEqual([id]);
    await desk.client.runs.restore({ ids: [id] });
    expect((await desk.client.runs.list({})).map((run) => run.state)).toEqual(['done']);
  });
});
