import { afterAll, expect, it } from 'vitest';
import { liveBytes } from '../bilevel/comparison/heldMemory';
import { ActiveClock } from '@shared/activeClock';
import { bilevelJob } from './bilevelJob';
import { describeAttempt } from './machine';
import { RunRecorder } from './runRecorder';
import { TestBench } from './fixtures/runs';

const bench = new TestBench();
afterAll(() => bench.dispose());

it('memory is flat over 10⁵ steps that are all recorded', async () => {
  const run = bench.createBilevel('long', {
    problem: { kind: 'coupled', d: 20, n: 20 },
    algorithm: { kind: 'ssigd', iterations: 100_000 },
    measures: { stationarityEvery: 1000, moreau: { cuts: 5 } },
  });
  const manifest = run.manifest();
  const surroundings = { device: null, dataPath: null, threads: 1, labelsEntry: '', workspace: undefined };
  const job = await bilevelJob.create({ manifest, ...surroundings, log: () => undefined }, null);
  const device = { name: 'solver', dtype: 'float64', threads: 1, detail: '', packages: {} } as const;
  run.beginAttempt(1, describeAttempt(1, null, device, 'test'));
  const recorder = new RunRecorder(run, 1, job.columns, new ActiveClock(0), job.position);
  const samples: { step: number; bytes: number }[] = [];
  while (!job.finished()) {
    await job.advance(recorder.record);
    recorder.tick();
    const { step } = job.position();
    if (step >= (samples.length + 1) * 10_000) samples.push({ step, bytes: liveBytes() });
  }
  recorder.writer.close();
  console.log(samples.map(({ step, bytes }) => `${step}: ${(bytes / 1e6).toFixed(2)} MB`).join(', '));
  expect(samples.length).toBeGreaterThanOrEqual(9);
  // A batch of rows that waits comes and goes; 45 bytes that a step would leave behind are seen.
  const least = (some: typeof samples) => Math.min(...some.map(({ bytes }) => bytes));
  expect(least(samples.slice(-3)) - least(samples.slice(0, 3))).toBeLessThan(4e6);
}, 600_000);
