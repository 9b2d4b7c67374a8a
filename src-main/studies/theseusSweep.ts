import { stringify } from 'yaml';
import { z } from 'zod';
import { tail } from './estimates';
import type { StudyRun } from './study';

/** Settings that the studies of the Theseus layer share. */
export const theseusStudySettings = z.strictObject({
  dataset: z.string().min(1).default('qcqp-n20').describe('Name of a dataset in the workspace or of a built-in one.'),
  seeds: z.int().min(1).max(100).default(3).describe('Runs of each setting, with seeds counted up from 0.'),
  epochs: z.int().min(1).max(1_000_000).default(20).describe('Passes over the training set.'),
  batchSize: z.int().min(1).default(30).describe('Training instances in a step.'),
  learningRate: z.number().positive().default(1e-3).describe('Learning rate of Adam, constant.').meta({ scale: 'log' }),
  width: z.int().min(1).default(200).describe('Of each of the two hidden layers.'),
  anchor: z.number().positive().default(0.1).describe('Anchor weight w.').meta({ scale: 'log' }),
  lambda: z
    .number()
    .min(0)
    .default(10)
    .describe(
      'Weight of the squared residual of the layer’s output, without which the mode anchored has no reason to be feasible.',
    ),
});
export type TheseusStudySettings = z.output<typeof theseusStudySettings>;

/** An experiment file: MLP, Adam, and the layer with the settings and axes that the study asks for. */
export function theseusSweep(
  name: string,
  { dataset, seeds, epochs, batchSize, learningRate, width, anchor, lambda }: TheseusStudySettings,
  technique: Record<string, unknown>,
  axes: Record<string, unknown[]>,
  training: Record<string, unknown> = {},
): string {
  return stringify({
    name,
    dataset,
    network: { kind: 'mlp', hidden: [width, width] },
    technique: {
      kind: 'theseusLayer',
      anchor: { weight: anchor },
      loss: { lambda },
      probe: { instances: 24, iterations: 60, every: 2 },
      ...technique,
    },
    optimizer: { kind: 'adam', learningRate },
    training: { epochs, batchSize, gradientsEvery: 0, ...training },
    tags: ['study'],
    sweep: { axes, repeats: seeds },
  });
}

/** Runs that have gone where the layer does not work: a gap of more than the optimum’s own size. */
export function lost(runs: readonly StudyRun[]): string[] {
  const gone = runs.filter((run) => !(Math.abs(tail(run, 'valid/gap_mean')) <= 1));
  if (gone.length === 0) return [];
  const ways = new Set(
    gone.map(({ summary: { settings } }) =>
      ['technique.mode', 'technique.backward.kind', 'technique.iterations'].map((key) => settings[key]).join(' '),
    ),
  );
  return [
    `${gone.length} of ${runs.length} runs exploded (gap beyond 1): ${[...ways].join(', ')}. Means over them say that, and no more.`,
  ];
}
