import type { Finding } from '@shared/errors';
import { jsonSchema } from '../modelling/method';
import { explain, type Explained, type Schema } from './explain';
import { defaultKind, experimentKind, isKindName, kindNames, type Experiment, type KindName } from './kinds';
import { nearest } from './nearest';
import { pathText, placeOf, readSettingsText, type SettingsText } from './settingsText';

export interface ParsedExperiment {
  /** With every default filled in; null if there are findings. */
  experiment: Experiment | null;
  findings: Finding[];
}

/**
 * Checks an experiment file. Every problem is a finding with its path, its place in the text and, where a key or value looks
 * misspelt, the nearest valid one.
 */
export function parseExperiment(yaml: string): ParsedExperiment {
  const text = readSettingsText(yaml);
  if ('findings' in text) return { experiment: null, findings: text.findings };
  if ('sweep' in text.value) {
    const message = 'this is a sweep, not one run: start it as a sweep, or take this block out';
    return { experiment: null, findings: [{ path: 'sweep', message, ...placeOf(text, ['sweep'], true) }] };
  }
  const kind = kindOfExperiment(text);
  if (typeof kind !== 'string') return { experiment: null, findings: [kind] };
  const { experiment, issues } = checkExperiment(kind, text.value);
  return { experiment, findings: issues.map((issue) => placed(text, issue)) };
}

/** A finding about a setting, given the place of the setting in the text. */
export function placeFinding(yaml: string, finding: Finding): Finding {
  const text = readSettingsText(yaml);
  return 'findings' in text ? finding : { ...finding, ...placeOf(text, finding.path.split('.')) };
}

/** The kind of experiment that a text is about, or what is wrong with it. */
export function kindOfExperiment(text: SettingsText): KindName | Finding {
  const kind = text.value.kind ?? defaultKind;
  if (isKindName(kind)) return kind;
  const message = `there is no kind of experiment “${String(kind)}”; known: ${kindNames.join(', ')}`;
  const suggestion = nearest(String(kind), kindNames);
  return { path: 'kind', message, ...placeOf(text, ['kind']), ...(suggestion && { suggestion }) };
}

const jsonSchemas = new Map<KindName, Schema>();

/** JSON Schema of what may be written for a kind of experiment. */
export function experimentJsonSchema(kind: KindName): Schema {
  let schema = jsonSchemas.get(kind);
  if (!schema) jsonSchemas.set(kind, (schema = jsonSchema(experimentKind(kind).schema)));
  return schema;
}

/** Fills in the defaults of settings that are plain values already, or says what is wrong with them. */
export function checkExperiment(
  kind: KindName,
  value: unknown,
): { experiment: Experiment | null; issues: Explained[] } {
  const result = experimentKind(kind).schema.safeParse(value);
  if (result.success) return { experiment: result.data, issues: [] };
  const root = experimentJsonSchema(kind);
  return { experiment: null, issues: result.error.issues.flatMap((issue) => explain(issue, value, root)) };
}

function placed(text: SettingsText, { at, isKey, ...finding }: Explained): Finding {
  return { path: pathText(at), ...finding, ...placeOf(text, at, isKey) };
}
