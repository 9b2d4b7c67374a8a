// Fills a workspace with runs that look like a researcher's, for measuring and for trying the views at scale:
//
//     npm run synthetic-workspace -- DIR [--runs 1000] [--metrics 20] [--points 10000]
//
// Everything goes through the real writer. At the end it measures how long opening and listing the workspace takes, with the
// index deleted and with it.
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { metricCatalogue } from '../src-shared/metrics/catalogue';
import type { Attempt, Manifest, ProcessState } from '../src-shared/run';
import { MetricWriter, type MetricColumn } from '../src-main/store/metricWriter';
import { RunDirectory } from '../src-main/store/runDirectory';
import { RunIndex } from '../src-main/store/runIndex';
import { openWorkspace, type Workspace } from '../src-main/store/workspace';
import { resolveDefaults } from '../src-main/training/experimentSchema';

const lambdas = [0.1, 0.3, 1, 3, 10, 30, 100, 300];
const learningRates = [3e-4, 1e-3, 3e-3];
const optimizers = ['adam', 'adamw', 'sgd'] as const;
const widths = [
  [100, 100],
  [200, 200],
  [200, 200, 200],
  [500, 500],
];
const tags = ['baseline', 'paper', 'check', 'annealing'];
/** Of a hundred runs: most are done, and a few ended in each other way. */
const endings: ProcessState['phase'][] = [
  ...Array<ProcessState['phase']>(92).fill('done'),
  ...Array<ProcessState['phase']>(4).fill('cancelled'),
];
const epochRows = 100;

/** A small generator with a seed (mulberry32): the same workspace every time. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Normal numbers by table: a series needs only to look noisy. */
const noise = (() => {
  const random = seeded(1);
  return Float64Array.from(
    { length: 1 << 14 },
    () => Math.sqrt(-2 * Math.log(random() + 1e-300)) * Math.cos(2 * Math.PI * random()),
  );
})();

interface Curve {
  start: number;
  end: number;
  /** Decay over the whole run. */
  rate: number;
  noise: number;
}

/** A curve that suits the metric's scale: decaying over orders of magnitude, or settling between two values. */
function curveOf(column: MetricColumn, random: () => number): Curve {
  const definition = metricCatalogue.find(({ key }) => key === column.key);
  if (definition?.scale === 'log') {
    const start = 10 ** (random() * 2);
    return { start, end: start * 10 ** -(1 + 3 * random()), rate: 4 + 8 * random(), noise: 0.1 };
  }
  if (column.key === 'gradient/cosine') return { start: 0.2, end: -0.6 * random(), rate: 5, noise: 0.1 };
  return { start: 4 * random(), end: -5 + random(), rate: 4 + 8 * random(), noise: 0.03 };
}

function columnsOf(clock: 'step' | 'epoch', count: number): MetricColumn[] {
  const known = metricCatalogue.filter((metric) => metric.clock === clock);
  return Array.from({ length: count }, (_, k): MetricColumn => {
    const metric = known.at(k < known.length ? k : known.length);
    return {
      key: metric?.key ?? `probe/${String(k - known.length + 1).padStart(2, '0')}`,
      kind: 'scalar',
      unit: metric?.unit ?? '1',
    };
  });
}

function record(
  writer: MetricWriter,
  clock: 'step' | 'epoch',
  columns: MetricColumn[],
  rows: number,
  run: number,
  steps: number,
) {
  const random = seeded(run * 2 + (clock === 'step' ? 0 : 1));
  const table = writer.table(clock, columns);
  const curves = columns.map((column) => curveOf(column, random));
  const offsets = curves.map(() => Math.floor(random() * noise.length));
  const row = new Float64Array(4 + columns.length);
  for (let i = 0; i < rows; i++) {
    const share = i / rows;
    row[0] = Math.floor(share * steps);
    row[1] = share * epochRows;
    row[2] = share * 240;
    row[3] = 1.79e9 + run * 600 + share * 240;
    for (let k = 0; k < curves.length; k++) {
      const { start, end, rate, noise: level } = curves[k];
      const shape = end + (start - end) * Math.exp(-rate * share);
      row[4 + k] = shape + level * Math.abs(shape) * noise[(offsets[k] + i) & (noise.length - 1)];
    }
    table.appendRow(row);
  }
}

