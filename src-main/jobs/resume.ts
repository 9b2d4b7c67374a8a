import { renameSync } from 'node:fs';
import { problemText, toProblem } from '@shared/errors';
import type { Attempt } from '@shared/run';
import { type Checkpoint, readCheckpoint } from '../store/checkpoint';
import { readClock } from '../store/metricReader';
import type { RunDirectory } from '../store/runDirectory';

export interface ResumePoint {
  checkpoint: Checkpoint;
  from: { checkpoint: string; step: number };
}

/**
 * The newest checkpoint that reads back whole. Damaged ones on the way are said in the log and set aside under another name,
 * so that nothing takes them for good ones later and nothing is lost.
 */
export function findResumePoint(run: RunDirectory, log: (line: string) => void): ResumePoint | null {
  for (const { file, step } of run.checkpoints()) {
    const path = run.file('checkpoints', file);
    try {
      return { checkpoint: readCheckpoint(path), from: { checkpoint: file, step } };
    } catch (error) {
      log(`Checkpoint ${file} cannot be used and is set aside: ${problemText(toProblem(error))}`);
      renameSync(path, `${path}.damaged`);
    }
  }
  return null;
}

/** Where an attempt that failed before it computed anything stands: behind everything, so that it supersedes no sample. */
export function behindEverything(run: RunDirectory): Attempt['resumedFrom'] {
  const steps = readClock(run, 'step', []).index.step;
  return steps.length === 0 ? null : { checkpoint: '', step: Math.max(...steps.slice(-1000)) + 1 };
}
