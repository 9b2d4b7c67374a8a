import { expect, it } from 'vitest';
import type { Manifest } from '@shared/run';
import { hypergradientsSchema } from '../bilevel/comparison/experimentSchema';
import type { Checkpoint } from '../store/checkpoint';
import { hypergradientsJob } from './hypergradientsJob';
import type { Job } from './job';

const experiment = hypergradientsSchema.parse({
  ...{ problem: { kind: 'coupled', d: 6 }, points: 2, deltas: [1e-3, 1e-2], ssigdSteps: 3, budgetSeconds: 0.05 },
});

function jobOf(checkpoint: Checkpoint | null, lines: string[] = []): Promise<Job> {
  const manifest = { experiment } as unknown as Manifest;
  const surroundings = { device: null, dataPath: null, threads: 1, labelsEntry: '', workspace: undefined };
  return hypergradientsJob.create({ manifest, ...surroundings, log: (line) => lines.push(line) }, checkpoint);
}

it('a comparison that was cut goes on with the next measurement, and measures the same problem', async () => {
  const errors: Record<number, unknown> = {};
  let job = await jobOf(null);
  const declared = new Set(job.columns.step!.map(({ key }) => key));
  const steps: number[] = [];
  while (!job.finished()) {
    const { step } = job.position();
    steps.push(step);
    await job.advance((_, values) => {
      expect(Object.keys(values).filter((key) => !declared.has(key))).toEqual([]);
      errors[step] = values['hypergradient/implicit_error'];
    });
    job = await jobOf(await job.save(0));
  }
  expect(steps).toEqual([...Array(job.total).keys()]);
  const whole = await jobOf(null);
  await whole.advance((_, values) => expect(values['hypergradient/implicit_error']).toBe(errors[0]));
  await whole.advance((_, values) => expect(values['hypergradient/implicit_error']).toBe(errors[1]));
  expect(whole.total).toBe(8);
});
