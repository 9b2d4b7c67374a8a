import { aid } from './aid';
import { conic } from './conic';
import { differences } from './differences';
import { exact } from './exact';
import { firstOrder } from './firstOrder';
import { noisy } from './noisy';
import { unrolled } from './unrolled';
import { zerothOrder } from './zerothOrder';

/** Every estimator of the hypergradient. A new one is a file beside this one and an entry here. */
export const estimators = [exact, conic, differences, aid, unrolled, firstOrder, zerothOrder, noisy] as const;
