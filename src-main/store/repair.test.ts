import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exampleRun, temporaryDirectory } from './fixtures/examples';
import { killColumns, killRow } from './fixtures/killWriter';
import { seededRandom } from './fixtures/killing';
import { readClock } from './metricReader';
import { MetricWriter } from './metricWriter';
import { repairRun } from './repair';
import type { RunDirectory } from './runDirectory';

const batches = 12;
const rowsPerBatch = 5;
const segment = 'step-a1-00000.arrows';
const sums = 'step-a1-00000.sum';

let directory: ReturnType<typeof temporaryDirectory>;
let run: RunDirectory;
beforeEach(() => {
  directory = temporaryDirectory();
  run = exampleRun(directory.path);
});
afterEach(() => directory.remove());

/** Sixty rows in twelve batches; `finished` ends the segment, otherwise it stays as a killed process leaves it. */
function record(finished: boolean): void {
  const writer = MetricWriter.open(run, 1);
  const table = writer.table('step', killColumns);
  for (let step = 0; step < batches * rowsPerBatch; step++) {
    table.append({ step, epoch: step, activeSeconds: step, wallTime: step }, killRow(1, step));
    if (step % rowsPerBatch === rowsPerBatch - 1) writer.flush();
  }
  if (finished) writer.close();
  else writer.sync();
}

/** Steps that read back; every one of them must hold exactly what was written. */
function readSteps(): number[] {
  const { index, columns } = readClock(run, 'step');
  const [a, b, rows] = ['a', 'b', 'rows'].map((key) => columns.get(key));
  return [...index.step].map((step, i) => {
    const found = {
      a: a!.values[i],
      b: b!.valid[i] ? b!.values[i] : null,
      rows: rows!.values.slice(3 * i, 3 * i + 3),
    };
    expect(found).toEqual(killRow(1, step));
    return step;
  });
}

const all = Array.from({ length: batches * rowsPerBatch }, (_, i) => i);
const metrics = (name: string) => join(run.metricsDirectory, name);
const snapshot = () => [segment, sums].map((name) => readFileSync(metrics(name)).toString('base64'));

