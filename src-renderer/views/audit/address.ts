import type { LocationQuery, LocationQueryRaw } from 'vue-router';
import { auditMeasures, type AuditMeasure } from '@shared/figures/auditFigure';
import { auditSplits, layerAuditAskSchema, type AuditSource, type LayerAuditAsk } from '@shared/layerAudit';

/** What is audited and how it is looked at, as it stands in an address; what is left out is the default. */
export interface AuditAddress {
  source: AuditSource | null;
  split: LayerAuditAsk['split'];
  instances: number;
  iterations: number[];
  anchorWeights: number[];
  measure: AuditMeasure;
  /** Whose inner iterates are shown: mode, iterations, anchor weight, and number in the split. */
  shown: { mode: 'anchored' | 'project'; iterations: number; anchorWeight: number; instance: number };
}

const defaults = layerAuditAskSchema.parse({ source: { kind: 'run', id: '-' } });
export const defaultAddress: AuditAddress = {
  ...{ source: null, split: 'valid', instances: defaults.instances },
  ...{ iterations: defaults.iterations, anchorWeights: defaults.anchorWeights, measure: 'relativeError' },
  shown: { mode: 'project', iterations: 10, anchorWeight: 0.1, instance: 0 },
};

const one = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** Numbers with commas between; null where there is one that is none, or none at all. */
export function parseNumbers(text: string, most = 12): number[] | null {
  const parts = text.split(',').map((part) => part.trim());
  const values = parts.map(Number);
  const good = parts.every((part) => part !== '') && values.every((value) => Number.isFinite(value) && value >= 0);
  return good && values.length <= most ? [...new Set(values)].sort((a, b) => a - b) : null;
}

export function readAddress(query: LocationQuery): AuditAddress {
  const whole = (name: string, fallback: number, least: number, most: number): number => {
    const value = Number(one(query[name]) ?? NaN);
    return Number.isInteger(value) && value >= least && value <= most ? value : fallback;
  };
  const real = (name: string, fallback: number): number => {
    const value = Number(one(query[name]) ?? NaN);
    return Number.isFinite(value) && value >= 0 ? value : fallback;
  };
  const counts = parseNumbers(one(query.iterations) ?? '')?.filter((k) => Number.isInteger(k) && k >= 1 && k <= 500);
  const measure = one(query.measure);
  const { shown } = defaultAddress;
  return {
    source: sourceOf(query, whole),
    split: auditSplits.find((split) => split === query.split) ?? defaultAddress.split,
    instances: whole('instances', defaultAddress.instances, 1, 256),
    iterations: counts?.length ? counts : defaultAddress.iterations,
    anchorWeights: parseNumbers(one(query.anchor) ?? '') ?? defaultAddress.anchorWeights,
    measure: measure !== null && measure in auditMeasures ? (measure as AuditMeasure) : defaultAddress.measure,
    shown: {
      mode: query.mode === 'anchored' ? 'anchored' : shown.mode,
      iterations: whole('k', shown.iterations, 1, 500),
      anchorWeight: real('w', shown.anchorWeight),
      instance: whole('instance', shown.instance, 0, 1e6),
    },
  };
}

function sourceOf(
  query: LocationQuery,
  whole: (name: string, fallback: number, least: number, most: number) => number,
): AuditSource | null {
  const [id, dataset] = [one(query.run), one(query.dataset)];
  if (id) {
    const step = whole('step', -1, 0, 1e9);
    return { kind: 'run', id, ...(step >= 0 ? { step } : {}) };
  }
  if (!dataset) return null;
  const hidden = parseNumbers(one(query.hidden) ?? '')?.filter((width) => Number.isInteger(width) && width >= 1);
  return { kind: 'dataset', dataset, seed: whole('seed', 0, 0, 1e9), hidden: hidden?.length ? hidden : [200, 200] };
}

export function writeAddress(address: AuditAddress): LocationQueryRaw {
  const { source, split, instances, iterations, anchorWeights, measure, shown } = address;
  const unless = (name: string, value: string, standard: string) => (value === standard ? {} : { [name]: value });
  const of = defaultAddress;
  return {
    ...(source?.kind === 'run'
      ? { run: source.id, ...(source.step === undefined ? {} : { step: String(source.step) }) }
      : {}),
    ...(source?.kind === 'dataset'
      ? {
          dataset: source.dataset,
          ...unless('seed', String(source.seed), '0'),
          ...unless('hidden', source.hidden.join(','), '200,200'),
        }
      : {}),
    ...unless('split', split, of.split),
    ...unless('instances', String(instances), String(of.instances)),
    ...unless('iterations', iterations.join(','), of.iterations.join(',')),
    ...unless('anchor', anchorWeights.join(','), of.anchorWeights.join(',')),
    ...unless('measure', measure, of.measure),
    ...unless('mode', shown.mode, of.shown.mode),
    ...unless('k', String(shown.iterations), String(of.shown.iterations)),
    ...unless('w', String(shown.anchorWeight), String(of.shown.anchorWeight)),
    ...unless('instance', String(shown.instance), String(of.shown.instance)),
  };
}
