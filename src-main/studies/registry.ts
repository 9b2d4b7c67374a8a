import { AdjointError } from '@shared/errors';
import { allTechniques } from './allTechniques';
import { annealing } from './annealing';
import { backwardModes } from './backwardModes';
import { innerIterations } from './innerIterations';
import { gradientQuality } from './gradientQuality';
import { interference } from './interference';
import { lambdaTradeOff } from './lambdaTradeOff';
import { publishedTable } from './publishedTable';
import { ssigdTuning } from './ssigdTuning';
import type { Study } from './study';
import { warmStart } from './warmStart';

/** Every study. A new one is a file beside this one and an entry here. */
export const studies: readonly Study[] = [
  lambdaTradeOff,
  annealing,
  interference,
  backwardModes,
  innerIterations,
  warmStart,
  allTechniques,
  publishedTable,
  gradientQuality,
  ssigdTuning,
] as unknown as readonly Study[];

/** @throws AdjointError `not-found` */
export function findStudy(name: string): Study {
  const found = studies.find((study) => study.name === name);
  if (found) return found;
  throw new AdjointError('not-found', `There is no study “${name}”.`, {
    fix: `Studies are ${studies.map((study) => study.name).join(', ')}.`,
  });
}
