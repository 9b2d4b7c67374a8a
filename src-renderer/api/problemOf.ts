import { ORPCError } from '@orpc/client';
import { problemSchema, toProblem, type Problem } from '@shared/errors';

/** What a caught error of a request says: the engine's own words, or that the connection broke. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ORPCError) {
    const parsed = problemSchema.safeParse(error.data);
    if (parsed.success) return parsed.data;
  }
  if (error instanceof Error && error.name === 'AbortError')
    return {
      code: 'disconnected',
      what: 'The connection to the engine was lost before it answered.',
      fix: 'The window reconnects by itself; then try again.',
    };
  return toProblem(error);
}
