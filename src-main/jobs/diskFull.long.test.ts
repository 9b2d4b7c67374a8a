import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { logOf, rowsOf, TestBench } from './fixtures/runs';

// A small file system of its own needs the right to mount one; where that is missing, the test says so.
const bench = new TestBench();
const disk = join(bench.folder, 'disk');
let mounted = false;

beforeAll(() => {
  mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk], { stdio: 'ignore' });
    mounted = true;
  } catch {
    console.warn('Not run here: a full disk (mounting a tmpfs is not permitted).');
  }
});

afterAll(() => {
  if (mounted) execFileSync('umount', [disk]);
  bench.dispose();
});

it('a full disk stops the run with what was acknowledged, and with space it goes on', async (context) => {
  if (!mounted) return context.skip();
  const training = { epochs: 4000, checkpointSeconds: 1 };
  const run = bench.create(join('disk', 'full'), { network: { kind: 'mlp', hidden: [64, 64] } }, training);
  const { code, output } = await bench.start(run, 1).ended;
  expect(code).toBe(1);
  expect(output).toContain('The disk is full.');
  const state = run.state(1)!;
  expect(state).toMatchObject({ phase: 'failed', error: { code: 'disk-full' } });
  expect(rowsOf(run, 'step').length).toBeGreaterThan(state.acknowledged.step!);
  expect(run.checkpoints()[0].valid).toBe(true);
  expect(logOf(run)).toContain('Failed: The disk is full.');

  execFileSync('mount', ['-o', 'remount,size=64m', disk]);
  const second = bench.start(run, 2);
  await second.until(({ progress }) => progress !== null && progress.done > state.progress!.done + 20);
  second.command('cancel');
  expect((await second.ended).code, logOf(run)).toBe(0);
  const steps = rowsOf(run, 'step').map(({ step }) => step);
  expect(steps).toEqual(Array.from({ length: steps.length }, (_, i) => i));
}, 300_000);
