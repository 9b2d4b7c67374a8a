import { tickLabel } from '@shared/charts/scale';
import { mostDirectLabels, type ChartModel } from './chartModel';

export interface ChartFrame {
  width: number;
  height: number;
}

export interface Margins {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Of a label, in pixels. */
export const characterWidth = 6.3;
const widestLabel = 130;

/** Space around the plot: as much as the labels need, in steps, so that a growing label does not make the plot twitch. */
export function marginsOf({
  model,
  directLabels,
  title,
  xTitle,
  untitled = false,
}: {
  model: ChartModel;
  directLabels: boolean;
  title?: string;
  xTitle?: string;
  /** Nothing stands above the plot: what its axis is is written elsewhere. */
  untitled?: boolean;
}): Margins {
  const longest = Math.max(1, ...model.scale.ticks.map((tick) => tickLabel(model.scale, tick).length));
  const left = Math.max(40, Math.ceil((longest * characterWidth + 14) / 8) * 8);
  const labels = directLabels && model.series.length <= mostDirectLabels ? model.series : [];
  const widest = Math.max(0, ...labels.map(({ label }) => label.length));
  const right = labels.length > 1 ? Math.min(widestLabel, widest * characterWidth + 14) : 14;
  return { left, right, top: title ? 40 : untitled ? 10 : 26, bottom: xTitle ? 44 : 24 };
}

/** A label that fits beside a line. */
export function shortened(label: string, characters = 18): string {
  return label.length <= characters ? label : `${label.slice(0, characters - 1).trimEnd()}…`;
}
