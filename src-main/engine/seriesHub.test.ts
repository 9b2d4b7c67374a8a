import { tableFromIPC, type Table } from 'apache-arrow';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AdjointError } from '@shared/errors';
import { groupSpecSchema, seriesSpecSchema, type SeriesRequest } from '@shared/frames';
import { exampleAttempt, exampleRun, temporaryDirectory } from '../store/fixtures/examples';
import { MetricWriter } from '../store/metricWriter';
import type { RunDirectory } from '../store/runDirectory';
import { SeriesHub } from './seriesHub';
import { seriesCsv } from './seriesQueries';

let directory: ReturnType<typeof temporaryDirectory>;
let run: RunDirectory;
let live: boolean;
let hub: SeriesHub;

beforeEach(() => {
  directory = temporaryDirectory();
  run = exampleRun(directory.path);
  live = true;
  hub = new SeriesHub({ open: () => run, live: () => (live ? { run, attempt: 1 } : null) });
});
afterEach(() => {
  hub.close();
  directory.remove();
});

/** Writes `loss` = 1000·attempt + step, and `cosine` at every third step, for steps from..to−1. */
function write(attempt: number, from: number, to: number): void {
  const writer = MetricWriter.open(run, attempt);
  const table = writer.table('step', [
    { key: 'loss', kind: 'scalar', unit: '1' },
    { key: 'cosine', kind: 'scalar', unit: '1' },
  ]);
  for (let step = from; step < to; step++)
    table.append(
      { step, epoch: step / 10, activeSeconds: step / 100, wallTime: 0 },
      { loss: 1000 * attempt + step, cosine: step % 3 === 0 ? 0.5 : null },
    );
  writer.close();
}

const open = (change: Partial<SeriesRequest> = {}) =>
  hub.openSeries(
    seriesSpecSchema.parse({ kind: 'series', run: run.id, clock: 'step', x: 'step', metrics: ['loss'], ...change }),
  );

/** A client that keeps the first `offset` rows of what it has and appends the rest, as the contract says. */
class Client {
  x: number[] = [];
  values = new Map<string, (number | null)[]>();
  level = 0;

  take(frame: Uint8Array | null): Table {
    const table = tableFromIPC(frame!);
    const offset = Number(table.schema.metadata.get('offset'));
    this.level = Number(table.schema.metadata.get('level'));
    for (const field of table.schema.fields) {
      const column = [...table.getChild(field.name)!] as (number | null)[];
      const old = field.name === 'x' ? this.x : (this.values.get(field.name) ?? []);
      const next = [...old.slice(0, offset), ...column];
      if (field.name === 'x') this.x = next as number[];
      else this.values.set(field.name, next);
    }
    return table;
  }
}

const range = (from: number, to: number, value = (i: number) => i): number[] =>
  Array.from({ length: to - from }, (_, i) => value(from + i));

it('sends everything first, then only what is new', async () => {
  write(1, 0, 100);
  const source = open();
  const client = new Client();
  client.take(await source.next());
  expect(client.x).toEqual(range(0, 100));
  write(1, 100, 130);
  const second = client.take(await source.next());
  expect(second.numRows).toBe(30);
  expect(client.values.get('loss')).toEqual(range(0, 130, (i) => 1000 + i));
  source.close();
});

it('keeps growing buckets right up to the end, whatever the pace of the client', async () => {
  const source = open({ points: 16 });
  const client = new Client();
  let written = 0;
  for (const rows of [3, 10, 1, 50, 7, 200, 1]) {
    write(1, written, (written += rows));
    client.take(await source.next());
    const all = range(0, written, (i) => 1000 + i);
    const buckets = range(0, Math.ceil(written / client.level), (i) => i).map((i) =>
      all.slice(i * client.level, (i + 1) * client.level),
    );
    expect(client.x.length).toBeLessThanOrEqual(16);
    expect(client.x).toEqual(buckets.map((_, i) => i * client.level));
    expect(client.values.get('loss')).toEqual(
      buckets.map((bucket) => bucket.reduce((a, b) => a + b, 0) / bucket.length),
    );
  }
  source.close();
});

