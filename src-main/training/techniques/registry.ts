import { augmentedLagrangian } from './augmentedLagrangian';
import { pcgrad } from './pcgrad';
import { softPenalty } from './softPenalty';
import { theseusLayer } from './theseusLayer/theseusLayer';

/** Every technique. A new one is a file beside this one and an entry here. */
export const techniques = [softPenalty, augmentedLagrangian, pcgrad, theseusLayer] as const;
