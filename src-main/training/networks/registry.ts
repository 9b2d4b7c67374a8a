import { mlp } from './mlp';

/** Every network. A new one is a file beside this one and an entry here. */
export const networks = [mlp] as const;
