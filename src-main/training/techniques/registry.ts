import { augmentedLagrangian } from './augmentedLagrangian';
import { convexProjection } from './convexProjection';
import { dc3 } from './dc3';
import { fsNet } from './fsNet/fsNet';
import { hardNetAff } from './hardNetAff';
import { pcgrad } from './pcgrad';
import { piNet } from './piNet/piNet';
import { softPenalty } from './softPenalty';
import { theseusLayer } from './theseusLayer/theseusLayer';

/** Every technique. A new one is a file beside this one and an entry here. */
export const techniques = [
  softPenalty,
  augmentedLagrangian,
  pcgrad,
  theseusLayer,
  convexProjection,
  hardNetAff,
  dc3,
  fsNet,
  piNet,
] as const;
