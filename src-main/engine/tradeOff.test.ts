import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exampleRun, temporaryDirectory } from '../store/fixtures/examples';
import { MetricWriter } from '../store/metricWriter';
import type { RunDirectory } from '../store/runDirectory';
import { tradeOffPoint } from './tradeOff';

const gap = 'valid/gap_mean';
const violation = 'valid/ineq_max';
let directory: ReturnType<typeof temporaryDirectory>;
let run: RunDirectory;

beforeEach(() => {
  directory = temporaryDirectory();
  run = exampleRun(directory.path);
});
afterEach(() => directory.remove());

function write(rows: [gap: number | null, violation: number | null][]): void {
  const writer = MetricWriter.open(run, 1);
  const table = writer.table(
    'epoch',
    [gap, violation].map((key) => ({ key, kind: 'scalar', unit: '1' }) as const),
  );
  rows.forEach(([g, v], epoch) =>
    table.append({ step: epoch * 10, epoch, activeSeconds: epoch, wallTime: 0 }, { [gap]: g, [violation]: v }),
  );
  writer.close();
}

describe('a run between two metrics', () => {
  it('stands at its last epoch, or at the best one of either', () => {
    write([[0.4, 1], [-0.1, 0.5], [0.02, 0.2], [0.3, 0.1], [0.2, 0.15]]);
    expect(tradeOffPoint(run, violation, gap, 'last')).toMatchObject({ x: 0.15, y: 0.2, epoch: 4 });
    expect(tradeOffPoint(run, violation, gap, 'bestX')).toMatchObject({ x: 0.1, y: 0.3, epoch: 3 });
    // The best gap is the one nearest to zero.
    expect(tradeOffPoint(run, violation, gap, 'bestY')).toMatchObject({ x: 0.2, y: 0.02, epoch: 2 });
  }); // prettier-ignore

  it('is read only where both are numbers', () => {
    write([[0.4, 1], [0.3, 0.5], [NaN, 0.2], [0.1, null]]);
    expect(tradeOffPoint(run, violation, gap, 'last')).toMatchObject({ x: 0.5, y: 0.3, epoch: 1 });
  }); // prettier-ignore

  it('of equally good epochs stands at the first', () => {
    write([[0.4, 0], [0.3, 0], [0.2, 1]]);
    expect(tradeOffPoint(run, violation, gap, 'bestX')).toMatchObject({ x: 0, y: 0.4, epoch: 0 });
  }); // prettier-ignore

  it('has no place before it recorded both, and metrics of two clocks have none together', () => {
    expect(tradeOffPoint(run, violation, gap, 'last')).toEqual({ id: run.id, x: null, y: null, epoch: null });
    expect(() => tradeOffPoint(run, 'loss', gap, 'last')).toThrow('recorded at different times');
  });
});
