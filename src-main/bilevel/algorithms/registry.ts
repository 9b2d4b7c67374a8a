import { dsigd } from './dsigd';
import { ssigd } from './ssigd';

/** Every outer algorithm. A new one is a file beside this one and an entry here. */
export const outerAlgorithms = [dsigd, ssigd] as const;
