import { extend, makeScale, noExtent, toAxis, type Scale, type ScaleType } from '@shared/charts/scale';
import { indexWindow, type ChartMark, type ChartSeries, type Domain } from './chartModel';

export interface HeatInput {
  /** One row each, from the top. */
  series: readonly ChartSeries[];
  scaleType: ScaleType;
  domain: Domain;
  /** Colours part at zero, which is in the middle. */
  diverging: boolean;
  marks: readonly ChartMark[];
}

export interface HeatRow {
  id: string;
  label: string;
  /** Edges of the cells in units of x: cell k lies between edges k and k + 1. */
  edges: Float64Array;
  /** Place of each cell on the colour scale, 0 to 1; NaN for a sample that is no number. */
  shares: Float64Array;
}

export interface HeatModel {
  domain: Domain;
  /** The colour scale. */
  scale: Scale;
  diverging: boolean;
  rows: HeatRow[];
  marks: ChartMark[];
}

/** A map of several series over x: a row each, a cell a sample (or bucket), its value a colour that all rows share. */
export function makeHeatModel({ series, scaleType, domain, diverging, marks }: HeatInput): HeatModel {
  const windows = series.map(({ part }) => indexWindow(part.x, domain));
  const extent = noExtent();
  series.forEach(({ part }, i) => extend(extent, part.y, windows[i].first, windows[i].end));
  if (diverging && extent.high >= extent.low) {
    extent.high = Math.max(Math.abs(extent.low), Math.abs(extent.high));
    extent.low = -extent.high;
  }
  const scale = makeScale(scaleType, extent);
  return {
    domain,
    scale,
    diverging,
    rows: series.map(({ id, label, part }, i) => {
      const { first, end } = windows[i];
      return {
        id,
        label,
        edges: cellEdges(part.x.subarray(first, end)),
        shares: Float64Array.from(part.y.subarray(first, end), (value) => shareOf(scale, value)),
      };
    }),
    marks: marks.filter(({ x }) => x >= domain.from && x <= domain.to),
  };
}

/** Place of a value on the colour scale. */
export function shareOf(scale: Scale, value: number): number {
  if (!Number.isFinite(value)) return NaN;
  return Math.min(1, Math.max(0, (toAxis(scale, value) - scale.low) / (scale.high - scale.low)));
}

/** Halfway between the samples; the outermost cells reach as far to either side. */
function cellEdges(x: Float64Array): Float64Array {
  const edges = new Float64Array(x.length + 1);
  if (x.length === 0) return edges;
  for (let k = 1; k < x.length; k++) edges[k] = (x[k - 1] + x[k]) / 2;
  const last = x.length - 1;
  edges[0] = last === 0 ? x[0] - 0.5 : x[0] - (edges[1] - x[0]);
  edges[last + 1] = last === 0 ? x[0] + 0.5 : x[last] + (x[last] - edges[last]);
  return edges;
}
