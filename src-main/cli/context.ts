import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { problemText, toProblem, type Problem } from '@shared/errors';

/** Where the program finds its own parts; computed by the entry, whose place in the build is known. */
export interface Places {
  runEntry: string;
  /** A thread that labels QCQP instances. */
  labelsEntry: string;
  resources: string;
  /** TrueType files of the faces that figures are set in. */
  fonts: string;
  renderer: string;
}

/** 0 done · 1 the job failed · 2 the request was wrong. */
export const exitCodes = { done: 0, failed: 1, wrong: 2 } as const;

export const defaultWorkspace = (): string => process.env.ADJOINT_WORKSPACE || join(homedir(), 'Adjoint');

export interface CommonOptions {
  workspace: string;
  json?: boolean;
}

/** Options that every subcommand has. */
export const withCommonOptions = (command: Command): Command =>
  command
    .option('-w, --workspace <dir>', 'workspace folder', resolve(defaultWorkspace()))
    .option('--json', 'one JSON object a line on stdout; everything else on stderr');

export const printJson = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
export const printLine = (line = ''): void => void process.stdout.write(`${line}\n`);
export const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Reports a failure the way the caller asked for and sets the exit code. */
export function fail(error: unknown, json: boolean | undefined, code: number = exitCodes.wrong): void {
  const problem: Problem = toProblem(error);
  if (json) printJson({ error: problem });
  say(`error: ${problemText(problem)}`);
  if (problem.code === 'internal' && error instanceof Error) say(error.stack ?? '');
  process.exitCode = code;
}

/** Wraps a subcommand's action: what it throws becomes a message and an exit code, never a stack trace. */
export function action<A extends unknown[]>(run: (...args: A) => Promise<void> | void): (...args: A) => Promise<void> {
  return async (...args) => {
    try {
      await run(...args);
    } catch (error) {
      const command = args.at(-1) as Command | undefined;
      fail(error, command?.opts<CommonOptions>().json);
    }
  };
}
