import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { histogramEdges } from '@shared/metrics/bins';
import type { Manifest } from '@shared/run';
import { loadDevice } from '../numerics/devices/ladder';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../store/checkpoint';
import { readClock } from '../store/metricReader';
import { RunDirectory } from '../store/runDirectory';
import { writeDataset } from '../store/dataset';
import { resolveDefaults } from '../training/experimentSchema';
import { HostPool } from '../training/techniques/hostPool/pool';
import { tinyDataset } from './fixtures/runs';
import { ActiveClock } from '@shared/activeClock';
import type { Job, Recorder } from './job';
import { RunRecorder } from './runRecorder';
import { trainingJob } from './trainingJob';

const devices = { wasm: await loadDevice('wasm'), simd64: await loadDevice('simd64') };
const folder = mkdtempSync(join(tmpdir(), 'adjoint-diagnosed-'));
const dataPath = join(folder, 'tiny.npz');
const dataset = tinyDataset();
writeDataset(dataPath, dataset);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const everything = {
  hessian: { every: 2, count: 2, iterations: 5, instances: 8 },
  rank: { every: 2, instances: 6 },
  landscape: { every: 3, points: 3, instances: 8 },
  gradientError: { every: 1, directions: 3, instances: 8 },
  probe: { instances: 3 },
};
const training = { epochs: 3, batchSize: 16, gradientsEvery: 0 };
type Row = Record<string, unknown>;

async function jobOf(change: object, checkpoint: Checkpoint | null, lines: string[] = [], on: keyof typeof devices = 'simd64'): Promise<Job> {
  const experiment = resolveDefaults({ dataset: 'tiny', device: on, network: { kind: 'mlp', hidden: [7], activation: 'silu' }, training, ...change });
  const manifest = { experiment } as unknown as Manifest;
  const log = (line: string) => void lines.push(line);
  const rest = { threads: 1, labelsEntry: '', workspace: undefined, log };
  return trainingJob.create({ manifest, device: devices[on], dataPath, ...rest }, checkpoint);
} // prettier-ignore

const timeless = (row: Row) => Object.fromEntries(Object.entries(row).filter(([key]) => !key.startsWith('time/')));
const bitsOf = ({ tensors }: Checkpoint) =>
  Object.fromEntries([...tensors].map(([name, { data }]) => [name, Buffer.from(data.buffer).toString('hex')]));

/** Drives a job to its end, in a process of its own from each of these pieces of work on. */
async function drive(change: object, cuts: readonly number[] = [], on: keyof typeof devices = 'simd64') {
  const rows: Record<string, Map<number, Row>> = { epoch: new Map(), diagnostics: new Map() };
  const lines: string[] = [];
  let job = await jobOf(change, null, lines, on);
  const record: Recorder = (clock, values) => rows[clock]?.set(job.position().step, timeless(values));
  const path = join(folder, 'cut.safetensors');
  const through = async () => {
    writeCheckpoint(path, await job.save(0));
    job.dispose();
    return readCheckpoint(path);
  };
  for (let piece = 0; !job.finished(); piece++) {
    await job.advance(record);
    if (cuts.includes(piece)) job = await jobOf(change, await through(), lines, on);
  }
  return { bits: bitsOf(await through()), rows, lines };
}

