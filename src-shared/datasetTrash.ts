import { z } from 'zod';
import { datasetName } from './datasets';
import { problemSchema } from './errors';

// Datasets that were moved to `datasets/trash`: files, which can be brought back under their names.

export const trashedDatasetSchema = z.object({
  /** Its name in the trash, by which it is asked for. */
  file: z.string(),
  /** What it was called. */
  name: z.string(),
  path: z.string(),
  bytes: z.number(),
  /** Null for a file that somebody put there by hand. */
  trashedAt: z.string().nullable(),
});
export type TrashedDataset = z.infer<typeof trashedDatasetSchema>;

/** `name` brings it back under another name. */
export const restoreDatasetSchema = z.object({ file: z.string(), name: datasetName.optional() });
export const purgeDatasetsSchema = z.object({ files: z.array(z.string()).min(1) });
/** One bad file does not spoil the others. */
export const refusedFilesSchema = z.object({
  refused: z.array(z.object({ file: z.string(), problem: problemSchema })),
});
