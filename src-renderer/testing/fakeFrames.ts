import { Field, Float64, makeData, RecordBatch, Schema, Struct, Table, tableToIPC } from 'apache-arrow';
import type { GroupRequest, SeriesRequest } from '@shared/frames';
import { fakeValue, stepsPerEpoch } from './fakeCurves';

/** A snapshot frame with buckets, as the engine would make it. */
export function seriesFrame(run: number, spec: SeriesRequest, done: number, total: number): Uint8Array {
  const every = spec.clock === 'step' ? 1 : stepsPerEpoch;
  const scale = spec.x === 'epoch' ? 1 / stepsPerEpoch : spec.x === 'activeSeconds' ? 1 / 70 : 1;
  const steps: number[] = [];
  for (let step = 0; step < done; step += every)
    if ((spec.from === undefined || step * scale >= spec.from) && (spec.to === undefined || step * scale <= spec.to))
      steps.push(step);
  const level = Math.max(1, Math.ceil(steps.length / (spec.points ?? 2000)));
  const x: number[] = [];
  const columns = new Map<string, number[]>();
  for (const metric of spec.metrics)
    for (const suffix of level > 1 ? ['', ':min', ':max'] : ['']) columns.set(metric + suffix, []);
  for (let first = 0; first < steps.length; first += level) {
    const bucket = steps.slice(first, first + level);
    x.push(bucket[0] * scale);
    for (const metric of spec.metrics) {
      const values = bucket.map((step) => fakeValue(run, metric, step, total));
      columns.get(metric)?.push(values.reduce((a, b) => a + b, 0) / values.length);
      columns.get(`${metric}:min`)?.push(Math.min(...values));
      columns.get(`${metric}:max`)?.push(Math.max(...values));
    }
  }
  return encodeFrameTable(new Map([['x', x], ...columns]), {
    offset: '0',
    level: String(level),
    rows: String(steps.length),
    live: '1',
  });
}

/** A snapshot of a group: mean, least and greatest of the runs that reach each place. */
export function groupFrame(runs: { index: number; done: number; total: number }[], spec: GroupRequest): Uint8Array {
  const every = spec.clock === 'step' ? Math.ceil(Math.max(...runs.map(({ done }) => done)) / 400) : stepsPerEpoch;
  const scale = spec.x === 'epoch' ? 1 / stepsPerEpoch : spec.x === 'activeSeconds' ? 1 / 70 : 1;
  const columns = new Map<string, (number | null)[]>([['x', []]]);
  for (let step = 0; step < Math.max(...runs.map(({ done }) => done)); step += every) {
    columns.get('x')?.push(step * scale);
    for (const metric of spec.metrics) {
      const values = runs
        .filter(({ done }) => step < done)
        .map(({ index, total }) => fakeValue(index, metric, step, total));
      const put = (name: string, value: number) => columns.set(name, [...(columns.get(name) ?? []), value]);
      put(metric, values.reduce((a, b) => a + b, 0) / values.length);
      put(`${metric}:min`, values.length > 1 ? Math.min(...values) : NaN);
      put(`${metric}:max`, values.length > 1 ? Math.max(...values) : NaN);
      put(`${metric}:count`, values.length);
    }
  }
  return encodeFrameTable(columns, { offset: '0', level: String(every), rows: '0', live: '0' });
}

/** Columns as the payload of a data frame; null = not measured. (Arrow's builders make code at run time, which the page forbids.) */
export function encodeFrameTable(
  columns: Map<string, (number | null)[]>,
  metadata: Record<string, string>,
): Uint8Array {
  const fields = [...columns.keys()].map((name) => new Field(name, new Float64(), true));
  const schema = new Schema(fields, new Map(Object.entries(metadata)));
  const length = [...columns.values()][0].length;
  const children = [...columns.values()].map((values) => {
    const nullBitmap = new Uint8Array(Math.ceil(length / 8));
    values.forEach((value, i) => value !== null && (nullBitmap[i >> 3] |= 1 << (i & 7)));
    return makeData({
      type: new Float64(),
      length,
      data: Float64Array.from(values, (value) => value ?? 0),
      nullBitmap,
    });
  });
  const data = makeData({ type: new Struct(schema.fields), length, children, nullCount: 0 });
  return tableToIPC(new Table(schema, new RecordBatch(schema, data)), 'stream');
}
