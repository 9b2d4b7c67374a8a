import { ORPCError, ValidationError } from '@orpc/server';
import { AdjointError, toProblem, type Finding, type Problem } from '@shared/errors';

/** One complaint of a schema, as zod and the Standard Schema interface give it. */
interface Issue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }>;
}

const pathOf = (issue: Issue): string =>
  (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');

/** A request that does not fit its schema, each complaint with its path. */
export function badRequest(where: string, issues: readonly Issue[]): Problem {
  const findings: Finding[] = issues.map((issue) => ({ path: pathOf(issue), message: issue.message }));
  return {
    code: 'bad-request',
    what: 'The request does not have the form that the contract asks for.',
    where,
    findings,
  };
}

const isTyped = (error: unknown): error is ORPCError<string, unknown> =>
  error instanceof ORPCError && error.code === 'ADJOINT' && error.defined;

/**
 * Any failure of a request as the contract's one typed error.
 *
 * @param path the request's name, such as `runs.get`
 * @param log receives the stack of what is a defect; the client is told its message only
 */
export function contractError(error: unknown, path: string, log: (line: string) => void): ORPCError<string, Problem> {
  if (isTyped(error)) return error as ORPCError<string, Problem>;
  return typed(problemOfFailure(error, path, log), error);
}

function problemOfFailure(error: unknown, path: string, log: (line: string) => void): Problem {
  const isValidation = error instanceof ORPCError && error.cause instanceof ValidationError;
  if (isValidation && error.code === 'BAD_REQUEST')
    return badRequest(path, (error.cause as ValidationError).issues as readonly Issue[]);
  if (error instanceof AdjointError) return error.problem;
  const problem = toProblem(error, path);
  if (problem.code !== 'internal') return problem;
  const issues = isValidation ? ` ${JSON.stringify((error.cause as ValidationError).issues)}` : '';
  log(`${path} failed: ${(error as Error)?.stack ?? String(error)}${issues}`);
  return problem;
}

function typed(problem: Problem, cause: unknown): ORPCError<string, Problem> {
  return new ORPCError('ADJOINT', { defined: true, status: 422, message: problem.what, data: problem, cause });
}
