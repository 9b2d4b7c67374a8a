import { stringify } from 'yaml';
import { z } from 'zod';

type Part = Readonly<Record<string, unknown>>;

/** How a technique is published: network, optimiser, and length of training. */
interface PublishedTraining {
  network: Part;
  optimizer: Part;
  training: Part & { epochs: number; batchSize: number };
  source: string;
}

/** One technique with the one setting that it is judged by. */
export interface Arm {
  title: string;
  /** The title where there is little room. */
  short: string;
  technique: Part;
  /** Where that setting comes from. */
  source: string;
  published: PublishedTraining;
}

const mlp = (change: Part): Part => ({ kind: 'mlp', hidden: [200, 200], activation: 'relu', ...change });
const regularised = mlp({ batchNorm: true, dropout: 0.2 });

const ofDc3: PublishedTraining = {
  network: regularised,
  optimizer: { kind: 'adam', learningRate: 1e-4 },
  training: { epochs: 1000, batchSize: 200 },
  source: 'DC3, ICLR 2021',
};
/** Techniques that were not published with a network for these problems are trained as DC3 is. */
const asDc3: PublishedTraining = { ...ofDc3, source: 'none; trained as DC3' };

/** Every technique in the order in which the study runs them; presets in resources/experiments say the same. */
export const arms = {
  softPenalty: {
    title: 'Soft penalty',
    short: 'Penalty',
    technique: { lambda: 10 },
    source: 'default',
    published: asDc3,
  },
  augmentedLagrangian: {
    title: 'Augmented Lagrangian',
    short: 'ALM',
    technique: {},
    source: 'default',
    published: asDc3,
  },
  pcgrad: { title: 'PCGrad', short: 'PCGrad', technique: { lambda: 10 }, source: 'default', published: asDc3 },
  theseusLayer: {
    title: 'Theseus layer',
    short: 'Theseus',
    technique: { mode: 'project', backward: { kind: 'unroll' }, probe: { instances: 0 } },
    source: 'default: project, unrolled',
    published: asDc3,
  },
  dc3: {
    title: 'DC3',
    short: 'DC3',
    technique: {
      ...{ softWeight: 10, equalityShare: 0.5, violation: 'norm', rate: 1e-7, momentum: 0.5 },
      ...{ steps: 10, testSteps: 10, tolerance: 1e-4 },
    },
    source: 'as published',
    published: ofDc3,
  },
  hardNetAff: {
    title: 'HardNet-Aff',
    short: 'HardNet-Aff',
    technique: {},
    source: 'as published',
    published: {
      network: regularised,
      optimizer: { kind: 'adam', learningRate: 1e-3 },
      training: { epochs: 1000, batchSize: 500 },
      source: 'HardNet, 2024',
    },
  },
  convexProjection: {
    title: 'Convex projection',
    short: 'Projection',
    technique: {},
    source: 'default',
    published: asDc3,
  },
  piNet: {
    title: 'Π-net',
    short: 'Π-net',
    technique: {
      ...{ sigma: 1, omega: 1.7, iterations: 50, testIterations: 50, backwardIterations: 25 },
      equilibration: { iterations: 25, tolerance: 1e-3 },
    },
    source: 'as published',
    published: {
      network: mlp({}),
      optimizer: { kind: 'adam', learningRate: 1e-3 },
      training: { epochs: 50, batchSize: 2048 },
      source: 'Π-net, 2025; optimiser by default',
    },
  },
  fsNet: {
    title: 'FSNet',
    short: 'FSNet',
    technique: {
      ...{ distance: 5, scale: 1000, memory: 30, armijo: 1e-4, shrink: 0.5 },
      ...{ iterations: 50, differentiated: 30, tolerance: 1e-6 },
    },
    source: 'as published',
    published: {
      network: { kind: 'mlp', hidden: [1024, 1024, 1024, 1024], activation: 'silu' },
      optimizer: { kind: 'adamw', learningRate: 5e-4, weightDecay: 1e-3, clip: 1 },
      training: { epochs: 500, batchSize: 512 },
      source: 'FSNet, NeurIPS 2025',
    },
  },
} as const satisfies Record<string, Arm>;

export type ArmName = keyof typeof arms;
export const armNames = Object.keys(arms) as ArmName[];

export const allTechniquesSettings = z
  .strictObject({
    dataset: z.string().min(1).default('qcqp-n20').describe('Name of a dataset in the workspace or of a built-in one.'),
    protocol: z
      .enum(['equal time', 'published'])
      .default('equal time')
      .describe(
        'equal time: one network and optimiser for all, and the same seconds of training steps. published: each as it was published, to the end of its epochs or of the seconds.',
      ),
    budgetSeconds: z
      .number()
      .min(0)
      .default(120)
      .describe('Seconds of training steps of a run; 0, for the published protocol alone, for all epochs.')
      .meta({ unit: 's' }),
    seeds: z.int().min(1).max(100).default(3).describe('Runs of each technique, with seeds counted up from 0.'),
    width: z.int().min(1).default(200).describe('Of each of the two hidden layers, at equal time.'),
    batchSize: z.int().min(1).default(32).describe('Training instances in a step, at equal time.'),
    learningRate: z
      .number()
      .positive()
      .default(1e-3)
      .describe('Learning rate of Adam, constant, at equal time.')
      .meta({ scale: 'log' }),
    techniques: z
      .array(z.enum(armNames))
      .min(1)
      .default(armNames)
      .describe('Techniques; those that cannot be used on the dataset are left out, and the study says why.'),
    validations: z.int().min(2).max(1000).default(24).describe('Validations of a run, evenly over its seconds.'),
    threads: z
      .int()
      .min(0)
      .max(256)
      .default(1)
      .describe('Threads of a run; 0 for its share of the cores. Seconds are comparable at one number only.'),
  })
  .refine(({ protocol, budgetSeconds }) => protocol === 'published' || budgetSeconds > 0, {
    path: ['budgetSeconds'],
    error: 'equal time needs seconds above 0',
  });
export type AllTechniquesSettings = z.output<typeof allTechniquesSettings>;

/** Ends by its seconds long before. */
const endless = 10_000_000;

/** One experiment file a technique, so that one that does not fit the dataset keeps no other from running. */
export function techniqueSweep(settings: AllTechniquesSettings, name: ArmName): string {
  const { dataset, protocol, budgetSeconds, seeds, width, batchSize, learningRate, validations, threads } = settings;
  const arm: Arm = arms[name];
  const { network, optimizer, training } =
    protocol === 'published'
      ? arm.published
      : {
          network: mlp({ hidden: [width, width] }),
          optimizer: { kind: 'adam', learningRate },
          training: { epochs: endless, batchSize },
        };
  const validated =
    budgetSeconds > 0
      ? { budgetSeconds, validateSeconds: budgetSeconds / validations }
      : { validateEvery: Math.max(1, Math.floor(training.epochs / validations)) };
  return stringify({
    name: `${arm.title} on ${dataset}, ${protocol}`,
    dataset,
    network,
    technique: { kind: name, ...arm.technique },
    optimizer,
    training: { ...training, ...validated, gradientsEvery: 0, microBatches: 0 },
    threads,
    tags: ['study'],
    sweep: { repeats: seeds },
  });
}
