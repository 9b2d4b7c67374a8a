import { readFileSync, statSync } from 'node:fs';
import { AdjointError, toProblem } from '@shared/errors';
import { formatBytes } from '@shared/format';
import { problemTextOf } from '../bilevel/problemFile';

/** Larger files are for the command line: nobody would wait for their pictures. */
const mostBytes = 64e6;

/** The text of a problem file. @throws AdjointError `not-found`, `bad-request` for a folder, `unsupported` for one that is too large */
export function readProblemText(path: string, textOf = problemTextOf): string {
  try {
    const found = statSync(path);
    if (found.isDirectory())
      throw new AdjointError('bad-request', 'This is a folder, not a file.', { where: path, fix: 'Name the file in it.' });
    if (found.size > mostBytes) throw tooLarge(found.size, path);
    return textOf(readFileSync(path), path);
  } catch (error) {
    if (error instanceof AdjointError) throw error;
    const { code, what, ...rest } = toProblem(error, path);
    throw new AdjointError(code, what, { ...rest, cause: error });
  }
} // prettier-ignore

/** @throws AdjointError `unsupported` for a text that is too large */
export function checkTextSize(text: string, where: string): void {
  if (text.length > mostBytes) throw tooLarge(text.length, where);
}

const tooLarge = (bytes: number, where: string) =>
  new AdjointError('unsupported', `The file has ${formatBytes(bytes)}: too much to look at here.`, {
    where,
    fix: `This page takes files up to ${formatBytes(mostBytes)}. The command line has no such limit.`,
  });
