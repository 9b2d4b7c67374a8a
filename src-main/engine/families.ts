import type { FamilyInfo } from '@shared/problems';
import { matrixSettings } from '../modelling/families/matrixSettings';
import { families } from '../modelling/families/registry';
import { jsonSchema } from '../modelling/method';

/** A problem of one's own, as if it were a family: it is one once a file is named. */
const ownProblem: FamilyInfo = {
  kind: 'matrix',
  title: 'From your matrices',
  summary:
    'Your own convex problem with linear and quadratic rows, from a file of its arrays. Its right-hand sides b or its limits h vary from instance to instance.',
  formula:
    '\\min_y \\tfrac12 y^\\top Q y + p^\\top y \\quad\\text{s.t.}\\quad y^\\top H_i y + G_i^\\top y \\le h_i, \\quad A y = b, \\quad l \\le y \\le u',
  reference: 'docs/methods.md describes the format matrix-problem/1.',
  settings: jsonSchema(matrixSettings),
  presets: [],
};

/** The families of problems as forms need them. */
export function describeFamilies(): FamilyInfo[] {
  const generated = families.map(({ kind, title, summary, formula, reference, settings, presets }) => ({
    ...{ kind, title, summary, formula, reference },
    settings: jsonSchema(settings),
    presets: presets.map((preset) => ({ ...preset, settings: { ...preset.settings } as Record<string, number> })),
  }));
  return [...generated, ownProblem];
}
