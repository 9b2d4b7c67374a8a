import { formatShort } from '../format';
import type { AuditCell, LayerAudit } from '../layerAudit';
import { data } from './datum';
import type { FigureInput } from './spec';

/** What a heat map of an audit may show. */
export const auditMeasures = {
  relativeError: { title: 'Relative error', label: 'Relative error against the exact gradient', scale: 'log' },
  cosine: { title: 'Cosine', label: 'Cosine with the exact gradient', scale: 'linear' },
  normRatio: { title: 'Norm', label: 'Norm over that of the exact gradient', scale: 'log' },
  differences: { title: 'Differences', label: 'Relative error against central differences', scale: 'log' },
  seconds: { title: 'Seconds', label: 'Seconds forward and backward', scale: 'log' },
  bytes: { title: 'Memory', label: 'Bytes held between the passes', scale: 'log' },
  violation: { title: 'Violation', label: 'Largest violation of a row', scale: 'log' },
} as const;
export type AuditMeasure = keyof typeof auditMeasures;

const words: Record<AuditCell['backward'], string> = {
  unroll: 'unroll',
  truncated: 'truncated',
  implicit: 'implicit, Gauss–Newton',
  implicitNewton: 'implicit, Newton',
  dlm: 'DLM',
};

export const wayName = ({ mode, backward }: Pick<AuditCell, 'mode' | 'backward'>): string =>
  mode === 'project' && backward === 'implicit' ? 'project, implicit' : `${mode}, ${words[backward]}`;

/** Ways to differentiate, numbers of iterations and anchor weights of an audit, each in its order. */
export function auditAxes({ cells }: Pick<LayerAudit, 'cells'>) {
  const distinct = <T>(values: T[]): T[] => [...new Set(values)];
  return {
    ways: distinct(cells.map(wayName)),
    iterations: distinct(cells.map(({ iterations }) => iterations)).sort((a, b) => a - b),
    anchorWeights: distinct(cells.map(({ anchorWeight }) => anchorWeight)).sort((a, b) => a - b),
  };
}

/** A heat map for each anchor weight: ways to differentiate over the number of inner iterations. */
export function auditPanels(audit: LayerAudit, measure: AuditMeasure): FigureInput['panels'] {
  const { ways, iterations, anchorWeights } = auditAxes(audit);
  const { scale, title } = auditMeasures[measure];
  // The first way at the top.
  const rows = [...ways].reverse();
  const found = new Map(
    audit.cells.map((cell) => [`${wayName(cell)} ${cell.iterations} ${cell.anchorWeight}`, cell[measure]]),
  );
  const values = [...found.values()].filter((value) => value !== null && (scale === 'linear' || value > 0));
  const domain: [number, number] = [Math.min(...(values as number[])), Math.max(...(values as number[]))];
  return anchorWeights.map((weight) => ({
    title: `w = ${formatShort(weight)}`,
    x: { label: 'Inner iterations', categories: iterations.map(String) },
    y: { categories: rows },
    series: [
      {
        mark: 'heat',
        label: title,
        x: iterations.map((_, i) => i),
        y: rows.map((_, i) => i),
        z: data(rows.flatMap((way) => iterations.map((count) => found.get(`${way} ${count} ${weight}`) ?? null))),
        scale,
        ...(domain[1] > domain[0] ? { domain } : {}),
      },
    ],
  }));
}
