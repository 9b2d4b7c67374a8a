import type { Applicability, ProblemTraits } from '@shared/applicability';
import { bindTechnique } from '../bound';
import type { TechniqueSettings } from '../experimentSchema';
import { techniques } from './registry';

/** Every technique with its default settings, and why it cannot be used on a problem. */
export function applicability(traits: ProblemTraits): Applicability {
  const fits = techniques.map(({ kind, title, summary, settings }) => {
    const defaults: TechniqueSettings = settings.parse({ kind });
    return { kind, title, summary, refusal: bindTechnique(defaults).technique.refusal?.(defaults, traits) ?? null };
  });
  return { traits, techniques: fits };
}