function makeRun(workspace: Workspace, run: number, total: number, metrics: number, points: number): void {
  const random = seeded(run);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  const [lambda, learningRate, optimizer, network] = [
    pick(lambdas),
    pick(learningRates),
    pick(optimizers),
    pick(widths),
  ];
  const name = `soft penalty, λ = ${lambda}, ${optimizer} ${learningRate}`;
  const experiment = resolveDefaults({
    name,
    dataset: 'qcqp-n20',
    network: { kind: 'mlp', hidden: network },
    technique: { kind: 'softPenalty', lambda },
    optimizer: { kind: optimizer, learningRate },
    training: { epochs: epochRows },
    seed: run % 5,
  });
  const created = new Date(Date.UTC(2026, 10, 23) - (total - run) * 600_000);
  const at = (seconds: number) => new Date(created.getTime() + seconds * 1000).toISOString();
  const id = workspace.newRunId(name, created);
  const directory = RunDirectory.create(workspace.runPath(id), {
    format: 'adjoint-run/1',
    id,
    name,
    kind: 'training',
    createdAt: at(0),
    experiment,
    source: null,
    seed: experiment.seed,
    dataset: { name: 'qcqp-n20', path: 'qcqp-n20.npz', sha256: '0'.repeat(64) },
    code: { version: '0.1.0', commit: null },
    launch: 'queue',
    clonedFrom: null,
    sweep: null,
  } satisfies Manifest);
  directory.beginAttempt(1, attemptAt(at(1)));
  const writer = MetricWriter.open(directory, 1);
  record(writer, 'step', columnsOf('step', metrics), points, run, points);
  record(writer, 'epoch', columnsOf('epoch', Math.min(metrics, 8)), epochRows, run, points);
  const summaries = writer.summaries();
  const acknowledged = writer.close();
  // Phases beyond the list: the process was killed, so its last word is "running".
  const phase = endings[Math.floor(random() * 100)] ?? (random() < 0.5 ? 'failed' : 'running');
  const ended = phase !== 'running';
  directory.writeState(1, {
    phase,
    updatedAt: at(241),
    endedAt: ended ? at(241) : null,
    activeSeconds: 240,
    progress: { done: points, total: points, unit: 'steps', rate: points / 240, secondsLeft: 0 },
    acknowledged,
    summaries,
    lastCheckpoint: null,
    error:
      phase === 'failed'
        ? {
            code: 'diverged',
            what: 'The training loss is no longer finite.',
            where: 'loss',
            fix: 'Lower the learning rate.',
          }
        : null,
    controlSeen: 0,
  });
  const tag = random() < 0.3 ? [pick(tags)] : [];
  if (tag.length > 0 || run % 7 === 0) directory.annotate({ tags: tag, group: `λ = ${lambda}` });
}

function attemptAt(startedAt: string): Attempt {
  return {
    attempt: 1,
    resumedFrom: null,
    pid: 1,
    startedAt,
    host: 'synthetic',
    platform: `${process.platform}-${process.arch}`,
    cpu: { model: 'synthetic', cores: 1, simd: 'none', load: 0 },
    node: process.version,
    device: { name: 'cpu', dtype: 'float32', threads: 1, detail: 'synthetic' },
    packages: {},
  };
}

/** Milliseconds to open a workspace and list its runs. */
function timeListing(path: string): { ms: number; runs: number } {
  const start = performance.now();
  const index = new RunIndex(openWorkspace(path));
  const runs = index.list().length;
  const ms = performance.now() - start;
  index.close();
  return { ms, runs };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '1000' },
    metrics: { type: 'string', default: '20' },
    points: { type: 'string', default: '10000' },
  },
});
const [path] = positionals;
const [runs, metrics, points] = [values.runs, values.metrics, values.points].map(Number);
if (!path || ![runs, metrics, points].every((count) => Number.isInteger(count) && count > 0)) {
  console.error('usage: npm run synthetic-workspace -- DIR [--runs 1000] [--metrics 20] [--points 10000]');
  process.exit(2);
}
const workspace = openWorkspace(path, { create: true });
const lock = workspace.lock('making synthetic runs');
const start = performance.now();
for (let run = 0; run < runs; run++) {
  makeRun(workspace, run, runs, metrics, points);
  if (process.stderr.isTTY) process.stderr.write(`\r${run + 1}/${runs} runs`);
}
if (process.stderr.isTTY) process.stderr.write('\n');
lock.release();
const seconds = (performance.now() - start) / 1000;
const samples = runs * metrics * points;
console.log(
  `wrote ${runs} runs of ${metrics} metrics × ${points} points in ${seconds.toFixed(1)} s (${(samples / seconds / 1e6).toFixed(1)} M samples/s)`,
);
for (const suffix of ['', '-wal', '-shm']) rmSync(`${workspace.indexPath}${suffix}`, { force: true });
for (const how of ['index deleted', 'index there', 'index there, again']) {
  const { ms, runs: listed } = timeListing(path);
  console.log(`open and list ${listed} runs, ${how}: ${ms.toFixed(0)} ms`);
}
