/**
 * Forms are made from the JSON Schema of settings: what there is to fill in, its ranges, defaults and help. What is given is sparse: a
 * setting that is left out has its default. Text that is not a number stays text, so that the form, its address and its findings see the same.
 */
export type Json = Record<string, unknown>;

export interface Limit {
  value: number;
  exclusive: boolean;
}

export interface Field {
  part: 'field';
  /** Where it is in the settings, such as `optimizer.learningRate`. */
  path: string;
  label: string;
  type: 'integer' | 'number' | 'boolean' | 'choice' | 'list' | 'words' | 'text' | 'lines';
  /** It may also be a group of settings, such as a schedule in place of a number: that is written elsewhere. */
  mixed: boolean;
  /** null is a value of its own: "as drawn", "none". */
  nullable: boolean;
  /** undefined where there is none and something must be given. */
  default: unknown;
  help: string;
  unit: string | null;
  /** Steps multiply instead of adding. */
  log: boolean;
  min: Limit | null;
  max: Limit | null;
  choices: (string | number)[];
}

/** Settings that belong together; of the variants, one is chosen by a setting of its own. */
export interface Section {
  part: 'section';
  path: string;
  label: string;
  help: string;
  parts: Part[];
  variants: { key: string; options: Variant[]; default: Variant } | null;
}

export interface Variant {
  value: string | number;
  label: string;
  help: string;
  parts: Part[];
}

export type Part = Field | Section;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const isScalar = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number';

/** `learningRate` → Learning rate; a symbol of one letter stays as it is. */
export function labelOf(key: string): string {
  if (key.length === 1) return key;
  const words = key.replace(
    /([a-z0-9])([A-Z])/g,
    (_, before: string, after: string) => `${before} ${after.toLowerCase()}`,
  );
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The parts of an object's schema, in its order. What has a constant value is nothing to fill in. */
export function partsOf(schema: Json, path = ''): Part[] {
  const properties = isObject(schema.properties) ? schema.properties : {};
  return Object.entries(properties).flatMap(([key, property]) =>
    isObject(property) && !('const' in property) ? [partOf(property, path === '' ? key : `${path}.${key}`, key)] : [],
  );
}

function partOf(schema: Json, path: string, key: string): Part {
  const label = text(schema.title) || labelOf(key);
  const help = text(schema.description);
  const members = (schema.anyOf ?? schema.oneOf) as unknown;
  const options = Array.isArray(members) ? members.filter(isObject) : [schema];
  const others = options.filter(({ type }) => type !== 'null');
  if (others.length > 1 && others.every(({ properties }) => isObject(properties))) {
    const variants = variantsOf(others, path, schema.default);
    if (variants) return { part: 'section', path, label, help, parts: [], variants };
  }
  const [one] = others;
  if (others.length === 1 && isObject(one.properties))
    return { part: 'section', path, label, help, parts: partsOf(one, path), variants: null };
  return fieldOf(others.length === 1 ? { ...one, ...schema } : schema, one, {
    ...{ path, label, help },
    nullable: others.length < options.length,
    mixed: others.length > 1,
  });
}

function variantsOf(members: Json[], path: string, standard: unknown): Section['variants'] {
  const constants = members.map(({ properties }) =>
    Object.entries(properties as Json).find(([, property]) => isObject(property) && isScalar(property.const)),
  );
  const key = constants[0]?.[0];
  if (key === undefined || !constants.every((constant) => constant?.[0] === key)) return null;
  const options = members.map((member, i): Variant => {
    const property = constants[i]?.[1] as Json;
    const value = property.const as string | number;
    const [title, description] = [text(property.title), text(property.description)];
    // A description alone is what the choice is called.
    const [label, help] = title ? [title, description] : [description.replace(/\.$/, '') || String(value), ''];
    return { value, label, help, parts: partsOf(member, path) };
  });
  const wanted = isObject(standard) ? standard[key] : undefined;
  return { key, options, default: options.find(({ value }) => value === wanted) ?? options[0] };
}

function fieldOf(
  schema: Json,
  inner: Json | undefined,
  base: Pick<Field, 'path' | 'label' | 'help' | 'nullable' | 'mixed'>,
): Field {
  const { type, items } = inner ?? schema;
  const choices = (Array.isArray(schema.enum) ? schema.enum : []).filter(isScalar);
  return {
    part: 'field',
    ...base,
    type: choices.length > 0 ? 'choice' : typeOf(type, isObject(items) ? items.type : undefined, schema.lines === true),
    default: schema.default,
    unit: text(schema.unit) || null,
    log: schema.scale === 'log',
    min: limit(schema.minimum, schema.exclusiveMinimum, -Number.MAX_SAFE_INTEGER),
    max: limit(schema.maximum, schema.exclusiveMaximum, Number.MAX_SAFE_INTEGER),
    choices,
  };
}

function typeOf(type: unknown, ofItems: unknown, hasLines: boolean): Field['type'] {
  if (type === 'integer' || type === 'number' || type === 'boolean') return type;
  if (type === 'array') return ofItems === 'integer' || ofItems === 'number' ? 'list' : 'words';
  return hasLines ? 'lines' : 'text';
}

/** A limit that only says what a number can hold is none. */
function limit(inclusive: unknown, exclusive: unknown, none: number): Limit | null {
  if (typeof exclusive === 'number') return { value: exclusive, exclusive: true };
  return typeof inclusive === 'number' && inclusive !== none ? { value: inclusive, exclusive: false } : null;
}
