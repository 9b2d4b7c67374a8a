import { copyFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { readCheckpoint } from '../store/checkpoint';
import type { RunDirectory } from '../store/runDirectory';
import { digest, logOf, rowsOf, TestBench } from './fixtures/runs';

// Real processes, two or three a test, share the machine with whatever else runs on it.
vi.setConfig({ testTimeout: 120_000 });
const bench = new TestBench();
afterAll(() => bench.dispose());

/** Bytes of every tensor of the newest checkpoint. */
function lastTensors(run: RunDirectory): Record<string, string> {
  const [newest] = run.checkpoints();
  const { tensors } = readCheckpoint(run.file('checkpoints', newest.file));
  return Object.fromEntries([...tensors].map(([name, { data }]) => [name, Buffer.from(data.buffer).toString('hex')]));
}

/** What an uninterrupted run of the default test experiment gives. */
const reference = (async () => {
  const run = bench.create('reference');
  const { code } = await bench.start(run, 1).ended;
  return { run, code, tensors: lastTensors(run), steps: rowsOf(run, 'step'), epochs: rowsOf(run, 'epoch') };
})();

async function expectSameAsReference(run: RunDirectory): Promise<void> {
  const expected = await reference;
  expect(lastTensors(run)).toEqual(expected.tensors);
  expect(rowsOf(run, 'step')).toEqual(expected.steps);
  expect(rowsOf(run, 'epoch')).toEqual(expected.epochs);
}

describe('a run from start to end', () => {
  it('records every step and epoch, its machine, its progress, and ends as done with code 0', async () => {
    const { run, code, steps, epochs } = await reference;
    expect(code, logOf(run)).toBe(0);
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 600 }, (_, i) => i));
    expect(epochs.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 121 }, (_, i) => i));
    expect(steps.filter((row) => row['gradient/cosine'] !== null).map(({ step }) => step! % 5)).toEqual(
      Array(120).fill(0),
    );
    expect(epochs.at(-1)!['train/loss_epoch']!).toBeLessThan(epochs[1]['train/loss_epoch']!);

    const state = run.state(1)!;
    expect(state).toMatchObject({
      phase: 'done',
      error: null,
      progress: { done: 600, total: 600, unit: 'steps', secondsLeft: 0 },
      acknowledged: { step: 599, epoch: 120 },
      lastCheckpoint: { step: 600 },
    });
    expect(state.endedAt).not.toBeNull();
    expect(state.summaries.loss.count).toBe(600);
    expect(state.activeSeconds).toBeGreaterThan(0);

    const attempt = run.attempt(1)!;
    expect(attempt).toMatchObject({
      resumedFrom: null,
      device: { name: 'simd64', dtype: 'float64', threads: 1, detail: expect.stringContaining('SIMD') },
      node: process.version,
    });
    expect(logOf(run)).not.toContain('Not what the attempt before');
    expect(attempt.packages['@tensorflow/tfjs-core']).toBe('4.22.0');
    expect(logOf(run)).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z Device simd64/);
    expect(logOf(run)).toContain('Done: valid/gap_mean');
    expect(readdirSync(run.file('attempts', '1')).sort()).toEqual(['attempt.json', 'state.json']);
    expect(run.checkpoints()).toHaveLength(3);
    expect(run.isLocked()).toBe(false);
    expect(run.damage()).toEqual([]);
  });
});

