import { basename, extname } from 'node:path';
import { z } from 'zod';
import { readCase } from '../modelling/caseFile';
import { parseBilevelFile } from './file/bilevelFile';
import { parseHypergradientFile } from './hypergradientFile';
import type { BilevelProblem } from './problem';

/** A bilevel problem from a file, and what the file knows of it. */
export interface ProblemFile {
  name: string;
  about: string;
  problem: BilevelProblem;
  /** The point to start from, [d]. */
  start: Float64Array;
  /** Least value of F, where the file says it. */
  optimum: number | null;
  /** A point that has it, [d], where the file says one. */
  optimumAt: Float64Array | null;
}

const formats = ['bilevel/1', 'hypergradient/1'] as const;
const anyFile = z.looseObject({
  format: z.enum(formats),
  expected: z
    .looseObject({
      F: z.number().optional(),
      status: z.string().optional(),
      solutions: z.array(z.looseObject({ x: z.array(z.number()).optional() })).optional(),
    })
    .optional(),
});

/** A problem in one of the formats of files. @throws AdjointError `bad-request` naming what is wrong, and where in the text */
export function readProblemFile(text: string, where: string): ProblemFile {
  const { format, expected } = readCase(anyFile, text, {
    ...{ where, format: formats.join('” or “') },
    fix: 'docs/methods.md describes both formats.',
  });
  const isBilevel = format === 'bilevel/1';
  const { file, problem, x } = isBilevel ? parseBilevelFile(text, where) : parseHypergradientFile(text, where);
  const best = isBilevel ? expected?.solutions?.[0]?.x : undefined;
  return {
    ...{ name: file.name ?? basename(where, extname(where)), about: file.about ?? '' },
    ...{ problem, start: x },
    // In the other format F is that at x.
    optimum: isBilevel ? (expected?.F ?? null) : null,
    optimumAt: best?.length === problem.d ? Float64Array.from(best) : null,
  };
}
