import { stringify } from 'yaml';
import { z } from 'zod';

/** Settings that the studies of the soft penalty share. */
export const penaltyStudySettings = z.strictObject({
  dataset: z.string().min(1).default('qcqp-n20').describe('Name of a dataset in the workspace or of a built-in one.'),
  seeds: z.int().min(1).max(100).default(3).describe('Runs of each setting, with seeds counted up from 0.'),
  epochs: z.int().min(1).max(1_000_000).default(300).describe('Passes over the training set.'),
  batchSize: z.int().min(1).default(32).describe('Training instances in a step.'),
  learningRate: z.number().positive().default(1e-3).describe('Learning rate of Adam, constant.').meta({ scale: 'log' }),
  width: z.int().min(1).default(200).describe('Of each of the two hidden layers.'),
});
type PenaltyStudySettings = z.output<typeof penaltyStudySettings>;

/** An experiment file: MLP, Adam, and the technique and axes that the study asks for. */
export function penaltySweep(
  name: string,
  { dataset, seeds, epochs, batchSize, learningRate, width }: PenaltyStudySettings,
  technique: Record<string, unknown>,
  axes: Record<string, unknown[]>,
): string {
  return stringify({
    name,
    dataset,
    network: { kind: 'mlp', hidden: [width, width] },
    technique,
    optimizer: { kind: 'adam', learningRate },
    training: { epochs, batchSize, gradientsEvery: 10 },
    tags: ['study'],
    sweep: { axes, repeats: seeds },
  });
}

export const lambdasSetting = z
  .array(z.number().positive())
  .min(2)
  .default([0.1, 1, 10, 100, 1000])
  .describe('Penalty weights λ.');

/** The sweep over constant λ, which two studies look at. */
export const lambdaSweep = (settings: PenaltyStudySettings & { lambdas: number[] }): string =>
  penaltySweep(
    `Penalty weight on ${settings.dataset}`,
    settings,
    { kind: 'softPenalty' },
    { 'technique.lambda': settings.lambdas },
  );
