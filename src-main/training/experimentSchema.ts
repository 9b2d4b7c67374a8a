import { z } from 'zod';
import { deviceRequests } from '../numerics/devices/device';
import { schemasOf } from '../modelling/method';
import { diagnosticsSchema } from './diagnosticsSchema';
import { monitorSettings } from './monitor';
import { networks } from './networks/registry';
import { optimizers } from './optimizers/registry';
import { techniques } from './techniques/registry';

// This module describes experiments; it loads nothing that computes, so that engine and command line can use it.

const trainingLoopSchema = z.strictObject({
  epochs: z.int().min(1).max(10_000_000).default(300).describe('Passes over the training set.'),
  budgetSeconds: z
    .number()
    .min(0)
    .max(31_536_000)
    .default(0)
    .describe(
      'Training ends after the step that passes this many seconds of training steps, or with the last epoch; 0 for no budget. ' +
        'Validation, diagnostics and pauses do not count. How many steps fit depends on the machine.',
    )
    .meta({ unit: 's' }),
  batchSize: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(32)
    .describe('Instances a step; the last batch of an epoch may be smaller.'),
  validateEvery: z.int().min(1).default(1).describe('Epochs between validations. The last epoch is always validated.'),
  validateSeconds: z
    .number()
    .min(0)
    .max(31_536_000)
    .default(0)
    .describe(
      'Seconds of training steps between validations, wherever in an epoch that is, in the place of validateEvery; 0 for epochs.',
    )
    .meta({ unit: 's' }),
  gradientsEvery: z
    .int()
    .min(0)
    .default(10)
    .describe(
      'Steps between comparisons of objective and penalty gradient, each the price of about three steps; 0 for none.',
    ),
  microBatches: z
    .int()
    .min(0)
    .max(64)
    .default(4)
    .describe(
      'Parts of the batch whose gradients are compared for the signal-to-noise ratio, at the steps of gradientsEvery; below 2 for none.',
    ),
  earlyStopping: z
    .strictObject({
      ...monitorSettings('valid/dist_mean', 1),
      patience: z
        .int()
        .min(0)
        .max(1_000_000)
        .default(0)
        .describe('Validations in a row without improvement after which training ends; 0 for never.'),
    })
    .prefault({})
    .describe(
      'Ends training when a validation metric has stopped improving; the checkpoint of the best value is kept.',
    ),
  checkpointSeconds: z
    .number()
    .positive()
    .max(86_400)
    .default(30)
    .describe('Seconds between checkpoints.')
    .meta({ unit: 's' }),
  keepCheckpoints: z.int().min(1).max(1000).default(3).describe('How many of the newest checkpoints are kept.'),
  keepEvery: z
    .int()
    .min(0)
    .max(10_000_000)
    .default(0)
    .describe('Epochs between milestones, checkpoints that are kept for ever, the first weights included; 0 for none.'),
});

export const trainingExperimentSchema = z.strictObject({
  kind: z.literal('training').default('training'),
  name: z.string().trim().min(1).max(200).default('Training').describe('What lists call the run.'),
  dataset: z
    .string({ error: (issue) => (issue.input === undefined ? 'is missing: name a dataset or give a path' : undefined) })
    .min(1)
    .describe('Name of a dataset in the workspace or of a built-in one, or a path.'),
  network: z.discriminatedUnion('kind', schemasOf(networks)).prefault({ kind: 'mlp' }).describe('What is trained.'),
  technique: z
    .discriminatedUnion('kind', schemasOf(techniques))
    .prefault({ kind: 'softPenalty' })
    .describe('How the constraints are respected.'),
  optimizer: z
    .discriminatedUnion('kind', schemasOf(optimizers))
    .prefault({ kind: 'adam' })
    .describe('How weights are updated.'),
  training: trainingLoopSchema.prefault({}).describe('Length, batches, measurements and checkpoints.'),
  diagnostics: diagnosticsSchema
    .prefault({})
    .describe('What is looked at during training, at intervals of its own; it changes nothing of the training.'),
  device: z.enum(deviceRequests).default('auto').describe('Where to compute; auto takes the best device there is.'),
  threads: z
    .int()
    .min(0)
    .max(256)
    .default(0)
    .describe('Threads that the run computes on; 0 for its share of the cores. The numbers do not depend on it.'),
  seed: z
    .int()
    .min(0)
    .default(0)
    .describe('Seed of initial weights and order of the data. The same seed on the same device gives the same bits.'),
  tags: z.array(z.string()).default([]).describe('For filtering lists of runs.'),
  notes: z.string().default('').describe('Free text.').meta({ lines: true }),
});

/** A training experiment with every default filled in. */
export type TrainingExperiment = z.output<typeof trainingExperimentSchema>;
export type NetworkSettings = TrainingExperiment['network'];
export type TechniqueSettings = TrainingExperiment['technique'];
export type OptimizerSettings = TrainingExperiment['optimizer'];

/** Fills in every default. @throws z.ZodError if the experiment is not valid; `parseExperiment` gives findings instead. */
export function resolveDefaults(experiment: unknown): TrainingExperiment {
  return trainingExperimentSchema.parse(experiment);
}
