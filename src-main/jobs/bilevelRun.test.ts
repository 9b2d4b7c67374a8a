import { afterAll, describe, expect, it, vi } from 'vitest';
import { readCheckpoint } from '../store/checkpoint';
import type { RunDirectory } from '../store/runDirectory';
import { logOf, rowsOf, TestBench } from './fixtures/runs';

// Real processes share the machine with whatever else runs on it.
vi.setConfig({ testTimeout: 120_000 });
const bench = new TestBench();
afterAll(() => bench.dispose());

function lastTensors(run: RunDirectory): Record<string, string> {
  const [newest] = run.checkpoints();
  const { tensors } = readCheckpoint(run.file('checkpoints', newest.file));
  return Object.fromEntries([...tensors].map(([name, { data }]) => [name, Buffer.from(data.buffer).toString('hex')]));
}

// Long enough to be interfered with several times on a quick machine.
const long = {
  problem: { kind: 'coupled', d: 60, n: 60 },
  algorithm: { kind: 'ssigd', iterations: 40_000 },
  measures: { every: 50, gradientErrorEvery: 500, stationarityEvery: 5000, moreau: { cuts: 0 } },
};
const reference = (async () => {
  const run = bench.createBilevel('whole', long);
  const { code } = await bench.start(run, 1).ended;
  return { run, code, tensors: lastTensors(run), rows: rowsOf(run, 'step') };
})();

describe('a bilevel run', () => {
  it('records the steps that are asked for and the last iterate, its work, and ends as done', async () => {
    const { run, code, rows } = await reference;
    expect(code, logOf(run)).toBe(0);
    expect(rows.map(({ step }) => step)).toEqual([...Array(801).keys()].map((k) => 50 * k));
    // The axis of work: one lower-level solve a step.
    expect(rows.map(({ epoch }) => epoch)).toEqual(rows.map(({ step }) => step));
    expect(rows.filter((row) => row['bilevel/goldstein'] !== null)).toHaveLength(9);
    expect(run.state(1)).toMatchObject({
      phase: 'done',
      progress: { done: 40_000, total: 40_000, unit: 'steps' },
      lastCheckpoint: { step: 40_000 },
    });
    expect(logOf(run)).toContain('Done: iteration limit after 40000 steps, F = ');
  });

  it('that is killed twice ends with the same bits and the same rows', async () => {
    const expected = await reference;
    const run = bench.createBilevel('killed', long);
    let reached = 200;
    for (const attempt of [1, 2]) {
      const running = bench.start(run, attempt);
      const at = await running.until(
        ({ lastCheckpoint, progress }) => (lastCheckpoint?.step ?? 0) > 0 && progress!.done > reached,
      );
      reached = at.progress!.done + 200;
      running.child.kill('SIGKILL');
      await running.ended;
    }
    expect((await bench.start(run, 3).ended).code, logOf(run)).toBe(0);
    expect(logOf(run)).toMatch(/Attempt 3: resuming from step [1-9]/);
    expect(lastTensors(run)).toEqual(expected.tensors);
    expect(rowsOf(run, 'step')).toEqual(expected.rows);
  });

  it('obeys pause, resume and cancel between steps, and goes on to the same end', async () => {
    const expected = await reference;
    const run = bench.createBilevel('paused', long);
    const first = bench.start(run, 1);
    await first.until(({ progress }) => progress!.done > 100);
    first.command('pause');
    const paused = await first.until(({ phase }) => phase === 'paused');
    first.command('resume');
    await first.until(({ phase, progress }) => phase === 'running' && progress!.done > paused.progress!.done);
    first.command('cancel');
    expect((await first.ended).code).toBe(0);
    expect(run.state(1)!.phase).toBe('cancelled');
    expect((await bench.start(run, 2).ended).code).toBe(0);
    expect(lastTensors(run)).toEqual(expected.tensors);
    expect(rowsOf(run, 'step')).toEqual(expected.rows);
  });

  it('that comes to a point without F fails, named, with that point in its checkpoint and the rows before it', async () => {
    // g = (1 − x)y over y ≥ 0 is unbounded below for x > 1, where f = −x falls to.
    const text = JSON.stringify({
      format: 'hypergradient/1',
      upper: { cx: [-1], Qyy: [[1]] },
      lower: { Q: [[0]], P: [[-1]], c: [1], lower: [0], upper: [null] },
      x: [0],
    });
    const algorithm = { kind: 'ssigd', iterations: 100, beta: 0.3, radius: 0 };
    const run = bench.createBilevel('unbounded', { problem: { kind: 'text', text }, algorithm });
    expect((await bench.start(run, 1).ended).code).toBe(1);
    expect(run.state(1)).toMatchObject({
      phase: 'failed',
      error: { code: 'diverged', what: expect.stringContaining('Step 4: The lower level is unbounded below') },
    });
    expect(rowsOf(run, 'step').map(({ step }) => step)).toEqual([0, 1, 2, 3]);
    const { tensors } = readCheckpoint(run.file('checkpoints', run.checkpoints()[0].file));
    expect(tensors.get('x')!.data[0]).toBeCloseTo(1.2, 12);
  });

  it('ends after the seconds that are set', async () => {
    const run = bench.createBilevel('timed', { ...long, algorithm: { kind: 'ssigd', iterations: 1e8 }, seconds: 0.5 });
    expect((await bench.start(run, 1).ended).code).toBe(0);
    expect(logOf(run)).toContain('Done: time limit after');
    const { done, total } = run.state(1)!.progress!;
    expect(done).toBe(total);
  });
});
