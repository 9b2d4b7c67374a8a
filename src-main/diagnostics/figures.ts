import { data } from '@shared/figures/datum';
import { columnWidths, parseFigure, type Figure } from '@shared/figures/spec';
import type { EffectiveRank } from './effectiveRank';
import type { LossLandscape } from './landscape';
import type { ViolationMap } from './violationMap';

const along = (k: 1 | 2): string => `Direction ${k} (filter-normalised)`;

/** The loss over a line, with its two terms, or over a plane. */
export function landscapeFigure({ a, b, values }: LossLandscape, of: string): Figure {
  const base = { format: 'adjoint-figure', version: 1, caption: `Loss around ${of}.` } as const;
  if (b.length === 1)
    return parseFigure({
      ...base,
      style: { width: columnWidths.single, height: 60 },
      panels: [
        {
          x: { label: along(1) },
          y: { label: 'Loss' },
          series: (['loss', 'objective', 'constraint'] as const).map((key) => ({
            ...{ mark: 'line', label: key, x: data([...a]), y: data([...values[key]]) },
          })),
        },
      ],
    });
  return parseFigure({
    ...base,
    style: { width: columnWidths.single, height: 75 },
    panels: [
      {
        x: { label: along(1) },
        y: { label: along(2) },
        series: [
          {
            ...{ mark: 'heat', label: 'Loss', x: [...a], y: [...b], z: data([...values.loss]) },
            scale: values.loss.every((value) => value > 0) ? 'log' : 'linear',
          },
        ],
      },
    ],
  });
}

/** Smaller violations are drawn as this one: a logarithmic scale has no place for zero. */
const leastDrawn = 1e-10;

/** Violation of every row in every validation instance. */
export function violationFigure({ rows, instances, equalities, values }: ViolationMap, of: string): Figure {
  const order = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
  const boundary = equalities > 0 && equalities < rows ? [{ kind: 'horizontal', at: equalities + 0.5 }] : [];
  return parseFigure({
    ...{ format: 'adjoint-figure', version: 1 },
    caption: `Violation of each row over the validation set, ${of}: ${equalities} equalities first, then inequalities. What is below 1e-10, zero too, is drawn as 1e-10.`,
    style: { width: columnWidths.single, height: 75 },
    panels: [
      {
        x: { label: 'Validation instance' },
        y: { label: 'Row' },
        series: [
          {
            ...{ mark: 'heat', label: 'Violation', x: order(instances), y: order(rows), scale: 'log' },
            z: data(Array.from(values, (value) => (value < leastDrawn ? leastDrawn : value))),
          },
        ],
        annotations: boundary,
      },
    ],
  });
}

/** Singular values over their rank, each divided by the largest: how fast they fall is what the effective rank says in one number. */
export function singularValuesFigure(ranks: { features: EffectiveRank; gradients: EffectiveRank }, of: string): Figure {
  return parseFigure({
    ...{ format: 'adjoint-figure', version: 1, caption: `Singular values of features and of the gradients of single instances, ${of}.` },
    style: { width: columnWidths.single, height: 75 },
    panels: [
      {
        x: { label: 'Rank' },
        y: { label: 'Singular value / largest', scale: 'log' },
        series: (['features', 'gradients'] as const).map((key) => line(key, ranks[key].singularValues)),
      },
    ],
  }); // prettier-ignore
}

/** Singular values down to rounding; below, they say nothing. */
function line(label: string, singularValues: Float64Array) {
  const shares = [...singularValues].map((value) => value / singularValues[0]).filter((share) => share > 1e-8);
  return { mark: 'line' as const, label, x: shares.map((_, i) => i + 1), y: shares };
}
