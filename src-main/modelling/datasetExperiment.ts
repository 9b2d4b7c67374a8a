import { z } from 'zod';
import { datasetName, failurePolicies } from '@shared/datasets';
import { flattenSettings } from '@shared/settings';
import type { ExperimentKind } from './experimentKind';
import type { ProblemFamily } from './families/family';
import { matrixSettings } from './families/matrixSettings';
import { families, findFamily, requireSettings, type FamilySettings } from './families/registry';
import { describeMethod } from './method';

const [first, ...others] = families.map(({ kind, settings, title }) =>
  settings.extend({ kind: z.literal(kind).describe(title) }),
);

/** An experiment that generates and labels a dataset. */
export const datasetExperimentSchema = z.strictObject({
  kind: z.literal('dataset').default('dataset'),
  name: datasetName.default('dataset').describe('What lists call the run and the dataset; its file is named after it.'),
  family: z
    .discriminatedUnion('kind', [
      first,
      ...others,
      matrixSettings.extend({ kind: z.literal('matrix').describe('A problem of one’s own') }),
    ])
    .prefault({ kind: first.shape.kind.value })
    .describe('The family of problems and its settings.'),
  failures: z
    .enum(failurePolicies)
    .default('refuse')
    .describe('Instances without a label, because no y satisfies their rows: refuse the dataset, or leave them out.'),
  format: z.enum(['npz', 'pkl']).default('npz').describe('Of the file.'),
  checkpointSeconds: z
    .number()
    .positive()
    .max(86_400)
    .default(5)
    .describe('Seconds between checkpoints.')
    .meta({ unit: 's' }),
  tags: z.array(z.string()).default([]).describe('For filtering lists of runs.'),
  notes: z.string().default('').describe('Free text.').meta({ lines: true }),
});
export type DatasetExperiment = z.output<typeof datasetExperimentSchema>;

type FamilyOfExperiment = DatasetExperiment['family'];
/** A problem of one's own, whose file has to be read (solvers/qcqp/ownProblem.ts). */
export const isMatrixFamily = (family: FamilyOfExperiment): family is Extract<FamilyOfExperiment, { kind: 'matrix' }> =>
  family.kind === 'matrix';

/** The family of the registry that an experiment names, and its settings. @throws AdjointError `not-found`, `bad-request` */
export function familyOf(experiment: DatasetExperiment): { family: ProblemFamily; settings: FamilySettings } {
  const { kind, ...given } = experiment.family as { kind: string } & Record<string, unknown>;
  const family = findFamily(kind);
  return { family, settings: requireSettings(family, given) };
}

/** Experiments that make a dataset. */
export const datasetKind: ExperimentKind<'dataset', DatasetExperiment> = {
  kind: 'dataset',
  schema: datasetExperimentSchema,
  methods: () => [
    describeMethod('experiment', {
      kind: 'dataset',
      title: 'Dataset',
      summary: 'Draws a family of problems and labels its instances with their optima and multipliers.',
      reference: null,
      settings: datasetExperimentSchema,
    }),
  ],
  changed(experiment) {
    const given = flattenSettings(experiment);
    const schema = isMatrixFamily(experiment.family)
      ? matrixSettings.partial({ file: true })
      : familyOf(experiment).family.settings;
    const defaults = flattenSettings({ family: schema.parse({}) });
    return Object.keys(given).filter((path) => path in defaults && given[path] !== defaults[path]);
  },
  seed: ({ family }) => Number(family.seed),
  repeated: null,
  data: () => null,
  work: () => null,
  entryNames: () => null,
  headline: ['labels/violation_max', 'labels/gap_max'],
};
