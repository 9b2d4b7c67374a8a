import { implement } from '@orpc/server';
import { contract } from '@shared/contract';

/**
 * What handlers are attached to. Inputs come from outside and are checked. Outputs are ours and have their types checked by the
 * compiler: checking a list of a thousand runs again at every request would cost more than making it.
 */
export const on = implement(contract).$config({ initialOutputValidationIndex: Number.NaN });
