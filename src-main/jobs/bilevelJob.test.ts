import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Manifest } from '@shared/run';
import { outerAlgorithms } from '../bilevel/algorithms/registry';
import { estimators } from '../bilevel/estimators/registry';
import { resolveBilevel } from '../bilevel/experimentSchema';
import { drawBilevel } from '../bilevel/families';
import { exact } from '../bilevel/estimators/exact';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../store/checkpoint';
import { bilevelJob } from './bilevelJob';
import type { Job, Recorder } from './job';

const folder = mkdtempSync(join(tmpdir(), 'adjoint-bilevel-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// A slice of work ends when its time is over: with a clock that leaps, after every step.
let clock = 0;
beforeEach(() => void vi.spyOn(performance, 'now').mockImplementation(() => (clock += 10)));

type Rows = Map<number, Record<string, unknown>>;
const without = (values: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !name.startsWith('time/')));

function jobOf(change: object, checkpoint: Checkpoint | null = null, lines: string[] = []): Promise<Job> {
  const manifest = { experiment: resolveBilevel({ kind: 'bilevel', ...change }) } as unknown as Manifest;
  const surroundings = { device: null, dataset: null, threads: 1, labelsEntry: '', workspace: undefined };
  return bilevelJob.create({ manifest, ...surroundings, log: (line) => lines.push(line) }, checkpoint);
}

/** Drives a job to its end; where `cut`, through a checkpoint file after each piece of work. */
async function drive(change: object, cut = false) {
  const rows: Rows = new Map();
  const path = join(folder, 'cut.safetensors');
  const lines: string[] = [];
  let job = await jobOf(change, null, lines);
  const record: Recorder = (_, values) => {
    const { x, ...rest } = values as Record<string, Float64Array>;
    const row = { ...without(rest), x: x && [...x], solves: job.position().epoch };
    const { step } = job.position();
    // What is repeated after a cut must give the row that it supersedes.
    expect(rows.get(step) ?? row).toEqual(row);
    rows.set(step, row);
  };
  const through = async (): Promise<Checkpoint> => {
    writeCheckpoint(path, await job.save(0));
    return readCheckpoint(path);
  };
  let last = -1;
  while (!job.finished()) {
    await job.advance(record);
    const { step } = job.position();
    if (cut && step !== last) job = await jobOf(change, await through());
    last = step;
  }
  return { rows, job, lines, end: (await through()).tensors.get('x')!.data };
}

const small = { problem: { kind: 'coupled', d: 3, n: 5 }, measures: { gradientErrorEvery: 3, stationarityEvery: 7 } };
const iterations = 40;

describe('a bilevel job', () => {
  it('records under keys of the catalogue only, and each of them', async () => {
    const declared = bilevelJob.columns({ kind: 'bilevel', ...small }, null).step!.map(({ key }) => key);
    const job = await jobOf({ ...small, algorithm: { kind: 'ssigd', iterations: 1 } });
    const recorded: string[] = [];
    await job.advance((_, values) => recorded.push(...Object.keys(values)));
    expect(new Set(recorded)).toEqual(new Set(declared));
  });

  it('records F and ∇F at the iterate that a step starts from, and at the last', async () => {
    const { rows, end } = await drive({ ...small, algorithm: { kind: 'dsigd', iterations } });
    const { problem, x } = drawBilevel('coupled', { d: 3, n: 5 });
    const oracle = exact.make(problem, { kind: 'exact' });
    expect(rows.get(0)).toMatchObject({ 'bilevel/x': x, 'bilevel/F': oracle.at(x).F, solves: 0 });
    for (const row of rows.values()) {
      const at = row['bilevel/x'] as Float64Array;
      const { F, gradient } = oracle.at(at);
      expect(row['bilevel/F']).toBeCloseTo(F, 12);
      expect(row['bilevel/gradient_norm']).toBeCloseTo(Math.hypot(...gradient), 12);
    }
    const last = rows.get(Math.max(...rows.keys()))!;
    expect(last['bilevel/x']).toEqual(end);
    expect(last['bilevel/step_length']).toBeNull();
  });

  it('knows the optimum of V2, and says that hypergradients mean nothing there', async () => {
    const { rows, lines } = await drive({ problem: { kind: 'V2' }, algorithm: { kind: 'dsigd', iterations: 200 } });
    const last = rows.get(Math.max(...rows.keys()))!;
    expect(Math.abs(last['bilevel/gap'] as number)).toBeLessThan(1e-9);
    expect(lines.join('\n')).toContain('The lower level does not depend on x');
  });
});

const algorithms = outerAlgorithms.map(({ kind }) => [kind, { algorithm: { kind, iterations } }] as const);
const ways = estimators.map(
  ({ kind }) => [kind, { algorithm: { kind: 'ssigd', iterations }, estimator: { kind } }] as const,
);
const others = [
  ['differences in place of the layer', { algorithm: { kind: 'ssigd', iterations }, useLayer: false }],
  ['rows', { problem: { kind: 'V1', d: 4, n: 6 }, algorithm: { kind: 'ssigd', iterations } }],
  ['a drawn start', { start: { kind: 'draw' }, seed: 3, algorithm: { kind: 'dsigd', iterations } }],
] as const;

describe('cut after every piece of work, it ends with the same bits and the same rows', () => {
  it.each([...algorithms, ...ways, ...others])('%s', async (_, change) => {
    const whole = await drive({ ...small, ...change });
    const cut = await drive({ ...small, ...change }, true);
    expect(cut.end).toEqual(whole.end);
    expect(cut.rows).toEqual(whole.rows);
    expect(whole.rows.size).toBeGreaterThan(5);
  });
});
