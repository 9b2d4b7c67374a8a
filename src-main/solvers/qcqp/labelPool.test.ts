import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { generateQcqp, qcqpSettings, type QcqpSettings } from '../../modelling/families/qcqp';
import { LabelPool } from './labelPool';
import { QcqpSolver } from './solver';

const entry = resolve('out/node/labels.mjs');
const draw = (change: Partial<QcqpSettings> = {}) =>
  generateQcqp(qcqpSettings.parse({ n: 20, m: 10, e: 10, instances: 101, ...change }));

const pools: LabelPool[] = [];
function open(threads: number): LabelPool {
  const pool = new LabelPool(entry, threads);
  pools.push(pool);
  return pool;
}
afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())));

describe('labels over worker threads', () => {
  it('are the same bits on one, two and five threads, and in this thread', async () => {
    const instances = draw();
    const [one, two, five] = await Promise.all([1, 2, 5].map((threads) => open(threads).label(instances)));
    for (const name of ['Y', 'inequality', 'equality', 'objective', 'violation', 'gap'] as const) {
      expect(two![name]).toEqual(one![name]);
      expect(five![name]).toEqual(one![name]);
    }
    expect(one!.failed).toEqual([]);
    const solver = new QcqpSolver(instances.family);
    for (const i of [0, 57, 100]) {
      expect(one!.Y.slice(i * 20, (i + 1) * 20)).toEqual(solver.solve(instances.X, i * 10).y);
      expect(one!.status(i)).toBe('optimal');
    }
  });

  it('a pool takes one batch after the other, of different sizes', async () => {
    const pool = open(2);
    for (const instances of [draw({ instances: 1 }), draw({ n: 8, m: 3, e: 2, instances: 30 })]) {
      const labels = await pool.label(instances);
      expect(labels!.Y.length).toBe(instances.N * instances.family.n);
      expect(labels!.failed).toEqual([]);
    }
  });

  it('one bad instance does not spoil the batch, and is named', async () => {
    const instances = draw({ instances: 20 });
    instances.X.fill(1e3, 7 * 10, 8 * 10);
    const labels = await open(2).label(instances);
    expect(labels!.failed).toEqual([7]);
    expect(labels!.status(7)).toBe('primal infeasible');
  });

  it('stops when it is cancelled, and can go on with another batch', async () => {
    const pool = open(2);
    const stop = new AbortController();
    let seen = 0;
    const cancelled = await pool.label(draw({ n: 100, m: 50, e: 50, instances: 5000 }), {
      signal: stop.signal,
      onProgress: (done, total) => {
        seen = done;
        expect(total).toBe(5000);
        stop.abort();
      },
    });
    expect(cancelled).toBeNull();
    expect(seen).toBeLessThan(5000);
    expect((await pool.label(draw({ instances: 3 })))!.failed).toEqual([]);
  });

  it('refuses a family whose A has dependent rows', async () => {
    const instances = draw();
    instances.family.A.copyWithin(20, 0, 20);
    await expect(open(2).label(instances)).rejects.toMatchObject({ problem: { code: 'bad-request', where: 'A' } });
  });
});
