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
  Object.fromEntries(Object.entries(values).filter(([name]) => !name.startsWith('time/') && !name.endsWith('seconds')));

function jobOf(change: object, checkpoint: Checkpoint | null = null, lines: string[] = []): Promise<Job> {
  const manifest = { experiment: resolveBilevel({ kind: 'bilevel', ...change }) } as unknown as Manifest;
  const surroundings = { device: null, dataPath: null, threads: 1, labelsEntry: '', workspace: undefined };
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

const lastOf = (rows: Rows) => rows.get(Math.max(...rows.keys()))!;

const small = { problem: { kind: 'coupled', d: 3, n: 5 }, measures: { gradientErrorEvery: 3, stationarityEvery: 7 } };
const iterations = 40;

describe('a bilevel job', () => {
  it('records under keys of the catalogue only, and each of them', async () => {
    const job = await jobOf({ ...small, algorithm: { kind: 'ssigd', iterations: 1 } });
    const declared = job.columns.step!.map(({ key }) => key);
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
    const last = lastOf(rows);
    expect(last['bilevel/x']).toEqual(end);
    expect(last['bilevel/step_length']).toBeNull();
  });

  it('counts the seconds of its steps apart from those of measurements, also where seconds end it', async () => {
    const timesOf = async (measures: object, seconds: number) => {
      const job = await jobOf({ ...small, measures, seconds, algorithm: { kind: 'ssigd', iterations } });
      const rows: { at: number | undefined; algorithm: unknown; measuring: unknown }[] = [];
      const record: Recorder = (_, values) =>
        rows.push({
          at: job.position().seconds,
          algorithm: values['bilevel/seconds'],
          measuring: values['bilevel/measuring_seconds'],
        });
      while (!job.finished()) await job.advance(record);
      return rows;
    };
    const [plain, measured] = [{ residualEvery: 0, gradientErrorEvery: 0, stationarityEvery: 0 }, { residualEvery: 1, gradientErrorEvery: 1, stationarityEvery: 1 }]; // prettier-ignore
    const [fast, slow] = [await timesOf(plain, 0), await timesOf(measured, 0)];
    expect(slow.map(({ algorithm }) => algorithm)).toEqual(fast.map(({ algorithm }) => algorithm));
    for (const { at, algorithm } of slow) expect(at).toBe(algorithm);
    expect(slow[0].algorithm).toBe(0);
    expect(slow.at(-1)!.measuring).toBeGreaterThan(2 * (fast.at(-1)!.measuring as number));
    const limit = (fast.at(-1)!.algorithm as number) / 2;
    const stopped = await timesOf(measured, limit);
    expect(stopped).toHaveLength((await timesOf(plain, limit)).length);
    expect(stopped.length).toBeLessThan(iterations);
  });

  it('knows the optimum of V2, and says that hypergradients mean nothing there', async () => {
    const { rows, lines } = await drive({ problem: { kind: 'V2' }, algorithm: { kind: 'dsigd', iterations: 200 } });
    const last = lastOf(rows);
    expect(Math.abs(last['bilevel/gap'] as number)).toBeLessThan(1e-9);
    expect(lines.join('\n')).toContain('The lower level does not depend on x');
  });
});

/** A problem of one x and one y: f = ½(y − 2)² + .05x² and the lower level as it is given. */
const problemText = (lower: object, x: number, upper: object = {}): string =>
  JSON.stringify({
    format: 'hypergradient/1',
    upper: { Qxx: [[0.1]], Qyy: [[1]], cy: [-2], constant: 2, ...upper },
    lower: { Q: [[1]], P: [[-1]], lower: [-1], upper: [1], ...lower },
    x: [x],
  });
const textOf = (...given: Parameters<typeof problemText>) => ({ kind: 'text', text: problemText(...given) });

describe('where an estimator refuses', () => {
  const start = { kind: 'point', x: [1] };
  const algorithm = { kind: 'dsigd', iterations: 3 };

  it('differences answer at a kink; the fall-back is counted and its reason recorded and written into the log', async () => {
    // y* = min(x, 1): at x = 1 the bound is active with multiplier 0.
    const { rows, lines } = await drive({ problem: textOf({}, 1), start, algorithm });
    expect(rows.get(0)).toMatchObject({
      'bilevel/kinks': 1,
      'bilevel/fall_backs': 1,
      'bilevel/fall_back_reason': 1,
      'bilevel/gradient_error': null,
    });
    // Central differences average the slopes −.9 and .1.
    expect(rows.get(0)!['bilevel/gradient_norm']).toBeCloseTo(0.4, 5);
    expect(lines.join('\n')).toContain(
      'Differences instead of the estimator (kink): weakly active: y₀ at its upper bound, at x = (1)',
    );
  });

  it('differences answer where y* has no derivative', async () => {
    // Without curvature and slope every y of the box is a solution.
    const flat = textOf({ Q: [[0]], P: [[0]] }, 3);
    const { rows, lines } = await drive({ problem: flat, algorithm, allowVacuous: true });
    expect(rows.get(0)).toMatchObject({ 'bilevel/fall_back_reason': 2, 'bilevel/fall_backs': 1, 'bilevel/kinks': 0 });
    expect(lines.join('\n')).toContain('(no derivative): y*(x) has no derivative here');
  });

  it('a kink is counted, and nothing else, for estimators that are no layer', async () => {
    const { rows } = await drive({ problem: textOf({}, 1), start, algorithm, estimator: { kind: 'aid' } });
    expect(rows.get(0)).toMatchObject({ 'bilevel/kinks': 1, 'bilevel/fall_backs': 0 });
  });
});

describe('a bad iterate', () => {
  /** Drives a job until it throws. */
  async function failure(change: object) {
    const job = await jobOf(change);
    const rows: number[] = [];
    try {
      while (!job.finished()) await job.advance(() => rows.push(job.position().step));
    } catch (error) {
      return { error, x: (await job.save(0)).tensors.get('x')!.data, rows };
    }
    throw new Error('it did not fail');
  }
  // y ≥ 0 alone: g = (c − x)y is unbounded below for x > c, where F falls.
  const unbounded = (x: number) => textOf({ Q: [[0]], c: [1], lower: [0], upper: [null] }, x, { cx: [-1] });
  const steps = { kind: 'ssigd', iterations: 30, beta: 0.5, radius: 0 };

  it.each([
    [
      'an unbounded lower level',
      { problem: unbounded(0), algorithm: steps },
      'The lower level is unbounded below at this x',
      1.4,
    ],
    [
      'a lower level that is not convex',
      { problem: textOf({ Q: [[-1]] }, 0.5), algorithm: steps },
      'is not convex',
      0.5,
    ],
    ['no feasible y anywhere', { problem: textOf({ A: [[1]], b: [-3] }, 0.5), algorithm: steps }, 'no feasible y', 0.5],
    [
      'a number that overflows',
      { problem: textOf({}, 5), algorithm: { ...steps, beta: 1e200 } },
      'no longer a finite number',
      -5e199,
    ],
  ])('%s stops the run, named with its step and x, which the checkpoint keeps', async (_, change, words, x) => {
    const { error, x: kept } = await failure({ ...change, measures: { stationarityEvery: 0 } });
    expect(error).toMatchObject({
      code: 'diverged',
      problem: { what: expect.stringContaining(words), where: expect.stringMatching(/^x = \(/) },
    });
    expect((error as Error).message).toMatch(/^Step \d+: /);
    expect(kept[0] / x).toBeCloseTo(1, 1);
  });

  it('is gone back from, halfway, where the settings say so, and counted', async () => {
    const { rows, end, lines } = await drive({ problem: unbounded(0), algorithm: steps, onBadIterate: 'goOn' });
    const last = lastOf(rows);
    expect(last['bilevel/bad_iterates']).toBeGreaterThan(3);
    expect(end[0]).toBeLessThanOrEqual(1);
    expect(end[0]).toBeGreaterThan(0.9);
    expect(lines.filter((line) => line.includes('halfway back'))).toHaveLength(5);
  });

  it('without a good iterate to go back to stops the run all the same', async () => {
    const { error } = await failure({ problem: unbounded(3), algorithm: steps, onBadIterate: 'goOn' });
    expect(error).toMatchObject({ code: 'diverged', problem: { fix: expect.stringContaining('no good iterate') } });
  });

  it('moves to the nearest x with a feasible y where rows couple the levels, counted and said', async () => {
    // y ≤ 1 and y ≥ x leave no y beyond x = 1, to which F falls.
    const rows = { A: [[-1]], B: [[1]], b: [0] };
    const {
      rows: recorded,
      lines,
      end,
    } = await drive({
      problem: textOf(rows, 0, { cx: [-3] }),
      algorithm: { kind: 'ssigd', iterations: 20, beta: 0.9, radius: 0 },
    });
    expect(end[0]).toBeCloseTo(1, 6);
    expect(recorded.get(20)!['bilevel/restorations']).toBeGreaterThan(0);
    expect(lines.join('\n')).toContain('no feasible y at a point on the way');
  });
});

describe('beforehand', () => {
  it('a lower level whose answer is not one point is refused unless that is allowed', async () => {
    const flat = textOf({ Q: [[0]], P: [[0]] }, 0);
    await expect(jobOf({ problem: flat })).rejects.toMatchObject({ code: 'unsupported' });
    await expect(jobOf({ problem: flat, allowVacuous: true })).resolves.toBeDefined();
  });

  it('a file whose lower level ignores x is refused where the run is about hypergradients, and only there', async () => {
    const blind = textOf({ Q: [[1]], P: [[0]] }, 0);
    const refusal = { code: 'unsupported', message: expect.stringContaining('does not depend on x') as string };
    await expect(jobOf({ problem: blind, useLayer: false })).rejects.toMatchObject(refusal);
    await expect(jobOf({ problem: blind, useLayer: false, allowVacuous: true })).resolves.toBeDefined();
    await expect(jobOf({ problem: blind })).resolves.toBeDefined();
  });

  it('a method that is not for the problem is refused by name', async () => {
    const change = { problem: { kind: 'V1', d: 3, n: 4 }, estimator: { kind: 'unrolled' } };
    await expect(jobOf(change)).rejects.toMatchObject({ code: 'unsupported', problem: { where: 'estimator.kind' } });
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
