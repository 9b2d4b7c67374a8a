import { interpolateCividis } from 'd3-scale-chromatic';
import type { InstanceView } from '@shared/problems';

export interface Cell {
  row: number;
  slack: number;
  multiplier: number;
  active: boolean;
}

export const rowOrders = ['index', 'slack'] as const;
export type RowOrder = (typeof rowOrders)[number];

/** The rows' numbers in the order in which strips show them: the tightest over all instances first, or as they are. */
export function orderRows(instances: readonly InstanceView[], order: RowOrder): number[] {
  const m = instances[0]?.slacks.length ?? 0;
  const rows = Array.from({ length: m }, (_, i) => i);
  if (order === 'index') return rows;
  const timesActive = rows.map((i) => instances.filter(({ activeRows }) => activeRows.includes(i)).length);
  const least = rows.map((i) => instances.reduce((a, { slacks }) => Math.min(a, slacks[i]), Infinity));
  return rows.sort((a, b) => timesActive[b] - timesActive[a] || least[a] - least[b] || a - b);
}

export function cellsOf(view: InstanceView, rows: readonly number[]): Cell[] {
  const active = new Set(view.activeRows);
  return rows.map((row) => ({
    row,
    slack: view.slacks[row],
    multiplier: view.multipliers[row],
    active: active.has(row),
  }));
}

/** Logarithms of the least and greatest slack of rows that are not active: what the colours span. */
export function slackRange(instances: readonly InstanceView[]): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const { slacks, activeRows } of instances) {
    const active = new Set(activeRows);
    slacks.forEach((slack, i) => {
      if (active.has(i) || !(slack > 0)) return;
      low = Math.min(low, Math.log10(slack));
      high = Math.max(high, Math.log10(slack));
    });
  }
  return high >= low ? [low, high] : [0, 0];
}

/** Cividis from dark (tight) to light (much room), the same for all instances; never as dark as a dark page. */
export function slackColour(slack: number, [low, high]: [number, number], scheme: 'light' | 'dark'): string {
  const share = high > low ? (Math.log10(Math.max(slack, 1e-300)) - low) / (high - low) : 1;
  const first = scheme === 'dark' ? 0.16 : 0;
  return interpolateCividis(first + (1 - first) * Math.min(1, Math.max(0, share)));
}
