import { z } from 'zod';

// A problem of one's own, from which a dataset is made by letting a part of it vary.

/** Where it is: `kept` is one that was opened before. A browser does not tell paths: it sends the bytes, in base64. */
export const openProblemSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('path'), path: z.string().min(1) }),
  z.object({ kind: z.literal('kept'), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  z.object({ kind: z.literal('bytes'), name: z.string().min(1), base64: z.string() }),
]);
export type OpenProblem = z.infer<typeof openProblemSchema>;

export const ownProblemSchema = z.object({
  /** SHA-256 under which the workspace keeps the file from now on: the setting `file` of the family `matrix`. */
  file: z.string(),
  name: z.string(),
  about: z.string(),
  dims: z.object({ n: z.number().int(), e: z.number().int(), m: z.number().int() }),
  /** Rows of the arrays b_samples and h_samples; 0 where the file has none. */
  samples: z.object({ b: z.number().int(), h: z.number().int() }),
});
export type OwnProblem = z.infer<typeof ownProblemSchema>;
