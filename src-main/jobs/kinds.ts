import { AdjointError } from '@shared/errors';
import { bilevelJob } from './bilevelJob';
import { datasetJob } from './datasetJob';
import { hypergradientsJob } from './hypergradientsJob';
import type { JobKind } from './job';
import { trainingJob } from './trainingJob';

/** Every kind of run. A new one is a file beside this one and an entry here. */
const kinds: readonly JobKind[] = [trainingJob, datasetJob, bilevelJob, hypergradientsJob];

/** @throws AdjointError `unsupported` for a run of a newer or foreign version. */
export function jobKind(kind: string): JobKind {
  const found = kinds.find((entry) => entry.kind === kind);
  if (!found)
    throw new AdjointError('unsupported', `This version cannot run experiments of kind “${kind}”.`, {
      where: 'manifest.json: kind',
      fix: `It knows: ${kinds.map((entry) => entry.kind).join(', ')}. Was the run made by a newer version?`,
    });
  return found;
}
