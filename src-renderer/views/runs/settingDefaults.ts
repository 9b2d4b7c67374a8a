import type { MethodInfo } from '@shared/contract';
import { flattenSettings, type Setting } from '@shared/settings';
import { isObject, type Json } from '../../components/schemaForm/fields';

export type Flat = Record<string, Setting>;

export interface Change {
  path: string;
  value: Setting;
  /** What it would be; undefined where nothing is known. */
  reference: Setting | undefined;
}

/**
 * Defaults of an experiment's settings, flattened like the settings themselves: from the JSON Schema of the experiment and, for a part that has a
 * `kind`, of the method of that kind.
 */
export function defaultsOf(experiment: Json, methods: readonly MethodInfo[]): Flat {
  const schemas = methods.filter(
    ({ family, kind }) => family === 'experiment' && (kind === experiment.kind || experiment.kind === undefined),
  );
  const flat: Flat = {};
  for (const { settings } of schemas) collect(settings, experiment, '', flat);
  for (const [part, value] of Object.entries(experiment)) {
    if (!isObject(value)) continue;
    const method = methods.find(({ family, kind }) => kind === value.kind && family === part);
    if (method) collect(method.settings, value, part, flat);
  }
  return flat;
}

/** A value at a path: `('a.b', 1)` → `{ a: { b: 1 } }`. */
const nested = (path: string, value: unknown): Json =>
  path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Json;

function collect(schema: Json, value: unknown, path: string, flat: Flat): void {
  const chosen = variant(schema, value);
  if ('default' in schema && path !== '') Object.assign(flat, flattenSettings(nested(path, schema.default)));
  if (chosen !== schema) collect(chosen, value, path, flat);
  const properties = isObject(chosen.properties) ? chosen.properties : {};
  for (const [key, inner] of Object.entries(properties))
    if (isObject(inner)) collect(inner, isObject(value) ? value[key] : undefined, path ? `${path}.${key}` : key, flat);
}

/** Of a union, the member whose constants are those of the value. */
function variant(schema: Json, value: unknown): Json {
  const members = (schema.oneOf ?? schema.anyOf) as unknown;
  if (!Array.isArray(members) || !isObject(value)) return schema;
  const fits = (member: unknown) =>
    isObject(member) &&
    isObject(member.properties) &&
    Object.entries(member.properties).every(
      ([key, property]) => !isObject(property) || !('const' in property) || property.const === value[key],
    );
  return (members.find(fits) as Json | undefined) ?? schema;
}

const naming = new Set(['name', 'notes', 'tags', 'group']);

/** Settings that differ from a reference, in the order of the experiment. */
export function changesFrom(settings: Flat, reference: Flat): Change[] {
  const paths = [...new Set([...Object.keys(settings), ...Object.keys(reference)])];
  return paths
    .filter((path) => path in settings && !naming.has(path) && settings[path] !== reference[path])
    .map((path) => ({ path, value: settings[path], reference: reference[path] }));
}
