import { z } from 'zod';
import { problemSchema } from './errors';

/** Where a generated dataset comes from; kept inside the file, so that it survives copying and renaming. */
export const provenanceSchema = z.object({
  format: z.literal('adjoint-dataset/1'),
  family: z.string(),
  /** Settings with every default filled in. */
  settings: z.record(z.string(), z.unknown()),
  seed: z.number(),
  /** Version of the generator: the same settings and version give the same numbers. */
  generator: z.number().int(),
  code: z.object({ version: z.string(), commit: z.string().nullable() }),
  createdAt: z.string(),
  /** The run that made it; null for the command line. */
  run: z.string().nullable(),
  /** Active seconds and threads that drawing and labelling took. */
  seconds: z.number(),
  threads: z.number().int(),
  labels: z.object({
    worstViolation: z.number(),
    worstGap: z.number(),
    /** Instances by the solver's status, among those drawn. */
    statuses: z.record(z.string(), z.number().int()),
    /** Numbers of the drawn instances that were left out because they have no label. */
    leftOut: z.array(z.number().int()),
  }),
  /** SHA-256 over names, types, shapes and bytes of the arrays. */
  sha256: z.string(),
});
export type Provenance = z.infer<typeof provenanceSchema>;

export const datasetInfoSchema = z.object({
  name: z.string(),
  path: z.string(),
  bytes: z.number(),
  modifiedAt: z.string().nullable(),
  /** It comes with Adjoint and cannot be removed. */
  builtIn: z.boolean(),
  family: z.string().nullable(),
  dims: z.record(z.string(), z.number()),
  arrays: z.array(z.object({ name: z.string(), dtype: z.string(), shape: z.array(z.number()) })),
  splits: z.record(z.string(), z.number()),
  /** Null for a file that was not generated here. `intact` = its arrays are the ones that were written. */
  provenance: provenanceSchema.extend({ intact: z.boolean() }).nullable(),
  /**
   * Recomputed from the file: the largest violation of a label and the instance that has it, and, from the multipliers where there are
   * any, the largest relative gap, over the first `checked` instances.
   */
  labels: z
    .object({ checked: z.number(), violation: z.number(), instance: z.number(), gap: z.number().nullable() })
    .nullable(),
  problem: problemSchema.nullable(),
});
export type DatasetInfo = z.infer<typeof datasetInfoSchema>;

/** Names of datasets are names of files. */
export const datasetName = z
  .string()
  .regex(
    /^[A-Za-z0-9][\w.+-]{0,99}$/,
    'letters, digits and . _ + - only, at most 100, beginning with a letter or digit',
  );

/** What happens to instances that have no label, because no y satisfies their rows. */
export const failurePolicies = ['refuse', 'leaveOut'] as const;

export const generateDatasetSchema = z.object({
  family: z.string(),
  settings: z.record(z.string(), z.unknown()),
  name: datasetName,
  failures: z.enum(failurePolicies).default('refuse'),
  format: z.enum(['npz', 'pkl']).default('npz'),
  checkpointSeconds: z.number().positive().max(86_400).optional(),
});
export type GenerateDataset = z.infer<typeof generateDatasetSchema>;
