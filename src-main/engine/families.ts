import type { FamilyInfo } from '@shared/problems';
import { families } from '../modelling/families/registry';
import { jsonSchema } from '../modelling/method';

/** The families of problems as forms need them. */
export function describeFamilies(): FamilyInfo[] {
  return families.map(({ kind, title, summary, formula, reference, settings, presets }) => ({
    ...{ kind, title, summary, formula, reference },
    settings: jsonSchema(settings),
    presets: presets.map((preset) => ({ ...preset, settings: { ...preset.settings } as Record<string, number> })),
  }));
}
