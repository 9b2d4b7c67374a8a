import { problemText } from '@shared/errors';
import type { Attempts } from '../engine/attempts';
import { exitCodes, printJson, say, type CommonOptions } from './context';

/**
 * Says what was done and what was refused, which sets the exit code.
 *
 * @param key under which JSON names what refused
 * @param deed in the sentence that says what was done
 */
export function reportAttempts(
  { done, refused }: Attempts<string>,
  { key, deed }: { key: string; deed: string },
  options: CommonOptions,
): void {
  if (options.json) printJson({ done, refused: refused.map(({ name, problem }) => ({ [key]: name, problem })) });
  else for (const name of done) say(`${name}: ${deed}`);
  for (const { problem } of refused) say(`error: ${problemText(problem)}`);
  if (refused.length > 0) process.exitCode = exitCodes.failed;
}
