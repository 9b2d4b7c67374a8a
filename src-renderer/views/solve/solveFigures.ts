import { data } from '@shared/figures/datum';
import { subscript } from '@shared/format';
import type { Audited, SolveReport } from '@shared/solve';
import type { FigurePanels } from '../../components/figures/figureExport';
import { entryName } from './words';

// The pictures of the Solve page as panels of a figure; see src-shared/figures.

/** Residuals and gap by iteration; the last point is what the polish left. */
export function convergencePanels({ trace }: SolveReport): FigurePanels {
  if (!trace) return [];
  const quantities = [
    { key: 'gap', label: 'Gap' },
    { key: 'dual', label: 'Dual residual' },
    { key: 'primal', label: 'Primal residual' },
  ] as const;
  return [
    {
      x: { label: 'Iteration' },
      y: { label: 'Relative to the data', scale: 'log' },
      series: quantities.map(({ key, label }) => {
        const values = [...trace.iterations.map((one) => one[key]), ...(trace.polish ? [trace.polish[key]] : [])];
        return { mark: 'line', label, x: values.map((_, k) => k), y: data(values) };
      }),
    },
  ];
}

/** ∂y/∂(datum), the first variable at the top. */
export function jacobianPanels({ sensitivity, dims: { n } }: SolveReport): FigurePanels {
  const { jacobian } = sensitivity;
  if (!jacobian) return [];
  const { datum, entries, values } = jacobian;
  const columns = entries.length;
  const variables = Array.from({ length: n }, (_, j) => n - 1 - j);
  return [
    {
      // The colour bar's name stands on the title's line.
      title: 'Sensitivity of the solution',
      x: { categories: entries.map((i) => entryName(datum, i)) },
      y: { categories: variables.map((j) => `y${subscript(j)}`) },
      series: [
        {
          mark: 'heat',
          label: `∂y/∂${datum}`,
          x: entries.map((_, k) => k),
          y: variables.map((_, k) => k),
          z: data(variables.flatMap((j) => values.slice(j * columns, (j + 1) * columns))),
          palette: 'diverging',
        },
      ],
    },
  ];
}

/** Relative error of the gradient against the step of the differences, a line a datum. */
export function auditPanels({ data: audits, noise }: Audited): FigurePanels {
  const shown = audits.filter(({ vanishes, oneSidedOnly }) => !vanishes || oneSidedOnly);
  const lines = shown.map(({ datum, sweep }) => {
    const points = [...sweep].sort((a, b) => a.step - b.step);
    return { label: datum, x: points.map(({ step }) => step), y: points.map(({ relativeError }) => relativeError) };
  });
  const floor = noise && lines.length > 0 ? [{ label: 'Rounding', x: lines[0].x, y: lines[0].x.map((step) => noise.rounding / step) }] : [];
  return [
    {
      x: { label: 'Step of the central differences', scale: 'log' },
      y: { label: 'Relative error of the gradient', scale: 'log' },
      series: [...lines, ...floor].map(({ y, ...rest }) => ({ mark: 'line', ...rest, y: data(y) })),
    },
  ];
} // prettier-ignore
