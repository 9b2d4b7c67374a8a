import { bilevelMetrics } from './bilevel';
import type { MetricDefinition } from './definition';
import { dynamicsMetrics } from './dynamics';
import { hypergradientMetrics } from './hypergradients';
import { innerMetrics } from './inner';
import { labelMetrics } from './labels';
import { trainingMetrics } from './training';

export type { MetricDefinition, Question } from './definition';
export { questions } from './definition';

/** Every metric that Adjoint itself records. One file a group; adding a metric means one entry there. */
export const metricCatalogue: readonly MetricDefinition[] = [
  ...trainingMetrics,
  ...innerMetrics,
  ...dynamicsMetrics,
  ...labelMetrics,
  ...bilevelMetrics,
  ...hypergradientMetrics,
];

const byKey = new Map(metricCatalogue.map((metric) => [metric.key, metric]));

/** The definition of a metric; a key that the catalogue does not know gets a plain one, so that old and foreign runs still draw. */
export function metricDefinition(key: string, clock: MetricDefinition['clock'] = 'step'): MetricDefinition {
  return (
    byKey.get(key) ?? {
      key,
      title: key,
      symbol: `\\text{${key.replace(/[_#%&{}\\^~$]/g, ' ')}}`,
      unit: '1',
      clock,
      kind: 'scalar',
      formula: '',
      description: 'This metric is not in the catalogue of this version.',
      source: 'the run itself',
      better: null,
      scale: 'linear',
      question: 'cost',
    }
  );
}
