import { formatX, linearTicks } from '@shared/charts/scale';
import { fonts, type Tokens } from '../../theme/tokens';
import { characterWidth, type ChartFrame } from './chartLayout';
import type { ChartMark, Domain } from './chartModel';

// What the painters of lines and of heat maps share.

/** Places of the plot in pixels. */
export interface PlotArea {
  left: number;
  right: number;
  top: number;
  bottom: number;
  x(value: number): number;
}

const labelFont = 11;

/** An empty canvas, with the font of labels. */
export function beginPicture(context: CanvasRenderingContext2D, frame: ChartFrame): void {
  context.clearRect(0, 0, frame.width, frame.height);
  context.font = `400 ${labelFont}px ${fonts.ui}`;
  context.textBaseline = 'middle';
}

export interface XAxis {
  domain: Domain;
  tokens: Tokens;
  /** Of the picture. */
  width: number;
  /** Written under the labels. */
  xTitle?: string;
  /** Where there is no room for a title: written at the end of the labels, in the place of those it would touch. */
  xName?: string;
}

export function paintXAxis(
  context: CanvasRenderingContext2D,
  { domain, tokens, width, xTitle, xName }: XAxis,
  plot: PlotArea,
): void {
  const count = Math.max(2, Math.min(8, Math.floor((plot.right - plot.left) / 64)));
  const ticks = linearTicks(domain.from, domain.to, count);
  stroke(context, tokens.axis);
  context.beginPath();
  const bottom = crisp(plot.bottom);
  context.moveTo(plot.left, bottom);
  context.lineTo(plot.right, bottom);
  for (const tick of ticks) {
    const x = crisp(plot.x(tick));
    context.moveTo(x, bottom);
    context.lineTo(x, bottom + 4);
  }
  context.stroke();
  context.fillStyle = tokens.text3;
  let labelsEnd = width;
  const named = xName !== undefined && xName.length * characterWidth < (plot.right - plot.left) / 2;
  if (named) {
    context.textAlign = 'right';
    context.fillText(xName, plot.right, plot.bottom + 13);
    labelsEnd = plot.right - xName.length * characterWidth - 6;
  }
  context.textAlign = 'center';
  let last = -Infinity;
  for (const tick of ticks) {
    const label = formatX(tick);
    const half = (label.length * characterWidth) / 2;
    const x = Math.min(plot.x(tick), width - half - 2);
    // A label that would touch its neighbour stays away.
    if (x - half < last + 6 || x + half > labelsEnd) continue;
    context.fillText(label, x, plot.bottom + 13);
    last = x + half;
  }
  if (xTitle) context.fillText(xTitle, (plot.left + plot.right) / 2, plot.bottom + 32);
}

/** Resume points and checkpoints, on the axis. */
export function paintMarks(
  context: CanvasRenderingContext2D,
  marks: readonly ChartMark[],
  tokens: Tokens,
  plot: PlotArea,
): void {
  for (const mark of marks) {
    const x = plot.x(mark.x);
    if (mark.kind === 'checkpoint') {
      stroke(context, tokens.text3);
      context.beginPath();
      context.moveTo(crisp(x), plot.bottom);
      context.lineTo(crisp(x), plot.bottom - 4);
      context.stroke();
      continue;
    }
    stroke(context, tokens.text3, 1, 0.7, [2, 3]);
    context.beginPath();
    context.moveTo(crisp(x), plot.top);
    context.lineTo(crisp(x), plot.bottom);
    context.stroke();
    context.globalAlpha = 1;
    context.fillStyle = tokens.text2;
    context.beginPath();
    context.moveTo(x - 3.5, plot.bottom + 1);
    context.lineTo(x + 3.5, plot.bottom + 1);
    context.lineTo(x, plot.bottom - 5);
    context.fill();
  }
}

export function stroke(
  context: CanvasRenderingContext2D,
  colour: string,
  width = 1,
  alpha = 1,
  dash: number[] = [],
): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.globalAlpha = alpha;
  context.setLineDash(dash);
}

export function circle(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
}

/** A line of one pixel on a pixel, not over two. */
export const crisp = (place: number): number => Math.round(place) + 0.5;
