import { z } from 'zod';

/** Codes are part of the contract: scripts match on them, so they never change meaning. */
export const errorCodes = [
  'bad-request', // the request itself is malformed
  'invalid-experiment', // an experiment file or form does not validate
  'invalid-dataset', // a dataset is truncated, inconsistent or holds NaN
  'unsafe-pickle', // a pickle asks for something that is not plain data
  'not-found', // no such run, dataset, file or method
  'conflict', // the run's state does not allow this
  'locked', // another process holds the workspace or the run
  'disk-full',
  'not-writable',
  'corrupt', // stored data failed its checksum or is torn
  'port-taken',
  'device-unavailable',
  'diverged', // a loss or gradient is no longer finite
  'run-crashed',
  'disconnected', // the window has lost its engine, or was refused by it
  'unsupported', // this machine or build cannot do it
  'internal', // a defect of Adjoint
] as const;
export type ErrorCode = (typeof errorCodes)[number];

export const findingSchema = z.object({
  /** Path inside the offending document, such as `optimizer.learningRate`. */
  path: z.string(),
  message: z.string(),
  line: z.number().int().positive().optional(),
  column: z.number().int().positive().optional(),
  /** The nearest valid key or value. */
  suggestion: z.string().optional(),
});
export type Finding = z.infer<typeof findingSchema>;

export const problemSchema = z.object({
  code: z.enum(errorCodes),
  /** What happened, one sentence. */
  what: z.string(),
  /** Where: a file, a run, an array, a setting. */
  where: z.string().optional(),
  /** What to do about it. */
  fix: z.string().optional(),
  findings: z.array(findingSchema).optional(),
});
/** An error as it travels over the contract, into `--json` output and into a run's state file. */
export type Problem = z.infer<typeof problemSchema>;

/** The one error class of the product: a code, what happened, where, and what to do. */
export class AdjointError extends Error {
  readonly problem: Problem;

  constructor(code: ErrorCode, what: string, rest: Omit<Problem, 'code' | 'what'> & { cause?: unknown } = {}) {
    const { cause, ...details } = rest;
    super(what, cause === undefined ? undefined : { cause });
    this.name = 'AdjointError';
    this.problem = { code, what, ...details };
  }

  get code(): ErrorCode {
    return this.problem.code;
  }
}

/** Node's file-system errors, told apart by their `code`. */
const systemErrors: Record<string, { code: ErrorCode; what: string; fix: string }> = {
  EISDIR: { code: 'bad-request', what: 'This is a folder, not a file.', fix: 'Name the file in it.' },
  ENOSPC: {
    code: 'disk-full',
    what: 'The disk is full.',
    fix: 'Free some space, then resume the run: everything acknowledged so far is kept.',
  },
  EDQUOT: {
    code: 'disk-full',
    what: 'The disk quota is used up.',
    fix: 'Free some space, then resume the run: everything acknowledged so far is kept.',
  },
  EACCES: {
    code: 'not-writable',
    what: 'Permission denied.',
    fix: 'Give yourself access to this path or choose another workspace.',
  },
  EPERM: {
    code: 'not-writable',
    what: 'The operation is not permitted.',
    fix: 'Give yourself access to this path or choose another workspace.',
  },
  EROFS: { code: 'not-writable', what: 'The file system is read-only.', fix: 'Choose a workspace on a writable disk.' },
  ENOENT: { code: 'not-found', what: 'No such file or folder.', fix: 'Check the path.' },
  EADDRINUSE: {
    code: 'port-taken',
    what: 'The port is already in use.',
    fix: 'Choose another port with --port, or leave it out to take a free one.',
  },
};

/** Any thrown value as a Problem; what is not known is `internal` and keeps its message. */
export function toProblem(error: unknown, where?: string): Problem {
  if (error instanceof AdjointError) return where && !error.problem.where ? { ...error.problem, where } : error.problem;
  const { code, path, message } = (error ?? {}) as { code?: string; path?: string; message?: string };
  const known = code === undefined ? undefined : systemErrors[code];
  if (known) return { ...known, where: path ?? where };
  return {
    code: 'internal',
    what: message ?? String(error),
    ...(where ? { where } : {}),
    fix: 'This is a defect of Adjoint: the log has the stack trace.',
  };
}

/** A Problem as lines of text, for terminals and logs. */
export function problemText(problem: Problem): string {
  const lines = [problem.where ? `${problem.what} (${problem.where})` : problem.what];
  for (const finding of problem.findings ?? []) {
    const at =
      finding.line === undefined
        ? ''
        : `line ${finding.line}${finding.column === undefined ? '' : `:${finding.column}`}, `;
    const hint = finding.suggestion ? ` Did you mean "${finding.suggestion}"?` : '';
    lines.push(`  ${at}${finding.path || '(top level)'}: ${finding.message}${hint}`);
  }
  if (problem.fix) lines.push(problem.fix);
  return lines.join('\n');
}