describe('early stopping', () => {
  const metric = 'valid/dist_mean';
  const stopping = { epochs: 400, checkpointSeconds: 0.1, keepCheckpoints: 2 };

  it('ends the run as done where the metric stops improving, says why, and keeps the best checkpoint', async () => {
    const run = bench.create('stopped', {}, { ...stopping, earlyStopping: { metric, patience: 10 } });
    expect((await bench.start(run, 1).ended).code, logOf(run)).toBe(0);
    const values = rowsOf(run, 'epoch').map((row) => row[metric]!);
    // Each value may be the best; the run is to end ten validations after the last that was.
    let best = 0;
    values.forEach((value, i) => (best = value < values[best] * (1 - 1e-4) ? i : best));
    expect(values).toHaveLength(best + 11);
    expect(values.length).toBeLessThan(400);
    const state = run.state(1)!;
    const end = (values.length - 1) * 5;
    expect(state).toMatchObject({ phase: 'done', progress: { done: end, total: end }, lastCheckpoint: { step: end } });
    expect(logOf(run)).toContain(`Done: stopped early: ${metric} has not improved for 10 validations`);
    const kept = run.checkpoints().map(({ step }) => step);
    expect(kept).toContain(best * 5);
    const { state: saved } = readCheckpoint(run.checkpointPath(best * 5));
    expect(saved).toMatchObject({ step: best * 5 });
  });

  it('comes to the same end after a kill, with multipliers, dropout and a learning rate that falls on plateaus', async () => {
    const settings = { ...stopping, epochs: 100, earlyStopping: { metric, patience: 20 } };
    const remembering = {
      network: { kind: 'mlp', hidden: [16, 16], dropout: 0.1 },
      technique: { kind: 'augmentedLagrangian', every: 3 },
      optimizer: { kind: 'adam', clip: 5, schedule: { kind: 'onPlateau', patience: 4, factor: 0.5 } },
    };
    const whole = bench.create('stopped-whole', remembering, settings);
    expect((await bench.start(whole, 1).ended).code).toBe(0);
    const run = bench.create('stopped-killed', remembering, settings);
    const first = bench.start(run, 1);
    await first.until(({ progress }) => progress!.done > 40);
    first.child.kill('SIGKILL');
    await first.ended;
    expect((await bench.start(run, 2).ended).code, logOf(run)).toBe(0);
    expect(rowsOf(run, 'epoch')).toEqual(rowsOf(whole, 'epoch'));
    expect(lastTensors(run)).toEqual(lastTensors(whole));
    const bestOf = ({ state }: ReturnType<typeof readCheckpoint>) =>
      (state as { stopping: { bestStep: number } }).stopping;
    const [end] = run.checkpoints();
    const { bestStep } = bestOf(readCheckpoint(run.checkpointPath(end.step)));
    expect(run.checkpoints().map(({ step }) => step)).toContain(bestStep);
  });
});

describe('control', () => {
  it('pauses at a checkpoint without counting the pause, resumes, and ends like a run that was never paused', async () => {
    const run = bench.create('paused');
    const process = bench.start(run, 1);
    await process.until(({ phase, progress }) => phase === 'running' && progress!.done > 50);
    process.command('pause');
    const paused = await process.until(({ phase }) => phase === 'paused');
    expect(paused.lastCheckpoint!.step).toBe(paused.progress!.done);
    expect(paused.controlSeen).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1300));
    const later = process.state!;
    expect(later.phase).toBe('paused');
    expect(later.updatedAt).not.toBe(paused.updatedAt);
    expect(later.progress!.done).toBe(paused.progress!.done);
    expect(later.activeSeconds).toBe(paused.activeSeconds);
    process.command('resume');
    expect((await process.ended).code, logOf(run)).toBe(0);
    await expectSameAsReference(run);
  });

  it('a checkpoint on request appears without stopping the run', async () => {
    // Without checkpoints of its own it tells how far it is once a second only: it must still be at work by then.
    const run = bench.create('asked', {}, { epochs: 1200, checkpointSeconds: 1000, keepCheckpoints: 10 });
    const process = bench.start(run, 1);
    await process.until(({ phase, progress }) => phase === 'running' && progress!.done > 20);
    process.command('checkpoint');
    expect((await process.ended).code).toBe(0);
    const steps = run.checkpoints().map(({ step }) => step);
    expect(steps).toHaveLength(3);
    expect([steps[0], steps[2]]).toEqual([6000, 0]);
  });

  it('goes on where its checkpoint was computed, if the device was left to choose', async () => {
    const run = bench.create('older-default', { device: 'wasm' });
    const first = bench.start(run, 1);
    await first.until(({ progress }) => progress !== null && progress.done > 60);
    first.command('cancel');
    await first.ended;
    // As if another device had been the best one when the run began.
    const manifest = run.manifest();
    writeFileSync(
      run.file('manifest.json'),
      JSON.stringify({ ...manifest, experiment: { ...manifest.experiment, device: 'auto' } }),
    );
    expect((await bench.start(run, 2).ended).code, logOf(run)).toBe(0);
    expect(run.attempt(2)!.device).toMatchObject({ name: 'wasm', dtype: 'float32' });
  });

  it.each([
    ['the command', 'command'],
    ['SIGTERM', 'signal'],
    ['the command while paused', 'paused'],
  ])('cancels on %s with a checkpoint and code 0, and resumes from there bit for bit', async (_, how) => {
    const run = bench.create(`cancelled-${how}`);
    const first = bench.start(run, 1);
    await first.until(({ phase, progress }) => phase === 'running' && progress!.done > 60);
    if (how === 'paused') {
      first.command('pause');
      await first.until(({ phase }) => phase === 'paused');
    }
    if (how === 'signal') first.child.kill('SIGTERM');
    else first.command('cancel');
    expect((await first.ended).code, logOf(run)).toBe(0);
    const state = run.state(1)!;
    expect(state.phase).toBe('cancelled');
    expect(state.progress!.done).toBeLessThan(600);
    expect(run.checkpoints()[0].step).toBe(state.progress!.done);

    const second = bench.start(run, 2);
    expect((await second.ended).code, logOf(run)).toBe(0);
    expect(run.attempt(2)!.resumedFrom!.step).toBe(state.progress!.done);
    expect(run.state(2)!.activeSeconds).toBeGreaterThan(state.activeSeconds);
    await expectSameAsReference(run);
  });
});

