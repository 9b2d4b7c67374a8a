import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { MetricWriter } from '../store/metricWriter';
import { RunDirectory } from '../store/runDirectory';
import { seriesCsv, vectorRows } from './seriesQueries';

const folder = mkdtempSync(join(tmpdir(), 'adjoint-vectors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('rows of a vector are picked evenly, the first and the last among them; what was not measured is null', () => {
  const run = RunDirectory.create(join(folder, 'run'), {
    ...{ format: 'adjoint-run/1', id: 'run', name: 'run', kind: 'training', createdAt: new Date().toISOString() },
    ...{ experiment: {}, source: null, seed: 0, dataset: null, code: { version: 'test', commit: null } },
    ...{ launch: 'direct', clonedFrom: null, sweep: null },
  });
  const writer = MetricWriter.open(run, 1);
  const table = writer.table('epoch', [{ key: 'v', kind: 'vector', unit: '1', length: 2 }]);
  for (let k = 0; k < 9; k++)
    table.append(
      { step: 10 * k, epoch: k, activeSeconds: k, wallTime: k },
      { v: k === 4 ? null : Float64Array.of(k, k === 0 ? NaN : -k) },
    );
  writer.close();
  const rows = vectorRows(run, 'epoch', ['v', 'unknown'], 3);
  expect(rows).toEqual({ step: [0, 40, 80], epoch: [0, 4, 8], total: 9, values: { v: [[0, 0], null, [8, -8]] } });
});

it('of a histogram come the counts, without the edges that lie before them; in a table every bin has a column', () => {
  const run = RunDirectory.create(join(folder, 'histogram'), {
    ...{ format: 'adjoint-run/1', id: 'h', name: 'h', kind: 'training', createdAt: new Date().toISOString() },
    ...{ experiment: {}, source: null, seed: 0, dataset: null, code: { version: 'test', commit: null } },
    ...{ launch: 'direct', clonedFrom: null, sweep: null },
  });
  const writer = MetricWriter.open(run, 1);
  const table = writer.table('epoch', [{ key: 'h', kind: 'histogram', unit: '1', length: 2 }]);
  table.append(
    { step: 0, epoch: 0, activeSeconds: 0, wallTime: 0 },
    { h: Float64Array.of(-Infinity, 0, Infinity, 3, 4) },
  );
  writer.close();
  expect(vectorRows(run, 'epoch', ['h'], 3).values).toEqual({ h: [[3, 4]] });
  expect(seriesCsv(run, 'epoch', ['h']).csv).toBe(
    'sequence,step,epoch,activeSeconds,wallTime,h[0],h[1]\n0,0,0,0,0,3,4\n',
  );
});
