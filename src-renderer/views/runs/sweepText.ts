import { isMap, parse, type Document } from 'yaml';
import { isObject } from '../../components/schemaForm/fields';
import { documentOf, edit, ensureMap, plain } from './yamlText';

/** How the values of an axis are given. */
export const axisForms = [
  { value: 'list', label: 'Values' },
  { value: 'linear', label: 'Range' },
  { value: 'log', label: 'Log range' },
  { value: 'uniform', label: 'Random, uniform' },
  { value: 'logUniform', label: 'Random, log-uniform' },
  { value: 'integers', label: 'Random whole numbers' },
  { value: 'choice', label: 'Random choice' },
] as const;
export type AxisForm = (typeof axisForms)[number]['value'];

export const isRandomForm = (form: AxisForm): boolean => !['list', 'linear', 'log'].includes(form);

/** An axis as the form shows it. Texts are kept as they are written: the engine checks them. */
export interface AxisField {
  path: string;
  form: AxisForm;
  /** Of a list or a choice, comma-separated. */
  values: string;
  from: number | null;
  to: number | null;
  count: number | null;
}

export interface SweepFields {
  axes: AxisField[];
  repeats: number;
  samples: number | null;
  /** Parts that the form does not show (zip, seeds, seed) stay as they are written. */
  more: string[];
}

const shownKeys = ['axes', 'repeats', 'samples'];

/** The sweep that a text describes, as far as the form can show it; null for a single run or a text that is no YAML. */
export function readSweep(text: string): SweepFields | null {
  const document = documentOf(text);
  const sweep: unknown = document && plain(document)?.sweep;
  if (!document?.has('sweep')) return null;
  const block = isObject(sweep) ? sweep : {};
  const axes = isObject(block.axes) ? block.axes : {};
  return {
    axes: Object.entries(axes).map(([path, axis]) => readAxis(path, axis)),
    repeats: typeof block.repeats === 'number' ? block.repeats : 1,
    samples: typeof block.samples === 'number' ? block.samples : null,
    more: Object.keys(block).filter((key) => !shownKeys.includes(key)),
  };
}

function readAxis(path: string, axis: unknown): AxisField {
  const field: AxisField = { path, form: 'list', values: '', from: null, to: null, count: null };
  if (Array.isArray(axis)) return { ...field, values: axis.map(writeValue).join(', ') };
  if (!isObject(axis)) return { ...field, values: writeValue(axis) };
  const named = axisForms.find(({ value }) => value in axis)?.value;
  const form = named ?? 'linear';
  const inner: unknown = named ? axis[named] : axis;
  if (Array.isArray(inner)) return { ...field, form, values: inner.map(writeValue).join(', ') };
  const range = isObject(inner) ? inner : {};
  const number = (key: string) => (typeof range[key] === 'number' ? range[key] : null);
  return { ...field, form, from: number('from'), to: number('to'), count: number('count') };
}

const writeValue = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));

/** Puts an axis (or, with null, nothing) at a path; the rest of the text keeps its comments and order. */
export function setAxis(text: string, path: string, axis: AxisField | null): string {
  return edit(text, (document) => {
    if (axis === null || axis.path !== path) document.deleteIn(['sweep', 'axes', path]);
    if (axis) {
      ensureMap(document, ['sweep', 'axes']);
      document.setIn(['sweep', 'axes', axis.path], node(document, axisValue(axis)));
    }
  });
}

export function setRepeats(text: string, repeats: number): string {
  return edit(text, (document) => {
    ensureMap(document, ['sweep']);
    if (repeats > 1) document.setIn(['sweep', 'repeats'], repeats);
    else document.deleteIn(['sweep', 'repeats']);
  });
}

export function setSamples(text: string, samples: number | null): string {
  return edit(text, (document) => {
    ensureMap(document, ['sweep']);
    if (samples === null) document.deleteIn(['sweep', 'samples']);
    else document.setIn(['sweep', 'samples'], samples);
  });
}

/** Makes a sweep of a single run: over the weight of the penalty where there is one, else over two seeds. */
export function beginSweep(text: string): string {
  return edit(text, (document) => {
    ensureMap(document, ['sweep']);
    if (document.hasIn(['technique', 'lambda'])) {
      ensureMap(document, ['sweep', 'axes']);
      document.setIn(['sweep', 'axes', 'technique.lambda'], node(document, [1, 10, 100]));
    }
    document.setIn(['sweep', 'repeats'], 2);
  });
}

export const endSweep = (text: string): string => edit(text, (document) => document.delete('sweep'));

/** The experiment without its sweep, to be checked as one run. */
export const withoutSweep = endSweep;

/**
 * Paths that can be swept, from the settings of the experiment with every default filled in. A setting that is written as one
 * value where it could be a group is swept as one value.
 */
export function sweepPaths(text: string, settings: Readonly<Record<string, unknown>>): string[] {
  const document = documentOf(text);
  const paths = Object.keys(settings)
    .filter((path) => !/^(name|notes|tags|kind|seed|group)(\.|$)/.test(path))
    .map((path) => {
      const keys = path.split('.');
      for (let depth = 1; depth < keys.length; depth++) {
        const parent = document?.getIn(keys.slice(0, depth), true);
        if (parent !== undefined && !isMap(parent)) return keys.slice(0, depth).join('.');
      }
      return path;
    });
  return [...new Set(paths)];
}

function axisValue({ form, values, from, to, count }: AxisField): unknown {
  if (form === 'list') return listOf(values);
  if (form === 'choice') return { choice: listOf(values) };
  const range = { from: from ?? 0, to: to ?? 0, ...(form === 'linear' || form === 'log' ? { count: count ?? 3 } : {}) };
  return form === 'linear' ? range : { [form]: range };
}

/** `1, 10, adam` and `[64, 64], [128, 128]` as YAML reads them; a list that is not closed yet is one text. */
function listOf(values: string): unknown[] {
  try {
    const list: unknown = parse(`[${values}]`);
    return Array.isArray(list) ? (list as unknown[]) : [values];
  } catch {
    return [values];
  }
}

/** Lists and ranges on one line, as people write them. */
function node(document: Document, value: unknown) {
  return document.createNode(value, { flow: true });
}
