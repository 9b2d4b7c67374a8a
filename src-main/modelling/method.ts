import { z } from 'zod';
import type { MethodInfo } from '@shared/contract';

/**
 * What every method of every registry says about itself. The settings schema carries `kind` as a literal, a default and a
 * description for each setting: validation, forms, command-line options and the reference page all come from it.
 */
export interface Method<Kind extends string, Settings extends z.ZodType> {
  kind: Kind;
  title: string;
  /** One or two sentences for the reference page. */
  summary: string;
  reference: string | null;
  settings: Settings;
  /** Keys of the metrics that this method adds; each has its entry in the metric catalogue. */
  metrics?: readonly string[];
}

/** A registry as the discriminated union of its settings wants it: the schemas, at least one. */
export function schemasOf<Entries extends readonly { settings: z.ZodType }[]>(
  entries: Entries,
): { [I in keyof Entries]: Entries[I]['settings'] } {
  return entries.map(({ settings }) => settings) as { [I in keyof Entries]: Entries[I]['settings'] };
}

/** A method as forms and the reference page need it; `family` says what it is a method of. */
export function describeMethod(family: string, method: Method<string, z.ZodType>): MethodInfo {
  const { kind, title, summary, reference, settings, metrics } = method;
  return { family, kind, title, summary, reference, settings: jsonSchema(settings), metrics: [...(metrics ?? [])] };
}

/** What may be written (defaults are optional), as JSON Schema 2020-12. */
export function jsonSchema(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, {
    io: 'input',
    reused: 'inline',
    override({ jsonSchema }) {
      if (!('standard' in jsonSchema)) return;
      jsonSchema.default = jsonSchema.standard as object;
      delete jsonSchema.standard;
    },
  }) as Record<string, unknown>;
}