it('starts over when a resumed attempt rewrites history', async () => {
  write(1, 0, 50);
  const source = open();
  const client = new Client();
  client.take(await source.next());
  run.beginAttempt(2, exampleAttempt(2, 30));
  write(2, 30, 40);
  while (client.x.length !== 40) client.take(await source.next());
  expect(client.values.get('loss')).toEqual([...range(0, 30, (i) => 1000 + i), ...range(30, 40, (i) => 2000 + i)]);
  source.close();
});

it('says that the run has ended, and goes on when it is resumed', async () => {
  write(1, 0, 5);
  const source = open();
  expect(tableFromIPC((await source.next())!).schema.metadata.get('live')).toBe('1');
  live = false;
  expect(tableFromIPC((await source.next())!).schema.metadata.get('live')).toBe('0');
  source.close();
});

it('shows what was not measured as null, and serves several metrics in one stream', async () => {
  write(1, 0, 4);
  const source = open({ metrics: ['loss', 'cosine', 'unknown'] });
  const client = new Client();
  client.take(await source.next());
  expect(client.values.get('cosine')).toEqual([0.5, null, null, 0.5]);
  expect(client.values.get('unknown')).toEqual([null, null, null, null]);
  source.close();
});

it('gives a viewport of one axis in full detail', async () => {
  write(1, 0, 5000);
  const source = open({ x: 'activeSeconds', from: 10, to: 10.5, points: 100, follow: false });
  const client = new Client();
  client.take(await source.next());
  expect(client.level).toBe(1);
  expect(client.x[0]).toBeCloseTo(9.99, 12);
  expect(client.x.at(-1)).toBeCloseTo(10.5, 12);
  expect(await source.next()).toBeNull();
});

it('ends a stream that is closed while it waits', async () => {
  write(1, 0, 1);
  const source = open();
  await source.next();
  const waiting = source.next();
  source.close();
  expect(await waiting).toBeNull();
});

it('adds metrics to an open table without sending again what clients have', async () => {
  write(1, 0, 30);
  const first = open();
  const client = new Client();
  client.take(await first.next());
  const second = open({ metrics: ['cosine'] });
  const other = new Client();
  other.take(await second.next());
  expect(other.values.get('cosine')).toEqual(range(0, 30).map((i) => (i % 3 === 0 ? 0.5 : null)));
  write(1, 30, 33);
  while (client.x.length < 33) {
    const frame = client.take(await first.next());
    expect(Number(frame.schema.metadata.get('offset'))).toBe(30);
  }
  while (other.x.length < 33) other.take(await second.next());
  expect(client.values.get('loss')).toEqual(range(0, 33, (i) => 1000 + i));
  expect(other.values.get('cosine')?.slice(30)).toEqual([0.5, null, null]);
  first.close();
  second.close();
});

it('reads a run once for all panels that are opened together', async () => {
  write(1, 0, 10);
  let opened = 0;
  const counting = new SeriesHub({ open: () => (opened++, run), live: () => null });
  const sources = ['loss', 'cosine', 'loss'].map((metric) =>
    counting.openSeries(
      seriesSpecSchema.parse({ kind: 'series', run: run.id, clock: 'step', x: 'step', metrics: [metric] }),
    ),
  );
  const frames = await Promise.all(sources.map((source) => source.next()));
  expect(frames.map((frame) => tableFromIPC(frame!).numRows)).toEqual([10, 10, 10]);
  expect(opened).toBe(1);
  counting.close();
});

