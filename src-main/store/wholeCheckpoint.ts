import { AdjointError } from '@shared/errors';
import type { CheckpointInfo } from '@shared/run';
import type { RunDirectory } from './runDirectory';

/**
 * The checkpoint of a step, or the newest; damaged ones do not count.
 * @throws AdjointError `not-found` naming those that there are
 */
export function wholeCheckpoint(run: RunDirectory, step?: number): CheckpointInfo {
  const whole = run.checkpoints().filter(({ valid }) => valid);
  const chosen = step === undefined ? whole.at(0) : whole.find((one) => one.step === step);
  if (chosen) return chosen;
  throw new AdjointError(
    'not-found',
    step === undefined ? 'The run has no whole checkpoint.' : `The run has no whole checkpoint of step ${step}.`,
    {
      where: run.file('checkpoints'),
      fix: whole.length > 0 ? `It has: ${whole.map((one) => one.step).join(', ')}.` : 'Let it reach its first one.',
    },
  );
}
