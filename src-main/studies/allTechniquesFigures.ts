import { data } from '@shared/figures/datum';
import { barsPanel, curvesPanel } from '@shared/figures/studyFigures';
import type { Estimate } from '@shared/studies';
import { overSeconds, type TechniqueRow } from './allTechniquesRows';
import { type AllTechniquesSettings, arms } from './allTechniquesSweeps';
import { type Curve, meanCurve, type Samples } from './curves';
import { tail, violation } from './estimates';
import type { Findings, StudyRun } from './study';

/** Nothing in these problems is more feasible than rounding allows, and a logarithmic axis has no zero. */
const floor = 1e-16;
const interval = '95 % bootstrap over seeds';
type StudyFigure = Findings['figures'][number];

/** Signed where one looks for what is bought with infeasibility, its size on a logarithmic axis where one looks for what is left. */
const gapAxes = [
  { y: { label: 'Optimality gap, signed', scale: 'linear' }, gapOf: (value: number) => value },
  {
    y: { label: 'Optimality gap, absolute', scale: 'log' },
    gapOf: (value: number) => Math.max(floor, Math.abs(value)),
  },
] as const;

export function tradeOffFigure(rows: readonly TechniqueRow[]): StudyFigure {
  return {
    name: 'trade-off',
    caption:
      'Gap against the mean violation of the worst row, one point a run; on the right the size of the gap. Violations below 1e-16 stand at 1e-16.',
    figure: {
      format: 'adjoint-figure',
      version: 1,
      title: 'Gap against violation',
      style: { width: 178, columns: 2, legend: 'below' },
      panels: gapAxes.map(({ y, gapOf }) => ({
        x: { label: 'Violation', scale: 'log' },
        y,
        series: rows.map(({ title, runs }) => ({
          mark: 'points',
          label: title,
          x: data(runs.map((run) => Math.max(floor, violation(run)))),
          y: data(runs.map((run) => gapOf(tail(run, 'valid/gap_mean')))),
        })),
        annotations: y.scale === 'linear' ? [{ kind: 'horizontal', at: 0 }] : [],
      })),
    },
  };
}

/** Validations are not even over the seconds: a part without any is left out, and is no hole in the line. */
function secondsCurve(samples: readonly Samples[], parts: number): Curve {
  const { x, y, low, high } = meanCurve(samples, parts);
  const isMeasured = (_: unknown, part: number): boolean => y[part] !== null;
  return {
    x: x.filter(isMeasured),
    y: y.filter(isMeasured),
    low: low.filter(isMeasured),
    high: high.filter(isMeasured),
  };
}

function gapOverSeconds(run: StudyRun): Samples {
  const { x, values } = overSeconds(run, 'valid/gap_mean');
  return { x, values: values.map((value) => Math.max(floor, Math.abs(value))) };
}

function violationOverSeconds(run: StudyRun): Samples {
  const [eq, ineq] = ['valid/eq_mean', 'valid/ineq_mean'].map((metric) => overSeconds(run, metric));
  return { x: eq.x, values: eq.values.map((value, i) => Math.max(floor, value, ineq.values[i])) };
}

export function trainingFigure({ validations }: AllTechniquesSettings, rows: readonly TechniqueRow[]): StudyFigure {
  // No more parts than validations, or some are empty.
  const parts = Math.max(2, Math.min(20, Math.floor(validations / 2)));
  const lines = (of: (run: StudyRun) => Samples) =>
    rows.map(({ title, runs }) => ({ label: title, ...secondsCurve(runs.map(of), parts) }));
  const x = 'Seconds of training steps';
  return {
    name: 'training',
    caption:
      'Size of the gap and violation over the seconds of training, means of equal parts, then over seeds with bootstrap bands. Violations below 1e-16 stand at 1e-16.',
    figure: {
      format: 'adjoint-figure',
      version: 1,
      title: 'Gap and violation over training',
      style: { width: 178, columns: 2, legend: 'below' },
      panels: [
        curvesPanel({
          x,
          y: { label: 'Optimality gap, absolute', scale: 'log' },
          interval,
          lines: lines(gapOverSeconds),
        }),
        curvesPanel({ x, y: { label: 'Violation', scale: 'log' }, interval, lines: lines(violationOverSeconds) }),
      ],
    },
  };
}

export function timesFigure(rows: readonly TechniqueRow[], exact: Estimate): StudyFigure {
  const solver = Number.isFinite(exact.value);
  return {
    name: 'times',
    caption:
      'Seconds from x to y for an instance after training, with the exact solver of the labels in the same processes.' +
      (solver ? ' The line is the exact solver.' : ''),
    figure: {
      format: 'adjoint-figure',
      version: 1,
      title: 'Time per instance',
      style: { width: 178, legend: 'none' },
      panels: [
        {
          ...barsPanel({
            x: '',
            y: { label: 'Seconds per instance', scale: 'log' },
            categories: [...rows.map(({ name }) => arms[name].short), ...(solver ? ['Exact solver'] : [])],
            groups: [
              {
                label: 'Seconds per instance',
                values: [...rows.map(({ inference }) => inference), ...(solver ? [exact] : [])],
              },
            ],
            interval,
          }),
          annotations: solver ? [{ kind: 'horizontal', at: exact.value }] : [],
        },
      ],
    },
  };
}