describe('repair', () => {
  it('ends an unfinished segment without cutting anything, and does nothing the second time', () => {
    record(false);
    expect(readSteps()).toEqual(all);
    expect(repairRun(run)).toEqual({ cut: [] });
    const repaired = snapshot();
    expect([...readFileSync(metrics(segment)).subarray(-8)]).toEqual([255, 255, 255, 255, 0, 0, 0, 0]);
    expect(repairRun(run)).toEqual({ cut: [] });
    expect(snapshot()).toEqual(repaired);
    expect(readSteps()).toEqual(all);
    expect(run.damage()).toEqual([]);
  });

  it('cuts half a batch, says so, and the run remembers it', () => {
    record(false);
    truncateSync(metrics(segment), statSync(metrics(segment)).size - 10);
    const { cut } = repairRun(run);
    expect(cut.length).toBe(2);
    expect(cut[0]).toMatch(/^metrics\/step-a1-00000\.arrows: cut \d+ bytes after sequence 54$/);
    expect(cut[1]).toContain('1 damaged or missing batches after sequence 54 are gone: 5 rows up to sequence 59');
    expect(readSteps()).toEqual(all.slice(0, 55));
    expect(run.damage()).toEqual(cut);
    expect(repairRun(run)).toEqual({ cut: [] });
    expect(run.damage()).toEqual(cut);
  });

  it.each(['missing', 'empty', 'torn'])('rebuilds a sums file that is %s', (how) => {
    record(how !== 'torn');
    if (how === 'missing') rmSync(metrics(sums));
    else truncateSync(metrics(sums), how === 'empty' ? 0 : 32 * 4 + 9);
    expect(readSteps().length).toBe(how === 'torn' ? 15 : 0);
    if (how === 'missing') expect(readClock(run, 'step').cut[0]).toContain('its .sum file is missing');
    expect(repairRun(run).cut).toEqual([expect.stringContaining('their sums were computed anew')]);
    expect(readSteps()).toEqual(all);
    expect(repairRun(run).cut).toEqual([]);
  });

  it('leaves out a damaged batch between good ones and keeps those after it', () => {
    record(false);
    const bytes = readFileSync(metrics(segment));
    bytes[Math.floor(bytes.length / 2)] ^= 4;
    writeFileSync(metrics(segment), bytes);
    repairRun(run);
    expect(readSteps().length).toBe(55);
    expect(readSteps()).toContain(59);
    expect(readClock(run, 'step').cut).toEqual([
      expect.stringMatching(/the 5 rows up to sequence \d+ .* fail their checksum/),
    ]);
    expect(repairRun(run).cut).toEqual([]);
  });

  it('is refused while the run is being written', () => {
    record(false);
    const lock = run.lock();
    expect(() => repairRun(run)).toThrow(/In use by process/);
    expect(repairRun(run, lock)).toEqual({ cut: [] });
    lock.release();
  });

  it('detects random truncations and bit flips: only true rows are read, before and after repair', () => {
    record(false);
    const pristine = join(directory.path, 'pristine');
    mkdirSync(pristine);
    for (const name of [segment, sums]) copyFileSync(metrics(name), join(pristine, name));
    const random = seededRandom(5);
    for (let round = 0; round < 300; round++) {
      for (const name of readdirSync(run.metricsDirectory)) rmSync(metrics(name));
      for (const name of [segment, sums]) copyFileSync(join(pristine, name), metrics(name));
      const victim = metrics(random() < 0.75 ? segment : sums);
      const bytes = readFileSync(victim);
      const truncated = random() < 0.5;
      const at = Math.floor(random() * bytes.length);
      if (truncated) truncateSync(victim, at);
      else {
        bytes[at] ^= 1 << Math.floor(random() * 8);
        writeFileSync(victim, bytes);
      }
      const before = readSteps();
      const { cut } = repairRun(run);
      const after = readSteps();
      expect(after.length).toBeGreaterThanOrEqual(before.length);
      // One flip costs one batch at most, unless it hits the schema; whatever is lost is said.
      const schemaHit = victim.endsWith('.arrows') && after.length === 0;
      if (!truncated && !schemaHit) expect(after.length).toBeGreaterThanOrEqual(all.length - rowsPerBatch);
      const lossIsNamed = after.length === all.length || cut.length > 0 || readClock(run, 'step').cut.length > 0;
      if (!(schemaHit && truncated)) expect(lossIsNamed).toBe(true);
      expect(repairRun(run).cut).toEqual([]);
      expect(readSteps()).toEqual(after);
    }
  });
});

describe('pyarrow', () => {
  const script = `
import sys
try:
    import pyarrow as pa
except ImportError:
    sys.exit(77)
import json
with pa.OSFile(sys.argv[1]) as f, pa.ipc.open_stream(f) as r:
    t = r.read_all()
    s = r.schema
print(json.dumps({
  'metadata': {k.decode(): v.decode() for k, v in s.metadata.items()},
  'types': [str(x.type) for x in s],
  'unit': s.field('a').metadata[b'unit'].decode(), 'kind': s.field('rows').metadata[b'kind'].decode(),
  'step': t['step'].to_pylist(), 'a': t['a'].to_pylist(), 'b': t['b'].to_pylist(), 'rows': t['rows'].to_pylist(),
}))`;

  it.each([true, false])('reads a segment (cut in the middle of a batch and repaired: %s)', (torn) => {
    record(!torn);
    if (torn) truncateSync(metrics(segment), statSync(metrics(segment)).size - 100);
    repairRun(run);
    const python = spawnSync('python3', ['-c', script, metrics(segment)], { encoding: 'utf8' });
    if (python.error || python.status === 77) {
      console.log('skipped: python3 with pyarrow is not installed here');
      return;
    }
    expect(python.stderr).toBe('');
    const found = JSON.parse(python.stdout) as Record<string, unknown>;
    const steps = torn ? all.slice(0, 55) : all;
    expect(found).toEqual({
      metadata: { format: 'adjoint-metrics/1', run: 'run-1', attempt: '1', clock: 'step' },
      types: [
        ...['uint32', 'uint32', 'double', 'double', 'double', 'double', 'double'],
        'fixed_size_list<item: double not null>[3]',
      ],
      unit: '1',
      kind: 'vector',
      step: steps,
      a: steps.map((step) => killRow(1, step).a),
      b: steps.map((step) => killRow(1, step).b),
      rows: steps.map((step) => [...killRow(1, step).rows]),
    });
  });
});
