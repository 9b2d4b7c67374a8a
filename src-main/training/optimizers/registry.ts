import { adam } from './adam';
import { adamw } from './adamw';
import { sgd } from './sgd';

/** Every optimizer. A new one is a file beside this one and an entry here. */
export const optimizers = [adam, adamw, sgd] as const;