describe('diagnostics during training', () => {
  it.each(['simd64', 'wasm'] as const)('leave the training as it is, on %s', async (on) => {
    const looked = await drive({ diagnostics: everything }, [], on);
    expect((await drive({}, [], on)).bits).toEqual(looked.bits);
    expect([...looked.rows.diagnostics.keys()]).toEqual([0, 3, 6, 9]);
  });

  it.each([
    { kind: 'augmentedLagrangian', every: 2 },
    { kind: 'convexProjection' },
    { kind: 'dc3', rate: 0.01, steps: 3, testSteps: 20 },
    { kind: 'piNet', iterations: 5, testIterations: 10, backwardIterations: 4 },
    { kind: 'theseusLayer', iterations: 4, probe: { instances: 0 } },
  ])('leave the training of $kind as it is', async (technique) => {
    const looked = await drive({ technique, diagnostics: everything });
    expect((await drive({ technique })).bits).toEqual(looked.bits);
    expect(looked.rows.diagnostics.size).toBe(4);
  });

  it('give a layer on the host the threads of the run, on the device of their own too', async () => {
    const layer = vi.spyOn(HostPool.prototype, 'layer');
    const technique = { kind: 'fsNet', iterations: 2, testIterations: 2 };
    await drive({ technique, diagnostics: { rank: everything.rank } }, [], 'wasm');
    expect(new Set(layer.mock.contexts).size).toBe(2);
    expect(new Set(layer.mock.calls.map(([, threads]) => threads))).toEqual(new Set([1]));
    layer.mockRestore();
  });

  it('record the same numbers wherever the run is cut, also between two pieces', async () => {
    const whole = await drive({ diagnostics: everything });
    for (const cuts of [[0], [3, 11], [5, 6, 30], [17, 40]]) {
      const cut = await drive({ diagnostics: everything }, cuts);
      expect(cut.rows).toEqual(whole.rows);
      expect(cut.bits).toEqual(whole.bits);
    }
  });

  it('are there at their intervals and at the end, and not measured between', async () => {
    const { rows, lines } = await drive({ diagnostics: everything });
    const has = (key: string) => [...rows.diagnostics].filter(([, row]) => key in row).map(([step]) => step / 3);
    expect(has('gradient/difference_cosine')).toEqual([0, 1, 2, 3]);
    expect(has('hessian/largest')).toEqual([0, 2, 3]);
    expect(has('landscape/loss')).toEqual([0, 3]);
    const row = rows.diagnostics.get(9)!;
    expect(row['landscape/penalty']).toHaveLength(9);
    expect(row['hessian/smallest_residual']).toHaveLength(2);
    expect(row['gradient/difference_cosine']).toBeCloseTo(1, 8);
    expect(row['gradient/difference_error']).toBeLessThan(1e-5);
    expect(lines.filter((line) => /Hessian: 5 products, \d.*% of the active time so far/.test(line))).toHaveLength(3);
  });

  it('are measured where a budget ends the run, in the middle of an epoch, and after a resume there', async () => {
    const spent = { training: { ...training, batchSize: 4, budgetSeconds: 1e-9 }, diagnostics: everything };
    for (const cuts of [[], [7, 10]]) {
      const { rows } = await drive(spent, cuts);
      expect([...rows.epoch.keys()]).toEqual([0, 1]);
      expect([...rows.diagnostics.keys()]).toEqual([0, 1]);
      expect(rows.diagnostics.get(1)!['landscape/loss']).toHaveLength(9);
    }
  });

  it('show what a truncated backward pass leaves out', async () => {
    const truncated = { kind: 'theseusLayer', mode: 'anchored', backward: { kind: 'truncated', last: 1 }, iterations: 3, probe: { instances: 0 } };
    const unrolled = { ...truncated, backward: { kind: 'unroll' } };
    const errorOf = async (technique: object) =>
      (await drive({ technique, diagnostics: everything })).rows.diagnostics.get(0)!['gradient/difference_error'] as number;
    const error = await errorOf(unrolled);
    expect(error).toBeLessThan(1e-6);
    expect(await errorOf(truncated)).toBeGreaterThan(1e3 * error);
  }); // prettier-ignore

  it('of a run without them leave no table, and its validations have rows, histograms and followed outputs', async () => {
    const job = await jobOf({}, null);
    expect(job.columns.diagnostics).toBeUndefined();
    job.dispose();
    const row = (await drive({})).rows.epoch.get(9)!;
    expect(row['valid/row_violation']).toHaveLength(dataset.e + dataset.m);
    expect(Math.max(...(row['valid/row_violation'] as Float64Array))).toBe(
      Math.max(row['valid/eq_max'] as number, row['valid/ineq_max'] as number),
    );
    expect(row['valid/probe_outputs']).toHaveLength(4 * dataset.n);
    for (const [key, edges] of Object.entries(histogramEdges)) {
      const counts = (row[key] as Float64Array).subarray(edges.length);
      expect(counts.reduce((a, b) => a + b)).toBe(dataset.splits.valid.length);
    }
  });

  it('fit the tables that a run process makes for them', async () => {
    const experiment = resolveDefaults({ dataset: 'tiny' });
    const manifest: Manifest = {
      ...{ format: 'adjoint-run/1' as const, id: 'run', name: 'run', kind: 'training', createdAt: '', experiment, source: null, seed: 0 },
      ...{ dataset: null, code: { version: 'test', commit: null }, launch: 'direct' as const, clonedFrom: null, sweep: null },
    }; // prettier-ignore
    const job = await jobOf({ diagnostics: everything }, null);
    const run = RunDirectory.create(join(folder, 'run'), manifest);
    const recorder = new RunRecorder(run, 1, job.columns, new ActiveClock(0), job.position);
    while (!job.finished()) await job.advance(recorder.record);
    recorder.writer.close();
    const { columns } = readClock(run, 'diagnostics');
    expect(columns.get('landscape/loss')).toMatchObject({ kind: 'vector', width: 9 });
    expect([...columns.get('landscape/loss')!.valid]).toEqual([1, 0, 0, 1]);
    expect(readClock(run, 'epoch').columns.get('valid/gap_histogram')).toMatchObject({ kind: 'histogram' });
    job.dispose();
  });

  it('name a bad interval and an even number of points', () => {
    const of = (diagnostics: object) => () => resolveDefaults({ dataset: 'tiny', diagnostics });
    expect(of({ hessian: { every: -1 } })).toThrow(/every/);
    expect(of({ landscape: { points: 4 } })).toThrow(/odd/);
    expect(of({ spectrum: {} })).toThrow(/spectrum/);
  });

  it('milestones are the ends of every so many epochs and the beginning', async () => {
    const job = await jobOf({ training: { ...training, keepEvery: 2 } }, null);
    expect([0, 1, 3, 6, 9, 12].filter((step) => job.isMilestone?.(step))).toEqual([0, 6, 12]);
    job.dispose();
  });
});
