import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { MetricWriter } from '../store/metricWriter';
import { RunDirectory } from '../store/runDirectory';
import { vectorRows } from './seriesQueries';

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
