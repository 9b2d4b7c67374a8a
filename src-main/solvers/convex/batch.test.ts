import { resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConvexPool, solveBatch } from './batch';
import { randomProblem } from './fixtures/random';
import { convexProblem } from './problem';

describe('a batch over worker threads', () => {
  const entry = resolve('out/node/convex.mjs');
  const pool = new ConvexPool(entry, 2);
  afterAll(() => pool.close());
  const bad = convexProblem(2, { p: Float64Array.of(NaN, 1) });
  const problems = [
    ...Array.from({ length: 12 }, (_, seed) => randomProblem(seed % 2 ? 'qcqp' : 'socp', seed)),
    bad,
    randomProblem('infeasible-lp', 1),
    randomProblem('unbounded-qp', 1),
  ];
  const points = (results: ReturnType<typeof solveBatch> | null) =>
    results!.map(({ solution, problem }) => (solution ? [solution.status, ...solution.y] : [problem.code]));

  it('gives the bits of one thread, in order, with a status or a refusal for every instance', async () => {
    const seen: number[] = [];
    const results = await pool.solve(problems, { onProgress: (done) => seen.push(done) });
    expect(points(results)).toEqual(points(solveBatch(problems)));
    expect(
      points(results)
        .slice(12)
        .map(([first]) => first),
    ).toEqual(['bad-request', 'primal infeasible', 'dual infeasible']);
    expect(seen.at(-1)).toBe(problems.length);
  });

  it('stops when it is cancelled', async () => {
    expect(await pool.solve(problems, { signal: AbortSignal.abort() })).toBe(null);
  });

  it('fails with a name when a thread dies', async () => {
    const broken = new ConvexPool(resolve('no-such-entry.mjs'), 1);
    await expect(broken.solve(problems)).rejects.toMatchObject({ code: 'internal' });
    await broken.close();
  });
});
