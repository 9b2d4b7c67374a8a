import { bicGaffa } from './bicGaffa';
import { blocc } from './blocc';
import { dsblo } from './dsblo';
import { dsigd } from './dsigd';
import { f2csa } from './f2csa';
import { lvhba } from './lvhba';
import { pigd } from './pigd';
import { ssigd } from './ssigd';

/** Every outer algorithm. A new one is a file beside this one and an entry here. */
export const outerAlgorithms = [dsigd, ssigd, dsblo, f2csa, pigd, blocc, lvhba, bicGaffa] as const;