describe('crashes', () => {
  it('killed twice with SIGKILL, a run ends with the bits and the metrics of one that was not', async () => {
    const run = bench.create('killed');
    for (const [attempt, beyond] of [
      [1, 80],
      [2, 250],
    ]) {
      const process = bench.start(run, attempt);
      await process.until(({ lastCheckpoint }) => lastCheckpoint !== null && lastCheckpoint.step > beyond);
      process.child.kill('SIGKILL');
      expect((await process.ended).signal).toBe('SIGKILL');
    }
    expect((await bench.start(run, 3).ended).code, logOf(run)).toBe(0);
    expect(run.attempt(3)!.resumedFrom!.step).toBeGreaterThan(250);
    await expectSameAsReference(run);
  });

  it('a corrupt and a torn newest checkpoint are set aside for the one before, and the log says so', async () => {
    const run = bench.create('corrupt', {}, { keepCheckpoints: 10 });
    const first = bench.start(run, 1);
    await first.until(({ lastCheckpoint }) => lastCheckpoint !== null && lastCheckpoint.step > 150);
    first.child.kill('SIGKILL');
    await first.ended;
    const [newest, second, third] = run.checkpoints();
    truncateSync(run.file('checkpoints', newest.file), newest.bytes - 100);
    const path = run.file('checkpoints', second.file);
    const bytes = readFileSync(path);
    bytes[bytes.length - 50] ^= 1;
    writeFileSync(path, bytes);

    expect((await bench.start(run, 2).ended).code).toBe(0);
    expect(run.attempt(2)!.resumedFrom).toEqual({ checkpoint: third.file, step: third.step });
    expect(logOf(run)).toContain(`Checkpoint ${newest.file} cannot be used`);
    expect(logOf(run)).toContain(`Checkpoint ${second.file} cannot be used`);
    expect(readdirSync(run.file('checkpoints'))).toContain(`${second.file}.damaged`);
    await expectSameAsReference(run);
  });

  it('without any checkpoint a resumed run starts from the beginning', async () => {
    const run = bench.create('from-nothing');
    const first = bench.start(run, 1);
    await first.until(({ progress }) => progress !== null && progress.done > 10);
    first.child.kill('SIGKILL');
    await first.ended;
    for (const { file } of run.checkpoints()) truncateSync(run.file('checkpoints', file), 3);
    expect((await bench.start(run, 2).ended).code, logOf(run)).toBe(0);
    expect(run.attempt(2)!.resumedFrom).toBeNull();
    await expectSameAsReference(run);
  });

  it('another build that goes on with a run is recorded and said in its log', async () => {
    const run = bench.create('rebuilt');
    const first = bench.start(run, 1);
    await first.until(({ progress }) => progress !== null && progress.done > 10);
    first.command('cancel');
    await first.ended;
    const entry = join(bench.program, 'run.mjs');
    const original = readFileSync(entry);
    writeFileSync(entry, Buffer.concat([original, Buffer.from('// another build\n')]));
    try {
      expect((await bench.start(run, 2).ended).code, logOf(run)).toBe(0);
    } finally {
      writeFileSync(entry, original);
    }
    const builds = [1, 2].map((k) => run.attempt(k)!.build);
    expect(builds[0]).toMatch(/^[0-9a-f]{16}$/);
    expect(logOf(run)).toContain(
      `Not what the attempt before ran on: Adjoint’s build (was ${builds[0]}, is ${builds[1]}). Numbers may differ`,
    );
    await expectSameAsReference(run);
  });

  it('a second process on the same run is refused and disturbs nothing', async () => {
    const run = bench.create('locked');
    const first = bench.start(run, 1);
    await first.until(({ phase }) => phase === 'running');
    const second = await bench.start(run, 2).ended;
    expect(second.code).toBe(1);
    expect(second.output).toContain(`process ${first.child.pid}`);
    expect((await first.ended).code).toBe(0);
    expect(run.attempts()).toEqual([1]);
    await expectSameAsReference(run);
  });
});

