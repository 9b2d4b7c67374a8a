import { formatX } from '@shared/charts/scale';
import { isObject, type Field, type Json, type Section, type Variant } from './fields';

/** What is given at a path; undefined where the default holds. */
export function valueAt(settings: Json, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), settings);
}

/** The variant of a section that is chosen, or that holds by default; undefined where it has none. */
export function chosenVariant({ path, variants }: Section, settings: Json): Variant | undefined {
  if (!variants) return undefined;
  const given = valueAt(settings, `${path}.${variants.key}`);
  return variants.options.find(({ value }) => value === given) ?? variants.default;
}

/** Settings with another value at a path; undefined takes it away, and groups that become empty with it. */
export function withValue(settings: Json, path: string, value: unknown): Json {
  const [key, ...rest] = path.split('.');
  const inner = settings[key];
  const next = rest.length === 0 ? value : withValue(isObject(inner) ? inner : {}, rest.join('.'), value);
  const changed = { ...settings };
  if (next === undefined || (rest.length > 0 && isObject(next) && Object.keys(next).length === 0)) delete changed[key];
  else changed[key] = next;
  return changed;
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

export const isChanged = (field: Field, value: unknown): boolean => value !== undefined && !same(value, field.default);

/** A value as the form writes it. */
export function showValue(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map(String).join(', ');
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value as string | number | boolean);
}

/** What was written, as a value: a number where it is one, otherwise the text itself; nothing is the default. */
export function readValue(field: Field, written: string): unknown {
  const trimmed = written.trim().replace(/^−/, '-');
  if (trimmed === '') return undefined;
  if (field.type === 'integer' || field.type === 'number') return toNumber(trimmed);
  if (field.type === 'list')
    return trimmed
      .split(/[\s,]+/)
      .filter(Boolean)
      .map(toNumber);
  if (field.type === 'words')
    return trimmed
      .split(',')
      .map((word) => word.trim())
      .filter(Boolean);
  return written;
}

function toNumber(written: string): number | string {
  const value = Number(written);
  return Number.isFinite(value) ? value : written;
}

/** The range in words; empty where anything goes. */
export function rangeOf({ type, min, max }: Field): string {
  const low = min && (type === 'integer' && min.exclusive ? `at least ${formatX(min.value + 1)}` : `${min.exclusive ? 'above' : 'at least'} ${formatX(min.value)}`);
  const high = max && `${max.exclusive ? 'below' : 'at most'} ${formatX(max.value)}`;
  return [low, high].filter(Boolean).join(' and ');
} // prettier-ignore

/** What is wrong with a value before anybody is asked; null where nothing is. */
export function findingFor(field: Field, value: unknown): string | null {
  if (value === undefined) return field.default === undefined && !field.nullable ? 'Needs a value' : null;
  if (value === null) return field.nullable ? null : 'Needs a value';
  if (field.type === 'choice') return field.choices.some((choice) => choice === value) ? null : `One of ${field.choices.join(', ')}`;
  if (field.mixed && isObject(value)) return null;
  if (field.type === 'list') return Array.isArray(value) && value.every(Number.isFinite) ? null : 'Numbers with commas between them';
  if (field.type !== 'integer' && field.type !== 'number') return null;
  if (typeof value !== 'number') return field.type === 'integer' ? 'A whole number' : 'A number';
  if (field.type === 'integer' && !Number.isInteger(value)) return 'A whole number';
  const { min, max } = field;
  const low = min !== null && (min.exclusive ? value <= min.value : value < min.value);
  const high = max !== null && (max.exclusive ? value >= max.value : value > max.value);
  return low ? `Must be ${rangeOf({ ...field, max: null })}` : high ? `Must be ${rangeOf({ ...field, min: null })}` : null;
} // prettier-ignore

/** Values that arrow keys stop at on a logarithmic setting. */
const mantissas = [1, 2, 5, 10];

/** The value one step up or down, within the field's range. */
export function stepped(field: Field, value: number, direction: 1 | -1, large: boolean): number {
  const next =
    field.log && value > 0
      ? largerStep(value, direction)
      : Number((value + direction * (field.type === 'integer' ? (large ? 10 : 1) : linearStep(value, large))).toPrecision(12));
  const { min, max, type } = field;
  const least = min === null ? -Infinity : min.exclusive ? (type === 'integer' ? min.value + 1 : min.value) : min.value;
  const greatest = max === null ? Infinity : max.value;
  const inside = Math.min(greatest, Math.max(least, next));
  return findingFor(field, inside) === null ? inside : value;
} // prettier-ignore

const linearStep = (value: number, large: boolean): number =>
  (large ? 1 : 0.1) * 10 ** Math.floor(Math.log10(Math.abs(value) || 1));

function largerStep(value: number, direction: 1 | -1): number {
  const decade = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const stops = mantissas.map((mantissa) => Number((mantissa * decade).toPrecision(12)));
  if (direction === 1) return stops.find((stop) => stop > value * (1 + 1e-9)) ?? stops[3];
  return [decade / 2, ...stops].filter((stop) => stop < value * (1 - 1e-9)).at(-1) ?? decade / 2;
}
