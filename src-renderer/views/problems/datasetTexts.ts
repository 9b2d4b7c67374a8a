import { formatX } from '@shared/charts/scale';
import type { DatasetInfo } from '@shared/datasets';

const order = ['train', 'valid', 'test'];

/** Sizes of the splits, the usual ones first: `4 166 / 417 / 417`. */
export function splitWords(splits: DatasetInfo['splits']): string {
  const names = [...order.filter((name) => name in splits), ...Object.keys(splits).filter((name) => !order.includes(name)).sort()];
  return names.length === 0 ? '–' : names.map((name) => formatX(splits[name])).join(' / ');
} // prettier-ignore

export const shapeWords = (shape: readonly number[]): string =>
  shape.length === 0 ? 'scalar' : shape.map(formatX).join(' × ');

/** The instances of a page, at most four from `first`, within the dataset. */
export function pageOf(first: number, N: number, size = 4): number[] {
  const from = Math.max(0, Math.min(first, N - 1));
  return Array.from({ length: Math.min(size, N - from) }, (_, k) => from + k);
}
