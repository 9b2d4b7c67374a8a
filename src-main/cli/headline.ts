import type { RunSummary } from '@shared/run';
import { experimentKind, isKindName } from '../experiments/experiment';

/** The metrics that tell most of runs like these: those of each of their kinds that any of them has recorded. */
export function headlinesOf(runs: readonly RunSummary[]): string[] {
  const kinds = [...new Set(runs.map(({ kind }) => kind))].filter(isKindName);
  const keys = kinds.flatMap((kind) => experimentKind(kind).headline);
  return keys.filter((key) => runs.some(({ metrics }) => key in metrics));
}

/** `valid/gap_mean` is headed `gap mean`. */
export const shortTitle = (key: string): string => key.split('/').at(-1)!.replaceAll('_', ' ');