it('serves several runs as one curve with its band, and follows them', async () => {
  const others = ['run-2', 'run-3'].map((id) => exampleRun(directory.path, id));
  const all = new Map([run, ...others].map((one) => [one.id, one]));
  const hubOfAll = new SeriesHub({
    open: (id) => {
      const found = all.get(id);
      if (!found) throw new AdjointError('not-found', 'No such run.');
      return found;
    },
    live: (id) => (id === 'run-3' ? { run: all.get(id)!, attempt: 1 } : null),
  });
  const writeTo = (target: RunDirectory, level: number, from: number, to: number) => {
    const writer = MetricWriter.open(target, 1);
    const table = writer.table('step', [{ key: 'loss', kind: 'scalar', unit: '1' }]);
    for (let step = from; step < to; step++)
      table.append({ step, epoch: 0, activeSeconds: 0, wallTime: 0 }, { loss: level + step });
    writer.close();
  };
  writeTo(run, 0, 0, 40);
  writeTo(others[0], 3, 0, 40);
  writeTo(others[1], 6, 0, 10);
  const source = hubOfAll.openSeries(
    groupSpecSchema.parse({
      kind: 'group',
      runs: [...all.keys(), 'gone'],
      clock: 'step',
      x: 'step',
      metrics: ['loss', 'cosine'],
    }),
  );
  const client = new Client();
  client.take(await source.next());
  expect(client.x).toEqual(range(0, 40));
  expect(client.values.get('loss')).toEqual([...range(0, 10, (i) => 3 + i), ...range(10, 40, (i) => 1.5 + i)]);
  expect(client.values.get('loss:count')).toEqual([...range(0, 10, () => 3), ...range(10, 40, () => 2)]);
  expect(client.values.get('loss:min')!.every((low, i) => low! < client.values.get('loss')![i]!)).toBe(true);
  expect(client.values.get('cosine')!.every((value) => value === null)).toBe(true);
  writeTo(others[1], 6, 10, 40);
  client.take(await source.next());
  expect(client.values.get('loss:count')).toEqual(range(0, 40, () => 3));
  source.close();
  hubOfAll.close();
});

it('refuses a group of which no run is there', () => {
  const empty = new SeriesHub({
    open: () => {
      throw new AdjointError('not-found', 'No such run.');
    },
    live: () => null,
  });
  const spec = groupSpecSchema.parse({ kind: 'group', runs: ['a', 'b'], clock: 'step', x: 'step', metrics: ['loss'] });
  expect(() => empty.openSeries(spec)).toThrow('None of the runs of this group');
});

it('an entry of a vector is a series of its own, decimated like a scalar', async () => {
  const writer = MetricWriter.open(run, 1);
  const table = writer.table('step', [
    { key: 'loss', kind: 'scalar', unit: '1' },
    { key: 'layers', kind: 'vector', unit: '1', length: 2 },
  ]);
  for (let step = 0; step < 64; step++)
    table.append(
      { step, epoch: step, activeSeconds: step, wallTime: 0 },
      { loss: 1, layers: step % 2 === 0 ? Float64Array.of(step, step === 8 ? NaN : -step) : null },
    );
  writer.close();
  const read = async (change: Partial<SeriesRequest>) => {
    const client = new Client();
    client.take(await open({ metrics: ['layers[0]', 'layers[1]', 'layers[2]', 'loss[0]'], ...change }).next());
    return client;
  };
  const all = await read({});
  expect(all.values.get('layers[0]')).toEqual(range(0, 64).map((step) => (step % 2 === 0 ? step : null)));
  expect(all.values.get('layers[1]')?.slice(6, 10)).toEqual([-6, null, NaN, null]);
  // No third entry, and no entries of a scalar.
  for (const key of ['layers[2]', 'loss[0]'])
    expect(all.values.get(key)).toEqual(range(0, 64, () => 0).map(() => null));
  const coarse = await read({ points: 16 });
  expect(coarse.level).toBe(4);
  expect(coarse.values.get('layers[0]')).toEqual(range(0, 16, (i) => 4 * i + 1));
  expect(coarse.values.get('layers[1]:min')?.at(-1)).toBe(-62);
  const { csv } = seriesCsv(run, 'step', ['layers', 'layers[1]']);
  const lines = csv.split('\n').map((line) => line.split(',').slice(5).join());
  expect(lines.slice(0, 4)).toEqual(['layers[0],layers[1],layers[1]', '0,0,0', ',,', '2,-2,-2']);
  expect(() => seriesCsv(run, 'step', ['layers[2]'])).toThrow('did not record "layers[2]"');
});
