import { basename, extname } from 'node:path';
import { z } from 'zod';
import { AdjointError } from '@shared/errors';
import { findingsOf, readCase } from '../modelling/caseFile';
import { bilevelFamilyForms, findBilevelFamily } from './familyForms';
import { parseBilevelFile } from './file/bilevelFile';
import { parseHypergradientFile } from './hypergradientFile';
import type { BilevelProblem } from './problem';
import { isNpz } from '../store/npz';
import { textOfArrays } from './problemArrays';

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

const formats = ['bilevel/1', 'hypergradient/1', 'bilevel-family/1'] as const;
const anyFile = z.looseObject({
  format: z.enum(formats),
  name: z.string().optional(),
  about: z.string().optional(),
  /** Of the format `bilevel-family/1`: a family and those of its settings that are not the default. */
  family: z.string().optional(),
  settings: z.record(z.string(), z.unknown()).optional(),
  expected: z
    .looseObject({
      F: z.number().optional(),
      status: z.string().optional(),
      solutions: z.array(z.looseObject({ x: z.array(z.number()).optional() })).optional(),
    })
    .optional(),
});
type AnyFile = z.output<typeof anyFile>;

/** The text of a problem file: as it is, or, of a .npz file, its arrays as a text. @throws AdjointError as `textOfArrays` */
export const problemTextOf = (bytes: Uint8Array, where: string): string =>
  isNpz(bytes) ? textOfArrays(bytes, where) : new TextDecoder().decode(bytes);

/** A problem in one of the formats of files. @throws AdjointError `bad-request` naming what is wrong, and where in the text */
export function readProblemFile(text: string, where: string): ProblemFile {
  const any = readCase(anyFile, text, {
    ...{ where, format: formats.join('” or “') },
    fix: 'docs/methods.md describes the formats.',
  });
  const { format, expected, name, about } = any;
  if (format === 'bilevel-family/1') return fromFamily(any, where);
  const isBilevel = format === 'bilevel/1';
  const { problem, x } = isBilevel ? parseBilevelFile(text, where) : parseHypergradientFile(text, where);
  const best = isBilevel ? expected?.solutions?.[0]?.x : undefined;
  return {
    ...{ name: name ?? nameOf(where), about: about ?? '' },
    ...{ problem, start: x },
    // In the other format F is that at x.
    optimum: isBilevel ? (expected?.F ?? null) : null,
    optimumAt: best?.length === problem.d ? Float64Array.from(best) : null,
  };
}

const nameOf = (where: string): string => basename(where, extname(where));

function fromFamily({ family: kind, settings = {}, name, about }: AnyFile, where: string): ProblemFile {
  const family = kind === undefined ? undefined : findBilevelFamily(kind);
  if (!family)
    throw new AdjointError('bad-request', `There is no family of bilevel problems “${kind ?? ''}”.`, {
      where,
      fix: `"family" is one of ${bilevelFamilyForms.map((one) => one.kind).join(', ')}.`,
    });
  const parsed = family.settings.safeParse(settings);
  if (!parsed.success)
    throw new AdjointError('bad-request', `These are no settings of the family ${family.kind}.`, {
      where,
      findings: findingsOf(parsed.error, ['settings']),
      fix: `The settings are ${Object.keys(family.settings.shape).join(', ')}.`,
    });
  const { problem, x } = family.draw(parsed.data);
  return {
    ...{ name: name ?? nameOf(where), about: about ?? family.summary, problem, start: x },
    optimum: null,
    optimumAt: null,
  };
}
