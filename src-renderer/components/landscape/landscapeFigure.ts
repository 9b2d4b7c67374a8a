import { data } from '@shared/figures/datum';
import type { Landscape } from '@shared/landscape';
import type { FigurePanels } from '../figures/figureExport';
import { contourLevels, type LandscapePath } from './landscapePicture';

/** A landscape with its kinks and paths as a panel of a figure. */
export function landscapePanels(landscape: Landscape, paths: readonly LandscapePath[]): FigurePanels {
  return [landscape.dimensions === 1 ? curvePanel(landscape, paths) : planePanel(landscape, paths)];
}

type Panel = FigurePanels[number];

function planePanel(landscape: Landscape, paths: readonly LandscapePath[]): Panel {
  const { s, t, size, values, kinks, optimum, start, axes } = landscape;
  const grid = { x: along(s, size[0]), y: along(t, size[1]), z: data(values) };
  const known = values.filter((value) => value !== null);
  const range = [known.reduce((a, b) => Math.min(a, b), Infinity), known.reduce((a, b) => Math.max(a, b), -Infinity)] as const;
  const lines = [...kinks.kink, ...kinks.jump];
  return {
    title: 'F(x)',
    x: { label: axisLabel(axes[0]), domain: s },
    y: { label: axisLabel(axes[1]), domain: t },
    series: [
      { mark: 'heat', label: 'F', ...grid, contours: contourLevels(range) },
      ...(lines.length > 0
        ? [
            {
              mark: 'line' as const,
              ...{ label: 'kinks', colour: '#111111' },
              x: data(lines.flatMap(([s0, , s1]) => [s0, s1, null])),
              y: data(lines.flatMap(([, t0, , t1]) => [t0, t1, null])),
            },
          ]
        : []),
      ...paths.map(({ name, colour, points }) => ({
        mark: 'line' as const,
        ...{ label: name, colour },
        x: data(points.map((point) => point.s)),
        y: data(points.map((point) => point.t)),
      })),
      { mark: 'points', label: 'start', colour: '#cc3311', x: data([start.s]), y: data([start.t]) },
      ...(optimum ? [{ mark: 'points' as const, label: '$x^*$', colour: '#ee7733', x: data([optimum.s]), y: data([optimum.t]) }] : []),
    ],
  };
} // prettier-ignore

function curvePanel({ s, size, values, corners, axes, optimum }: Landscape, paths: readonly LandscapePath[]): Panel {
  return {
    x: { label: axisLabel(axes[0]) },
    y: { label: 'F' },
    series: [
      { mark: 'line', label: 'F', x: data(along(s, size[0])), y: data(values) },
      ...(corners.length > 0
        ? [
            {
              mark: 'points' as const,
              label: 'kinks',
              x: data(corners.map((corner) => corner.s)),
              y: data(corners.map(({ F }) => F)),
            },
          ]
        : []),
      ...(optimum ? [{ mark: 'points' as const, label: '$x^*$', x: data([optimum.s]), y: data([optimum.F]) }] : []),
    ],
    annotations: paths.flatMap(({ name, points }) => {
      const last = points.at(-1);
      return last ? [{ kind: 'vertical' as const, at: last.s, label: name }] : [];
    }),
  };
}

const along = ([from, to]: readonly [number, number], count: number): number[] =>
  Array.from({ length: count }, (_, k) => from + ((to - from) * k) / (count - 1));

/** `x_{3}` is mathematics, words are words. */
const axisLabel = (axis: string): string => (/^x(_|$)/.test(axis) ? `$${axis}$` : axis);