describe('runs that cannot go on', () => {
  it('divergence fails with its step and quantity, and keeps metrics and a checkpoint from before', async () => {
    const run = bench.create('diverging', { optimizer: { kind: 'sgd', learningRate: 90 } });
    const { code } = await bench.start(run, 1).ended;
    expect(code).toBe(1);
    const { phase, error, acknowledged } = run.state(1)!;
    expect(phase).toBe('failed');
    expect(error).toMatchObject({
      code: 'diverged',
      what: expect.stringMatching(/diverged at step \d+: first not finite was/),
    });
    const step = Number(/step (\d+)/.exec(error!.what)![1]);
    expect(rowsOf(run, 'step')).toHaveLength(step);
    expect(acknowledged.step).toBe(step - 1);
    const [checkpoint] = run.checkpoints();
    expect(checkpoint.valid).toBe(true);
    const { tensors } = readCheckpoint(run.file('checkpoints', checkpoint.file));
    for (const { data } of tensors.values()) expect(data.every((value) => Number.isFinite(value))).toBe(true);
    expect(logOf(run)).toContain('Failed: Training diverged');
  });

  it('a dataset that has changed is refused, and the samples of the attempt before still count', async () => {
    const run = bench.create('changed-data');
    const first = bench.start(run, 1);
    await first.until(({ progress }) => progress !== null && progress.done > 60);
    first.command('cancel');
    await first.ended;
    const before = rowsOf(run, 'step');
    const kept = `${bench.dataset}.kept`;
    copyFileSync(bench.dataset, kept);
    try {
      writeFileSync(bench.dataset, Buffer.concat([readFileSync(bench.dataset), Buffer.from('x')]));
      expect((await bench.start(run, 2).ended).code).toBe(1);
    } finally {
      copyFileSync(kept, bench.dataset);
    }
    expect(run.state(2)).toMatchObject({ phase: 'failed', error: { code: 'conflict', where: bench.dataset } });
    expect(rowsOf(run, 'step')).toEqual(before);

    expect(digest(bench.dataset)).toBe(run.manifest().dataset!.sha256);
    expect((await bench.start(run, 3).ended).code, logOf(run)).toBe(0);
    await expectSameAsReference(run);
  });

  it('a device that cannot be had fails with its reason', async () => {
    const run = bench.create('no-device', { device: 'tensorflow' });
    expect((await bench.start(run, 1).ended).code).toBe(1);
    expect(run.state(1)!.error).toMatchObject({ code: 'device-unavailable' });
  });
});
