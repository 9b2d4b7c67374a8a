import { z } from 'zod';

/** The settings that λ schedules share, so that they read the same everywhere. */
export const from = (minimum: 'zero' | 'positive') =>
  (minimum === 'zero' ? z.number().min(0) : z.number().positive())
    .default(1)
    .describe('The value at the beginning.')
    .meta({ scale: 'log' });

export const interval = {
  begin: z.number().min(0).lt(1).default(0).describe('Where the change begins, as a fraction of the run.'),
  end: z
    .number()
    .positive()
    .max(1)
    .default(1)
    .describe('Where it ends, as a fraction of the run; constant from there.'),
};

export const beginsBeforeEnd = ({ begin, end }: { begin: number; end: number }): boolean => begin < end;
export const beginsBeforeEndError = { path: ['end'], message: 'must be greater than begin' };
