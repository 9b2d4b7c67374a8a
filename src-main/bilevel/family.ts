import type { z } from 'zod';
import type { BilevelProblem } from './problem';

/** A family of bilevel problems as forms, experiment files and the engine need it. */
export interface BilevelFamily {
  kind: string;
  title: string;
  summary: string;
  /** KaTeX source. */
  formula: string;
  reference: string;
  /** Strict, with a default and a description for every setting, without `kind`. */
  settings: z.ZodObject;
  presets: readonly { name: string; title: string; settings: Record<string, number> }[];
  /**
   * A problem and a point x to start from.
   *
   * @throws AdjointError `bad-request` for settings that make no problem, z.ZodError for settings that are not valid
   */
  draw(settings: unknown): { problem: BilevelProblem; x: Float64Array };
  /** Entries of x and y. */
  sizes(settings: unknown): { d: number; n: number };
  /** Numbers in the matrices that it holds. */
  entries(settings: unknown): number;
}

/** A family of which the functions take the settings with every default filled in. */
interface TypedFamily<Kind extends string, Settings extends z.ZodObject> extends Omit<
  BilevelFamily,
  'kind' | 'settings' | 'draw' | 'sizes' | 'entries'
> {
  kind: Kind;
  settings: Settings;
  draw(settings: z.output<Settings>): { problem: BilevelProblem; x: Float64Array };
  sizes(settings: z.output<Settings>): { d: number; n: number };
  entries(settings: z.output<Settings>): number;
}

/** Makes a family whose functions fill in the defaults first. A setting `kind`, which an experiment has besides, is left out. */
export function bilevelFamily<Kind extends string, Settings extends z.ZodObject>(
  family: TypedFamily<Kind, Settings>,
): BilevelFamily & { kind: Kind; settings: Settings } {
  const complete = (given: unknown): z.output<Settings> => {
    const settings = { ...(given as Record<string, unknown>) };
    delete settings.kind;
    return family.settings.parse(settings);
  };
  return {
    ...family,
    draw: (settings) => family.draw(complete(settings)),
    sizes: (settings) => family.sizes(complete(settings)),
    entries: (settings) => family.entries(complete(settings)),
  };
}
