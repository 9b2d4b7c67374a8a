import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readdirSync, writeFileSync } from 'node:fs';
import { exampleAttempt, exampleRun, temporaryDirectory } from './fixtures/examples';
import { MetricReader, readClock } from './metricReader';
import { MetricWriter, type MetricColumn } from './metricWriter';
import type { RunDirectory } from './runDirectory';
import { summariseSeries } from './summaries';

const scalars: MetricColumn[] = [
  { key: 'loss', kind: 'scalar', unit: '1' },
  { key: 'gradient/cosine', kind: 'scalar', unit: '1' },
];
const at = (step: number) => ({ step, epoch: step / 10, activeSeconds: step * 0.01, wallTime: 1.7e9 + step });

let directory: ReturnType<typeof temporaryDirectory>;
let run: RunDirectory;
beforeEach(() => {
  directory = temporaryDirectory();
  run = exampleRun(directory.path);
});
afterEach(() => directory.remove());

describe('metric writer and reader', () => {
  it('reads back what was written, and tells "not measured" from a recorded NaN', () => {
    const writer = MetricWriter.open(run, 1);
    const table = writer.table('step', scalars);
    table.append(at(0), { loss: 1.5, 'gradient/cosine': -0.25 });
    table.append(at(1), { loss: Number.NaN, 'gradient/cosine': null });
    table.append(at(2), { loss: 0.1 });
    expect(writer.sync()).toEqual({ step: 2 });
    table.append(at(3), { loss: Number.POSITIVE_INFINITY, 'gradient/cosine': 1 });
    writer.close();
    const { rows, index, columns, cut } = readClock(run, 'step');
    expect(rows).toBe(4);
    expect(cut).toEqual([]);
    expect([...index.sequence]).toEqual([0, 1, 2, 3]);
    expect([...index.epoch]).toEqual([0, 0.1, 0.2, 0.3]);
    expect([...index.wallTime]).toEqual([1.7e9, 1.7e9 + 1, 1.7e9 + 2, 1.7e9 + 3]);
    expect([...columns.get('loss')!.values]).toEqual([1.5, Number.NaN, 0.1, Number.POSITIVE_INFINITY]);
    expect([...columns.get('loss')!.valid]).toEqual([1, 1, 1, 1]);
    expect([...columns.get('gradient/cosine')!.values]).toEqual([-0.25, Number.NaN, Number.NaN, 1]);
    expect([...columns.get('gradient/cosine')!.valid]).toEqual([1, 0, 0, 1]);
  });

  it('keeps vectors and histograms in their shapes', () => {
    const writer = MetricWriter.open(run, 1);
    const table = writer.table('epoch', [
      { key: 'rows', kind: 'vector', unit: '1', length: 3 },
      { key: 'gaps', kind: 'histogram', unit: '1', length: 2 },
    ]);
    table.append(at(0), { rows: Float64Array.of(1, 2, 3), gaps: Float64Array.of(0, 0.5, 1, 10, 20) });
    table.append(at(1), { gaps: Float64Array.of(1, 2, 3, 4, 5) });
    table.append(at(2), { rows: Float64Array.of(4, 5, 6), gaps: null });
    writer.close();
    const { columns } = readClock(run, 'epoch');
    const rows = columns.get('rows')!;
    expect(rows).toMatchObject({ kind: 'vector', width: 3, unit: '1' });
    expect([...rows.valid]).toEqual([1, 0, 1]);
    expect([...rows.values]).toEqual([1, 2, 3, Number.NaN, Number.NaN, Number.NaN, 4, 5, 6]);
    const gaps = columns.get('gaps')!;
    expect([...gaps.valid]).toEqual([1, 1, 0]);
    expect([...gaps.values.subarray(0, 10)]).toEqual([0, 0.5, 1, 10, 20, 1, 2, 3, 4, 5]);
  });

  it('shows flushed rows to a reader at once and each row once', () => {
    const writer = MetricWriter.open(run, 1);
    const table = writer.table('step', scalars);
    const reader = new MetricReader(run, 'step');
    expect(reader.poll()).toEqual({ reset: false, chunks: [] });
    const seen: number[] = [];
    for (let step = 0; step < 100; step++) {
      table.append(at(step), { loss: step });
      if (step % 7 !== 0) continue;
      writer.flush();
      for (const chunk of reader.poll().chunks) seen.push(...chunk.columns.get('loss')!.values);
      expect(seen.length).toBe(step + 1);
      expect(reader.poll().chunks).toEqual([]);
    }
    writer.close();
    for (const chunk of reader.poll().chunks) seen.push(...chunk.columns.get('loss')!.values);
    expect(seen).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it('closes a segment by size and by age, and reads across segments', () => {
    let seconds = 0;
    const writer = MetricWriter.open(run, 1, { maxBytes: 20_000, maxSeconds: 60, clock: () => seconds });
    const table = writer.table('step', scalars);
    const row = new Float64Array(6);
    for (let step = 0; step < 3000; step++) {
      row.set([step, step / 10, step, step, Math.sin(step), step]);
      table.appendRow(row);
      if (step % 100 === 99) writer.flush();
    }
    const bySize = readdirSync(run.metricsDirectory).length / 2;
    expect(bySize).toBeGreaterThan(3);
    table.appendRow(row);
    writer.flush();
    seconds = 61;
    table.appendRow(row);
    writer.flush();
    table.appendRow(row);
    writer.close();
    expect(readdirSync(run.metricsDirectory).length / 2).toBeGreaterThan(bySize);
    const { index, columns } = readClock(run, 'step', ['loss']);
    expect([...index.sequence]).toEqual(Array.from({ length: 3003 }, (_, i) => i));
    expect(columns.get('loss')!.values[1234]).toBe(Math.sin(1234));
    expect([...columns.keys()]).toEqual(['loss']);
  });

  it('takes the newest attempt from its resume step on, so that no sample counts twice', () => {
    const first = MetricWriter.open(run, 1);
    const table = first.table('step', scalars);
    for (let step = 0; step < 50; step++) table.append(at(step), { loss: step });
    first.sync(); // crashes here: no close
    const reader = new MetricReader(run, 'step');
    expect(reader.poll().chunks[0].rows).toBe(50);

    run.beginAttempt(2, exampleAttempt(2, 30));
    const second = MetricWriter.open(run, 2);
    const resumed = second.table('step', scalars);
    for (let step = 30; step < 60; step++) resumed.append(at(step), { loss: 100 + step });
    expect(second.close()).toEqual({ step: 29 });

    const expected = Array.from({ length: 60 }, (_, i) => (i < 30 ? i : 100 + i));
    const { index, columns, attempt } = readClock(run, 'step');
    expect([...columns.get('loss')!.values]).toEqual(expected);
    expect([...attempt]).toEqual(Array.from({ length: 60 }, (_, i) => (i < 30 ? 1 : 2)));
    expect([...index.step]).toEqual(Array.from({ length: 60 }, (_, i) => i));

    const update = reader.poll();
    expect(update.reset).toBe(true);
    expect(update.chunks.flatMap((chunk) => [...chunk.columns.get('loss')!.values])).toEqual(expected);

    expect(second.summaries().loss).toEqual(summariseSeries(index.step, columns.get('loss')!.values));
  });

  it('finds where an attempt began when its attempt.json is lost, and starts over after a resume from nothing', () => {
    const write = (attempt: number, from: number, to: number) => {
      const writer = MetricWriter.open(run, attempt);
      const table = writer.table('step', scalars);
      for (let step = from; step < to; step++) table.append(at(step), { loss: attempt });
      writer.close();
    };
    const attempts = () => [...readClock(run, 'step').attempt];
    write(1, 0, 6);
    run.beginAttempt(2, exampleAttempt(2, 4));
    writeFileSync(run.file('attempts', '2', 'attempt.json'), '{');
    const reader = new MetricReader(run, 'step');
    expect(reader.poll().chunks[0].rows).toBe(6);
    write(2, 4, 7);
    expect(attempts()).toEqual([1, 1, 1, 1, 2, 2, 2]);
    expect(reader.poll()).toMatchObject({ reset: true, chunks: [{ rows: 4 }, { rows: 3 }] });
    run.beginAttempt(3, exampleAttempt(3));
    expect(attempts()).toEqual([]);
    write(3, 0, 2);
    expect(attempts()).toEqual([3, 3]);
    expect(reader.poll()).toMatchObject({ reset: true, chunks: [{ attempt: 3, rows: 2 }] });
  });

  it('goes on numbering when the same attempt opens a writer again', () => {
    for (let part = 0; part < 3; part++) {
      const writer = MetricWriter.open(run, 1);
      writer.table('system', [{ key: 'system/memory', kind: 'scalar', unit: 'MB' }]).append(at(part), {
        'system/memory': part,
      });
      writer.close();
    }
    expect([...readClock(run, 'system').index.sequence]).toEqual([0, 1, 2]);
  });

  it('lets a table be declared again with other metrics', () => {
    const writer = MetricWriter.open(run, 1);
    writer.table('step', [scalars[0]]).append(at(0), { loss: 1 });
    writer.table('step', scalars).append(at(1), { loss: 2, 'gradient/cosine': 0.5 });
    writer.close();
    const { columns } = readClock(run, 'step');
    expect([...columns.get('loss')!.values]).toEqual([1, 2]);
    expect([...columns.get('gradient/cosine')!.valid]).toEqual([0, 1]);
  });

  it('refuses unknown metrics and wrong lengths', () => {
    const writer = MetricWriter.open(run, 1);
    const table = writer.table('step', scalars);
    expect(() => table.append(at(0), { los: 1 })).toThrow('Metric "los" is not a column');
    expect(() => table.append(at(0), { loss: Float64Array.of(1, 2) })).toThrow('takes 1 numbers');
    expect(() => writer.table('epoch', [scalars[0], scalars[0]])).toThrow('declared twice');
    writer.close();
  });
});
