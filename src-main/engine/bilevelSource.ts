import { AdjointError, type Finding } from '@shared/errors';
import type { BilevelSource } from '@shared/landscape';
import type { BilevelExperiment } from '../bilevel/experimentSchema';
import type { BilevelFamily } from '../bilevel/family';
import { bilevelFamilyForms, findBilevelFamily } from '../bilevel/familyForms';
import type { LookedAt } from '../bilevel/landscape/landscape';
import { readProblemFile, type ProblemFile } from '../bilevel/problemFile';
import { posedBy } from '../bilevel/setUp';
import { checkTextSize, readProblemText } from './problemText';

/** A source whose names have become paths, and whose run has become its experiment. */
export type FoundBilevel =
  | Exclude<BilevelSource, { kind: 'case' } | { kind: 'run' }>
  | {
      kind: 'experiment';
      name: string;
      experiment: BilevelExperiment;
      /** Of its problem file, where it has one. */
      path: string | null;
    };

/** A bilevel problem with what is known of it. */
export interface SourcedBilevel extends LookedAt {
  name: string;
  about: string;
  /** Of a problem file. */
  text: string | null;
}

/** Entries of the matrices that are drawn for a view. */
const mostEntries = 4e6;

/** The problem, or what is wrong with the settings of its family. @throws AdjointError `not-found`, `bad-request`, `unsupported` */
export function readBilevel(source: FoundBilevel): SourcedBilevel | { findings: Finding[] } {
  if (source.kind === 'family') return fromFamily(source);
  if (source.kind === 'experiment') {
    const { path, experiment, name } = source;
    const file = path === null ? null : { text: readProblemText(path), where: path };
    return { ...sourced(posedBy(experiment, file), null), name };
  }
  const where = source.kind === 'text' ? source.name : source.path;
  const text = source.kind === 'text' ? source.text : readProblemText(source.path);
  checkTextSize(text, where);
  return readBilevelText(text, where);
}

/** `readBilevel`. @throws AdjointError `bad-request` with every finding besides */
export function requireBilevel(source: FoundBilevel): SourcedBilevel {
  const found = readBilevel(source);
  if (!('findings' in found)) return found;
  throw new AdjointError('bad-request', 'These settings make no problem.', {
    findings: found.findings,
    fix: 'Change the settings that are named.',
  });
}

/** A problem of any format of files. @throws AdjointError `bad-request` as its reader does */
export const readBilevelText = (text: string, where: string): SourcedBilevel =>
  sourced(readProblemFile(text, where), text);

function sourced({ optimum, optimumAt, ...rest }: ProblemFile, text: string | null): SourcedBilevel {
  return { ...rest, text, ...(optimum !== null && optimumAt ? { optimum: { x: optimumAt, F: optimum } } : {}) };
}

function fromFamily({ family: kind, settings: given }: Extract<BilevelSource, { kind: 'family' }>) {
  const form = findBilevelFamily(kind);
  if (!form)
    throw new AdjointError('not-found', `There is no family of bilevel problems “${kind}”.`, {
      where: 'family',
      fix: `There are: ${bilevelFamilyForms.map((one) => one.kind).join(', ')}.`,
    });
  const parsed = form.settings.safeParse(given);
  if (!parsed.success) return { findings: parsed.error.issues.flatMap((issue) => explain(issue, form)) };
  const settings = parsed.data;
  if (form.entries(settings) > mostEntries)
    return { findings: [{ path: largestSetting(settings), message: `is too large to look at: the matrices have more than ${mostEntries} entries` }] }; // prettier-ignore
  try {
    const { problem, x } = form.draw(settings);
    return { problem, start: x, name: form.title, about: form.summary, text: null };
  } catch (error) {
    if (!(error instanceof AdjointError)) throw error;
    const { what, where, fix } = error.problem;
    const path = where?.split(', ').at(-1) ?? '';
    return { findings: [{ path, message: fix ? `${what} ${fix}` : what }] };
  }
}

/** What to make smaller where the whole is too large. */
const largestSetting = (settings: Record<string, unknown>): string =>
  ['n', 'features', 'samples', 'validation']
    .filter((name) => typeof settings[name] === 'number')
    .sort((a, b) => (settings[b] as number) - (settings[a] as number))[0];

function explain(issue: { code: string; path: PropertyKey[]; message: string }, form: BilevelFamily): Finding[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path.join('.'), message: issue.message }];
  return [{ path: '', message: `${issue.message}; known: ${Object.keys(form.settings.shape).join(', ')}` }];
}
