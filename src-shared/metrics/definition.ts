import type { Clock } from '../run';

/** The question that a researcher asks of a metric; dashboards are laid out in this order. */
export const questions = ['learning', 'feasible', 'gradients', 'inner', 'cost'] as const;
export type Question = (typeof questions)[number];

/** One entry of the metric catalogue. Keys are for ever: saved runs refer to them. */
export interface MetricDefinition {
  key: string;
  title: string;
  /** KaTeX source, short enough for an axis title. */
  symbol: string;
  /** SI symbol, `1` for pure numbers. */
  unit: string;
  clock: Clock;
  kind: 'scalar' | 'vector' | 'histogram';
  /** KaTeX source of the definition, in terms of docs/methods.md. */
  formula: string;
  description: string;
  /** Where the definition comes from. */
  source: string;
  better: 'lower' | 'higher' | 'zero' | null;
  scale: 'linear' | 'log';
  question: Question;
  /** Horizontal reference lines. */
  thresholds?: readonly number[];
}
