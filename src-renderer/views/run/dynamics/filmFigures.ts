import type { OutputPlane } from '@shared/film';
import { data } from '@shared/figures/datum';
import type { FigurePanels } from '../../../components/figures/figureExport';
import { formatNumber } from '@shared/format';
import { measuredRows, rowAt, valuesAt, type FilmAxis, type FilmTable } from './film';
import type { Histogram, HistogramFrame } from './histogram';
import type { LandscapeScale } from './landscapeFilm';

// Pictures of a film as panels of figures: what they show at the selected epoch.

/** A histogram's outline, in bins that are equally wide; the reference as a second line. */
export function histogramPanel(
  title: string,
  frame: HistogramFrame,
  histogram: Histogram,
  reference: Histogram | null,
): FigurePanels {
  const { edges } = histogram;
  const names = Array.from({ length: frame.end - frame.first }, (_, k) => formatNumber(edges[frame.first + k], 2));
  const series = (label: string, { counts }: Histogram) => ({
    ...{ mark: 'line' as const, label, shape: 'step' as const },
    x: data(names.map((_, k) => k)),
    y: data(counts.subarray(frame.first, frame.end)),
  });
  return [
    {
      title,
      x: { label: 'from (lower edge of the bin)', categories: names },
      y: { label: 'instances' },
      series: [series('selected', histogram), ...(reference ? [series('reference', reference)] : [])],
    },
  ];
}

/** All rows over training as a heat map, the selected epoch marked. Zeros are left out: the scale is logarithmic. */
export function violationPanel(film: FilmTable, key: string, axis: FilmAxis, at: number): FigurePanels {
  const column = film.columns.get(key);
  const rows = measuredRows(film, key);
  const width = column?.width ?? 0;
  const z = Array.from({ length: width }, (_, j) => rows.map((row) => column!.values[row * width + j]))
    .flat()
    .map((value) => (value > 0 ? value : null));
  return [
    {
      title: 'Violation of each row',
      x: { label: axisLabels[axis] },
      y: { label: 'row' },
      series: [
        {
          ...{ mark: 'heat' as const, label: 'violation', scale: 'log' as const },
          x: rows.map((row) => film[axis][row]),
          y: Array.from({ length: width }, (_, j) => j + 1),
          z: data(z),
        },
      ],
      annotations: [{ kind: 'vertical', at }],
    },
  ];
}

const axisLabels: Record<FilmAxis, string> = { epoch: 'epoch', step: 'step', activeSeconds: 'active time, s' };

export function landscapePanel(
  film: FilmTable,
  key: string,
  axis: FilmAxis,
  at: number,
  { scale, radius }: { scale: LandscapeScale; radius: number },
): FigurePanels {
  const row = rowAt(film, axis, at, key);
  const values = valuesAt(film, key, row);
  if (!values) return [];
  const points = Math.round(Math.sqrt(values.length));
  const along = Array.from({ length: points }, (_, k) => radius * ((2 * k) / (points - 1) - 1));
  return [
    {
      title: `Epoch ${formatNumber(film.epoch[row])}`,
      x: { label: '$a$' },
      y: { label: '$b$' },
      series: [
        {
          ...{ mark: 'heat' as const, label: key.slice('landscape/'.length), x: along, y: along, z: data(values) },
          ...(scale.high > scale.low ? { domain: [scale.low, scale.high] as [number, number] } : {}),
          contours: scale.levels,
        },
      ],
    },
  ];
}

/** The objective in the plane, the boundary of the feasible set, and the way of the output up to the selected epoch. */
export function planePanel({ slice, path }: OutputPlane, axis: FilmAxis, at: number): FigurePanels {
  const now = path[axis].findLastIndex((x) => x <= at) + 1;
  const along = ([from, to]: readonly [number, number]) =>
    Array.from({ length: slice.size }, (_, k) => from + ((to - from) * k) / (slice.size - 1));
  const grid = { x: along(slice.s), y: along(slice.t) };
  return [
    {
      title: `Instance ${slice.instance}`,
      x: { label: '$s$', domain: slice.s },
      y: { label: '$t$', domain: slice.t },
      series: [
        {
          ...{ mark: 'heat', label: '$f - f^*$ where feasible', ...grid },
          z: data(slice.objective.map((value, k) => (slice.violation[k] <= 0 ? value : null))),
        },
        {
          ...{ mark: 'line', label: 'output', colour: '#d55e00' },
          x: data(path.s.slice(0, now)),
          y: data(path.t.slice(0, now)),
        },
        { mark: 'points', label: '$y^*$', colour: '#cc3311', x: data([0]), y: data([0]) },
      ],
    },
  ];
}
