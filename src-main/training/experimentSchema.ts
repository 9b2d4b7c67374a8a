import { z } from 'zod';
import type { MethodInfo } from '@shared/contract';
import { flattenSettings } from '@shared/settings';
import { datasetExperimentSchema, familyOf, type DatasetExperiment } from '../modelling/datasetExperiment';
import { deviceRequests } from '../numerics/devices/device';
import { type Method, schemasOf } from '../modelling/method';
import { learningRates } from './learningRates/registry';
import { monitorSettings } from './monitor';
import { networks } from './networks/registry';
import { optimizers } from './optimizers/registry';
import { schedules } from './schedules/registry';
import { techniques } from './techniques/registry';

// This module describes experiments; it loads nothing that computes, so that engine and command line can use it.

const trainingLoopSchema = z.strictObject({
  epochs: z.int().min(1).max(10_000_000).default(300).describe('Passes over the training set.'),
  batchSize: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(32)
    .describe('Instances a step; the last batch of an epoch may be smaller.'),
  validateEvery: z.int().min(1).default(1).describe('Epochs between validations. The last epoch is always validated.'),
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
  device: z.enum(deviceRequests).default('auto').describe('Where to compute; auto takes the best device there is.'),
  seed: z
    .int()
    .min(0)
    .default(0)
    .describe('Seed of initial weights and order of the data. The same seed on the same device gives the same bits.'),
  tags: z.array(z.string()).default([]).describe('For filtering lists of runs.'),
  notes: z.string().default('').describe('Free text.'),
});

/** A training experiment with every default filled in. */
export type TrainingExperiment = z.output<typeof trainingExperimentSchema>;
export type NetworkSettings = TrainingExperiment['network'];
export type TechniqueSettings = TrainingExperiment['technique'];
export type OptimizerSettings = TrainingExperiment['optimizer'];

/** Every kind of experiment, by the value of its top-level `kind`. */
export const experimentSchemas = { training: trainingExperimentSchema, dataset: datasetExperimentSchema } as const;
export type ExperimentKind = keyof typeof experimentSchemas;
export type Experiment = TrainingExperiment | DatasetExperiment;

/** Settings that say what a run is called or where its data lie, not what it does. */
export const descriptive: ReadonlySet<string> = new Set(['kind', 'name', 'dataset', 'tags', 'notes']);

/** Fills in every default. @throws z.ZodError if the experiment is not valid; `parseExperiment` gives findings instead. */
export function resolveDefaults(experiment: unknown): TrainingExperiment {
  return trainingExperimentSchema.parse(experiment);
}

/**
 * Paths of settings that differ from their defaults, such as `optimizer.learningRate`. Settings of a method are compared with
 * the defaults of that method; the choice of another method than the default one is a change of its `kind`.
 */
export function changedSettings(experiment: Experiment): string[] {
  const given = flattenSettings(experiment);
  if (experiment.kind === 'dataset') {
    const defaults = flattenSettings({ family: familyOf(experiment).family.settings.parse({}) });
    return Object.keys(given).filter((path) => path in defaults && given[path] !== defaults[path]);
  }
  const { dataset, network, technique, optimizer } = experiment;
  const plain = flattenSettings(resolveDefaults({ dataset }));
  const chosen = {
    network: { kind: network.kind },
    technique: { kind: technique.kind },
    optimizer: { kind: optimizer.kind },
  };
  const standard = resolveDefaults({ dataset, ...chosen });
  // Methods within a method, such as the schedule of λ, are compared with their own defaults as well.
  const sameMethods = flattenSettings(
    resolveDefaults({
      dataset,
      network: { ...chosen.network, ...otherKinds(network, standard.network) },
      technique: { ...chosen.technique, ...otherKinds(technique, standard.technique) },
      optimizer: { ...chosen.optimizer, ...otherKinds(optimizer, standard.optimizer) },
    }),
  );
  return Object.keys(given).filter((path) => {
    if (descriptive.has(path)) return false;
    const reference = path.endsWith('.kind') && path in plain ? plain : sameMethods;
    return given[path] !== reference[path];
  });
}

/** The kinds alone of those settings that are methods themselves, where they are not the standard ones. */
function otherKinds(settings: object, standard: object): Record<string, { kind: string }> {
  const others: Record<string, { kind: string }> = {};
  for (const [name, value] of Object.entries(settings)) {
    const kind = kindOf(value);
    if (kind !== undefined && kind !== kindOf(standard[name as keyof typeof standard])) others[name] = { kind };
  }
  return others;
}

function kindOf(value: unknown): string | undefined {
  const isMethod = typeof value === 'object' && value !== null && 'kind' in value;
  return isMethod ? (value as { kind: string }).kind : undefined;
}

/** Every registered method with its settings as JSON Schema: for forms and the reference page. */
export function methods(): MethodInfo[] {
  const training = describe('experiment', {
    kind: 'training',
    title: 'Training',
    summary: 'Trains a network to map parameters x to solutions y of a family of problems.',
    reference: null,
    settings: trainingExperimentSchema,
  });
  const dataset = describe('experiment', {
    kind: 'dataset',
    title: 'Dataset',
    summary: 'Draws a family of problems and labels its instances with their optima and multipliers.',
    reference: null,
    settings: datasetExperimentSchema,
  });
  return [
    training,
    dataset,
    ...networks.map((method) => describe('network', method)),
    ...techniques.map((method) => describe('technique', method)),
    ...optimizers.map((method) => describe('optimizer', method)),
    ...schedules.map((method) => describe('schedule', method)),
    ...learningRates.map((method) => describe('learningRate', method)),
  ];
}

function describe(family: string, method: Method<string, z.ZodType>): MethodInfo {
  const { kind, title, summary, reference, settings, metrics } = method;
  return { family, kind, title, summary, reference, settings: jsonSchema(settings), metrics: [...(metrics ?? [])] };
}

/** What may be written (defaults are optional), as JSON Schema 2020-12. */
export function jsonSchema(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, {
    io: 'input',
    reused: 'inline',
    override({ jsonSchema }) {
      if (!('standard' in jsonSchema)) return;
      jsonSchema.default = jsonSchema.standard as object;
      delete jsonSchema.standard;
    },
  }) as Record<string, unknown>;
}
