import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableFromIPC, type Vector } from 'apache-arrow';
import { afterAll, describe, expect, it } from 'vitest';
import { readClock } from '../store/metricReader';
import { MetricWriter } from '../store/metricWriter';
import { RunDirectory } from '../store/runDirectory';
import { changesOf, filmRows, pickedRows } from './filmRows';
import { principalDirections } from './outputPlane';

const folder = mkdtempSync(join(tmpdir(), 'adjoint-film-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = RunDirectory.create(join(folder, 'run'), {
  ...{ format: 'adjoint-run/1', id: 'run', name: 'run', kind: 'training', createdAt: new Date().toISOString() },
  ...{ experiment: {}, source: null, seed: 0, dataset: null, code: { version: 'test', commit: null } },
  ...{ launch: 'direct', clonedFrom: null, sweep: null },
});
const writer = MetricWriter.open(run, 1);
const epochs = writer.table('epoch', [
  { key: 'v', kind: 'vector', unit: '1', length: 2 },
  { key: 'h', kind: 'histogram', unit: '1', length: 2 },
  { key: 'gap', kind: 'scalar', unit: '1' },
]);
const steps = writer.table('step', [{ key: 'lambda', kind: 'scalar', unit: '1' }]);
for (let k = 0; k < 9; k++) {
  const index = { step: 10 * k, epoch: k, activeSeconds: k / 2, wallTime: k };
  epochs.append(index, { v: k === 4 ? null : Float64Array.of(k, k === 0 ? NaN : -k), h: Float64Array.of(0, 1, 2, k, 1), gap: 1 / (k + 1) });
  steps.append(index, { lambda: k < 5 ? 1 : 10 });
} // prettier-ignore
writer.close();

describe('rows of a film', () => {
  it('come in one Arrow stream: scalars, vectors, histograms with their edges; null is not measured and NaN no number', () => {
    const { bytes, total } = filmRows(run, 'epoch', { metrics: ['v', 'h', 'gap', 'unknown'], most: 3, at: 6.5 });
    const table = tableFromIPC(bytes);
    expect(total).toBe(9);
    expect(table.schema.fields.map(({ name }) => name)).toEqual(['step', 'epoch', 'activeSeconds', 'v', 'h', 'gap']);
    expect([...table.getChild('epoch')!]).toEqual([0, 4, 6, 8]);
    const rows = [...table.getChild('v')!].map((row: Vector | null) => row && [...row]);
    expect(rows).toEqual([[0, NaN], null, [6, -6], [8, -8]]);
    expect([...(table.getChild('h')!.get(2) as Vector)]).toEqual([0, 1, 2, 6, 1]);
    expect(table.getChild('gap')!.get(1)).toBe(1 / 5);
  });

  it('are picked evenly, with the last one at or before an epoch', () => {
    expect(pickedRows(Float64Array.of(0, 1, 2, 3, 4), 2, 2.9)).toEqual([0, 2, 4]);
    expect(pickedRows(new Float64Array(0), 5, 1)).toEqual([]);
    expect(pickedRows(Float64Array.of(3), 5, 1)).toEqual([0]);
  });

  it('have ticks where λ changes, the first value not being a change', () => {
    expect(changesOf(readClock(run, 'step', ['lambda']), 'lambda')).toEqual({
      changes: [{ step: 50, epoch: 5, activeSeconds: 2.5, value: 10 }],
      many: false,
    });
  });
});

it('principal directions of rows are their leading right singular vectors', () => {
  const u = [0.6, 0, 0.8, 0];
  const v = [0, 1, 0, 0];
  const rows = [
    [3, 1],
    [-3, 1],
    [2, -1],
    [-2, -1],
  ].map(([a, b]) => Float64Array.from(u, (value, j) => a * value + b * v[j] + (j === 3 ? 0.01 * a : 0)));
  const [first, second] = principalDirections(rows, 4);
  // Of the scatter 26·(u + 0.01 e₄)(u + 0.01 e₄)ᵀ + 4 vvᵀ; the first row has positive coordinates.
  const length = Math.hypot(1, 0.01);
  [0.6, 0, 0.8, 0.01].forEach((value, j) => expect(first[j]).toBeCloseTo(value / length, 10));
  v.forEach((value, j) => expect(second[j]).toBeCloseTo(value, 10));
});
