import { conic } from './conic';
import { differences } from './differences';
import { exact } from './exact';

/** Every estimator of the hypergradient. A new one is a file beside this one and an entry here. */
export const estimators = [exact, conic, differences] as const;
