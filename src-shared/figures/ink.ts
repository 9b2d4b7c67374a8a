import { paperColours } from '../charts/palette';
import { circle, fixed, segment } from './scene';
import type { Figure, FigureSeries } from './spec';

/** Colours and line widths of paper, in points. */
export const ink = {
  text: '#17181c',
  quiet: '#5c616b',
  axis: '#3a3d46',
  grid: '#e2e3e8',
  missing: '#e5e5e8',
  paper: '#ffffff',
  line: 1.1,
  thin: 0.5,
  hair: 0.4,
  bandOpacity: 0.15,
  rawOpacity: 0.35,
} as const;

/** In line widths. The first is whole; six differ at a glance, as many as are labelled directly. */
const dashes: readonly (readonly number[])[] = [
  [],
  [4.5, 2],
  [1.2, 1.6],
  [6, 1.8, 1.2, 1.8],
  [2.8, 1.4],
  [7, 1.6, 1.2, 1.6, 1.2, 1.6],
];

/** What tells the fills of bars and boxes apart without colour. */
const fillOpacities = [0.85, 0.45, 0.18] as const;

export interface SeriesInk {
  colour: string;
  dash: readonly number[] | undefined;
  fillOpacity: number;
  marker: number;
}

/** One ink for each name, in the order in which names appear, over all panels. */
export function inksOf(figure: Figure): Map<string, SeriesInk> {
  const named = new Map<string, FigureSeries>();
  for (const { series } of figure.panels)
    for (const one of series) if (one.mark !== 'heat' && !named.has(one.label)) named.set(one.label, one);
  let index = -1;
  return new Map(
    [...named.values()].map((series): [string, SeriesInk] => {
      // A front is a reference, drawn in the ink of the axes: it takes no colour from the series.
      if (series.mark === 'front')
        return [series.label, { colour: series.colour ?? ink.quiet, dash: undefined, fillOpacity: 1, marker: 0 }];
      index++;
      const pattern = dashes[index % dashes.length];
      return [
        series.label,
        {
          colour: series.colour ?? paperColours[index % paperColours.length],
          dash: figure.style.dashes && pattern.length > 0 ? pattern.map((length) => length * ink.line) : undefined,
          fillOpacity: fillOpacities[index % fillOpacities.length],
          marker: index % markers.length,
        },
      ];
    }),
  );
}

const polygon = (corners: readonly (readonly [number, number])[]): string =>
  `M${corners.map(([x, y]) => `${fixed(x)},${fixed(y)}`).join('L')}Z`;

type MarkerPath = (x: number, y: number, r: number) => string;
const markers: readonly MarkerPath[] = [
  circle,
  (x, y, r) => polygon([[x - 0.88 * r, y - 0.88 * r], [x + 0.88 * r, y - 0.88 * r], [x + 0.88 * r, y + 0.88 * r], [x - 0.88 * r, y + 0.88 * r]]),
  (x, y, r) => polygon([[x, y - 1.15 * r], [x + 1.05 * r, y + 0.75 * r], [x - 1.05 * r, y + 0.75 * r]]),
  (x, y, r) => polygon([[x, y - 1.25 * r], [x + 1.25 * r, y], [x, y + 1.25 * r], [x - 1.25 * r, y]]),
  (x, y, r) => polygon([[x, y + 1.15 * r], [x + 1.05 * r, y - 0.75 * r], [x - 1.05 * r, y - 0.75 * r]]),
  (x, y, r) => polygon([0, 1, 2, 3, 4].map((k) => [x + 1.2 * r * Math.sin((k * 2 * Math.PI) / 5), y - 1.2 * r * Math.cos((k * 2 * Math.PI) / 5)] as const)),
]; // prettier-ignore

/** Outline of the marker of a series, of about the area of a circle with radius r. */
export const marker = (index: number, x: number, y: number, r: number): string => markers[index](x, y, r);

/** The mark of samples that are not a number. */
export const cross = (x: number, y: number, r: number): string =>
  segment(x - r, y - r, x + r, y + r) + segment(x - r, y + r, x + r, y - r);
