import { afterAll, expect, it } from 'vitest';
import { readClock } from '../store/metricReader';
import { logOf, TestBench } from './fixtures/runs';

const bench = new TestBench();
afterAll(() => bench.dispose());

it('a run process cancels in the middle of a long landscape, and a resume measures it whole', async () => {
  // 10,201 points at each end of its one epoch.
  const landscape = { every: 1, points: 101, instances: 32 };
  const run = bench.create('looking', { diagnostics: { landscape } }, { epochs: 1, keepEvery: 1, checkpointSeconds: 1000 });
  const first = bench.start(run, 1);
  await first.until(({ phase }) => phase === 'running');
  first.command('cancel');
  expect((await first.ended).code).toBe(0);
  expect(first.state).toMatchObject({ phase: 'cancelled', lastCheckpoint: { step: 0 } });
  expect(readClock(run, 'diagnostics').rows).toBe(0);
  expect((await bench.start(run, 2).ended).code).toBe(0);
  const { rows, index, columns } = readClock(run, 'diagnostics');
  expect([rows, ...index.epoch]).toEqual([2, 0, 1]);
  expect(columns.get('landscape/loss')!.width).toBe(10_201);
  expect(columns.get('time/landscape')!.values.every((seconds) => seconds > 0)).toBe(true);
  expect(logOf(run)).toMatch(/Step 0: Landscape: 10201 points, .* % of the active time so far/);
  expect(run.checkpoints().map(({ epoch }) => epoch)).toEqual([1, 0]);
}, 60_000); // prettier-ignore
