import { z } from 'zod';
import { problemSchema } from '../errors';
import { figureSchema } from './spec';

/** A figure that is kept in the workspace, in a list; a damaged file lists with its problem. */
export const figureInfoSchema = z.object({
  id: z.string(),
  title: z.string(),
  savedAt: z.string(),
  panels: z.number().int(),
  runs: z.array(z.string()),
  problem: problemSchema.nullable(),
});
export type FigureInfo = z.infer<typeof figureInfoSchema>;

export const saveFigureSchema = z.object({
  /** Replaces this one; absent = a new one, named after `name`. */
  id: z.string().optional(),
  name: z.string().trim().min(1).max(200),
  figure: figureSchema,
});

export const savedFigureSchema = z.object({
  id: z.string(),
  /** The specification with its drawing and data beside it. */
  files: z.array(z.string()),
});
export type SavedFigure = z.infer<typeof savedFigureSchema>;
