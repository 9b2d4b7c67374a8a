import type { LocationQuery, LocationQueryRaw } from 'vue-router';
import {
  solvePlanes,
  vectorData,
  type CotangentChoice,
  type SolvePlane,
  type SolveSource,
  type VectorDatum,
} from '@shared/solve';

/** What is looked at, as it stands in an address. A pasted text is too long for one: the address says only that there is one. */
export interface SolveAddress {
  source: Exclude<SolveSource, { kind: 'text' }> | { kind: 'text' } | null;
  cotangent: CotangentChoice;
  jacobian: VectorDatum | null;
  plane: SolvePlane;
}

const one = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const whole = (value: string | null): number | null =>
  value !== null && /^\d{1,9}$/.test(value) ? Number(value) : null;

/** What an address means; what makes no sense in it is left out. */
export function readAddress(query: LocationQuery): SolveAddress {
  const v = one(query.v);
  const variable = whole(v);
  return {
    source: sourceOf(query),
    cotangent: variable !== null ? { variable } : v === 'ones' ? 'ones' : 'file',
    jacobian: vectorData.find((datum) => datum === query.wrt) ?? null,
    plane: solvePlanes.find((plane) => plane === query.plane) ?? 'path',
  };
}

function sourceOf(query: LocationQuery): SolveAddress['source'] {
  const [name, path, dataset] = [one(query.case), one(query.file), one(query.dataset)];
  if (name) return { kind: 'case', name };
  if (path) return { kind: 'file', path };
  if (dataset) return { kind: 'instance', dataset, instance: whole(one(query.instance)) ?? 0 };
  return query.text === null || one(query.text) ? { kind: 'text' } : null;
}

export function writeAddress({ source, cotangent, jacobian, plane }: SolveAddress): LocationQueryRaw {
  return {
    ...sourceQuery(source),
    ...(cotangent === 'file' ? {} : { v: cotangent === 'ones' ? 'ones' : String(cotangent.variable) }),
    ...(jacobian ? { wrt: jacobian } : {}),
    ...(plane === 'path' ? {} : { plane }),
  };
}

function sourceQuery(source: SolveAddress['source']): LocationQueryRaw {
  switch (source?.kind) {
    case 'case':
      return { case: source.name };
    case 'file':
      return { file: source.path };
    case 'instance':
      return { dataset: source.dataset, instance: String(source.instance) };
    case 'text':
      return { text: 'pasted' };
    default:
      return {};
  }
}
