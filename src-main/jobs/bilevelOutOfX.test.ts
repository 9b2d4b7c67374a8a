import { expect, it, vi } from 'vitest';
import type { Manifest } from '@shared/run';
import { resolveBilevel } from '../bilevel/experimentSchema';
import type * as SetUp from '../bilevel/setUp';
import { bilevelJob } from './bilevelJob';

// Every algorithm keeps x in X. This one takes a step too far after the second.
vi.mock('../bilevel/setUp', async (original) => {
  const { setUp } = await original<typeof SetUp>();
  return {
    setUp: (...given: Parameters<typeof setUp>) => {
      const parts = setUp(...given);
      const { solver } = parts;
      const step = (state: ReturnType<typeof solver.init>) => {
        solver.step(state);
        if (state.iteration === 2) state.x[0] = 7;
      };
      return { ...parts, solver: { ...solver, step } };
    },
  };
});

const text = JSON.stringify({
  format: 'bilevel/1',
  ...{ x: ['x'], y: ['y'], upper: { minimize: '(x - 1)^2 + y^2', subjectTo: ['x <= 2', 'x >= -2'] } },
  lower: { minimize: '0.5*y^2 - 0.1*x*y', subjectTo: ['y <= 1', 'y >= -1'] },
});

function jobOf(onBadIterate: string, lines: string[]) {
  const algorithm = { kind: 'ssigd', iterations: 4, beta: 0.1, radius: 0 };
  const experiment = resolveBilevel({ problem: { kind: 'text', text }, algorithm, onBadIterate });
  const surroundings = { device: null, dataPath: null, threads: 1, labelsEntry: '', workspace: undefined };
  const manifest = { experiment } as unknown as Manifest;
  return bilevelJob.create({ manifest, ...surroundings, log: (line) => lines.push(line) }, null);
}

it('a step that leads out of X stops the run, which names it and keeps the point', async () => {
  const job = await jobOf('stop', []);
  const run = async () => {
    while (!job.finished()) await job.advance(() => undefined);
  };
  await expect(run()).rejects.toMatchObject({
    code: 'diverged',
    problem: { what: 'Step 2: The step leads out of X: x₀ = 7.', where: 'x = (7)' },
  });
  expect((await job.save(0)).tensors.get('x')!.data[0]).toBe(7);
});

it('or, where it goes on, x is taken halfway back and into X', async () => {
  const lines: string[] = [];
  const job = await jobOf('goOn', lines);
  const rows: Record<string, unknown>[] = [];
  while (!job.finished()) await job.advance((_, values) => rows.push(structuredClone(values)));
  expect(lines.join('\n')).toContain('leads out of X');
  expect((rows[2]['bilevel/x'] as Float64Array)[0]).toBe(2);
  expect(rows.at(-1)!['bilevel/bad_iterates']).toBe(1);
});
