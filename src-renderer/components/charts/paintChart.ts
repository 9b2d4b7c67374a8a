import { spreadLabels, thin } from '@shared/charts/placement';
import { tickLabel } from '@shared/charts/scale';
import { formatNumber } from '@shared/format';
import type { Tokens } from '../../theme/tokens';
import { marginsOf, type ChartFrame, type Margins } from './chartLayout';
import { mostDirectLabels, type ChartModel, type DrawnSeries } from './chartModel';
import { beginPicture, circle, crisp, paintMarks, paintXAxis, stroke, type PlotArea } from './paintAxes';

export interface PaintInput {
  model: ChartModel;
  tokens: Tokens;
  frame: ChartFrame;
  /** Labels at the ends of lines; more than one series only. */
  directLabels: boolean;
  xTitle?: string;
  /** Instead of a title, at the end of the labels. */
  xName?: string;
  /** Nothing stands above the plot. */
  untitled?: boolean;
  /** Something moves: fewer points, drawn faster. */
  coarse?: boolean;
  /** This series stands out, the others step back. */
  focus?: string | null;
}

/** Pixels between points while something moves. */
const coarseSpacing = 2;

interface Plot extends PlotArea {
  y(value: number): number;
}

function plotOf({ model, frame }: PaintInput, margins: Margins): Plot {
  const { domain, scale } = model;
  const { left, top } = margins;
  const right = Math.max(left + 1, frame.width - margins.right);
  const bottom = Math.max(top + 1, frame.height - margins.bottom);
  const perX = (right - left) / (domain.to - domain.from);
  const perY = (bottom - top) / (scale.high - scale.low);
  return {
    left,
    right,
    top,
    bottom,
    x: (value) => left + (value - domain.from) * perX,
    y: (value) => top + (scale.high - value) * perY,
  };
}

/**
 * Draws a model on a canvas that is scaled to CSS pixels. A chart library lays out, compares and animates each series before it draws;
 * here the model has done the layout, and twelve runs in six panels have to follow a pointer within one frame.
 */
export function paintChart(context: CanvasRenderingContext2D, input: PaintInput): void {
  const { frame, model, tokens } = input;
  const plot = plotOf(input, marginsOf(input));
  beginPicture(context, frame);
  context.lineJoin = input.coarse ? 'bevel' : 'round';
  const spacing = input.coarse ? coarseSpacing : 0;
  axes(context, input, plot);
  context.save();
  context.beginPath();
  context.rect(plot.left, plot.top - 1, plot.right - plot.left, plot.bottom - plot.top + 2);
  context.clip();
  references(context, input, plot);
  const order = stacked(input);
  for (const series of order) if (series.band) band(context, series, series.band, plot, shareOf(input, series));
  for (const series of order) {
    const share = shareOf(input, series);
    if (series.raw) line(context, series.raw, plot, spacing, series.colour, 1, 0.35 * share);
    line(context, series.line, plot, spacing, series.colour, series.id === input.focus ? 2.25 : 1.5, share);
  }
  context.restore();
  for (const series of order) markers(context, input, series, plot);
  paintMarks(context, model.marks, tokens, plot);
  beyond(context, input, plot);
  endLabels(context, input, plot);
}

/** The focused series is drawn last, over the others. */
const stacked = ({ model, focus }: PaintInput): readonly DrawnSeries[] =>
  focus ? [...model.series].sort((a, b) => Number(a.id === focus) - Number(b.id === focus)) : model.series;

const shareOf = ({ focus, model }: PaintInput, series: DrawnSeries): number =>
  !focus || series.id === focus || !model.series.some(({ id }) => id === focus) ? 1 : 0.18;

function axes(
  context: CanvasRenderingContext2D,
  { model, tokens, frame, xTitle, xName }: PaintInput,
  plot: Plot,
): void {
  const { scale } = model;
  stroke(context, tokens.grid);
  context.beginPath();
  for (const tick of scale.ticks) {
    const y = crisp(plot.y(tick));
    context.moveTo(plot.left, y);
    context.lineTo(plot.right, y);
  }
  context.stroke();
  context.fillStyle = tokens.text3;
  context.textAlign = 'right';
  for (const tick of scale.ticks) context.fillText(tickLabel(scale, tick), plot.left - 8, plot.y(tick) + 0.5);
  if (scale.floor !== null) context.fillText('≤ 0', plot.left - 8, plot.y(scale.floor));

  stroke(context, tokens.axis);
  context.beginPath();
  for (const tick of scale.minorTicks) {
    const y = crisp(plot.y(tick));
    context.moveTo(plot.left - 4, y);
    context.lineTo(plot.left, y);
  }
  context.stroke();
  paintXAxis(context, { domain: model.domain, tokens, width: frame.width, xTitle, xName }, plot);
}

function references(context: CanvasRenderingContext2D, { model, tokens }: PaintInput, plot: Plot): void {
  const horizontal = (y: number) => {
    context.beginPath();
    context.moveTo(plot.left, crisp(y));
    context.lineTo(plot.right, crisp(y));
    context.stroke();
  };
  stroke(context, tokens.text3, 1, 0.8, [3, 3]);
  for (const { y } of model.thresholds) horizontal(plot.y(y));
  if (model.scale.floor !== null) {
    stroke(context, tokens.axis, 1, 1, [1, 3]);
    horizontal(plot.y(model.scale.floor));
  }
  stroke(context, tokens.axis);
}

/** x and y interleaved; NaN breaks the line. Points closer than `spacing` pixels to the one before are left out. */
function line(context: CanvasRenderingContext2D, points: Float64Array, plot: Plot, spacing: number, colour: string, width: number, alpha: number) {
  stroke(context, colour, width, alpha);
  context.beginPath();
  let open = false;
  let last = -Infinity;
  for (let k = 0; k < points.length; k += 2) {
    const y = points[k + 1];
    if (y !== y) {
      open = false;
      continue;
    }
    const x = plot.x(points[k]);
    if (!open) context.moveTo(x, plot.y(y));
    else if (x - last < spacing) continue;
    else context.lineTo(x, plot.y(y));
    open = true;
    last = x;
  }
  context.stroke();
  context.globalAlpha = 1;
} // prettier-ignore

/** One polygon for each stretch without a gap. */
function band(context: CanvasRenderingContext2D, series: DrawnSeries, points: Float64Array, plot: Plot, share: number): void {
  context.fillStyle = series.colour;
  context.globalAlpha = 0.15 * share;
  context.beginPath();
  const known = (k: number) => Number.isFinite(points[k + 1]) && Number.isFinite(points[k + 2]);
  for (let k = 0; k < points.length; k += 3) {
    if (!known(k)) continue;
    const first = k;
    context.moveTo(plot.x(points[k]), plot.y(points[k + 2]));
    for (k += 3; k < points.length && known(k); k += 3) context.lineTo(plot.x(points[k]), plot.y(points[k + 2]));
    for (let back = k - 3; back >= first; back -= 3) context.lineTo(plot.x(points[back]), plot.y(points[back + 1]));
    context.closePath();
  }
  context.fill();
  context.globalAlpha = 1;
} // prettier-ignore

/** What a line cannot show: values at or below zero, lone samples, and what is not a number. */
function markers(context: CanvasRenderingContext2D, input: PaintInput, series: DrawnSeries, plot: Plot): void {
  const { model, tokens } = input;
  const { domain, scale } = model;
  const inside = (x: number) => x >= domain.from && x <= domain.to;
  context.globalAlpha = shareOf(input, series);
  context.fillStyle = tokens.surface;
  context.strokeStyle = series.colour;
  context.lineWidth = 1.25;
  const floor = scale.floor === null ? plot.bottom : plot.y(scale.floor);
  for (const x of thin(series.atFloor.filter(inside).map(plot.x), 7)) {
    circle(context, x, floor, 2.5);
    context.fill();
    context.stroke();
  }
  for (const x of thin(series.gaps.filter(inside).map(plot.x), 8)) {
    const y = plot.bottom - 6;
    context.beginPath();
    context.moveTo(x - 3, y - 3);
    context.lineTo(x + 3, y + 3);
    context.moveTo(x - 3, y + 3);
    context.lineTo(x + 3, y - 3);
    context.stroke();
  }
  context.fillStyle = series.colour;
  for (const [x, y] of series.alone) {
    if (!inside(x) || y < scale.low || y > scale.high) continue;
    circle(context, plot.x(x), plot.y(y), 2);
    context.fill();
  }
  context.globalAlpha = 1;
}

function beyond(context: CanvasRenderingContext2D, { model, tokens }: PaintInput, plot: Plot): void {
  const { above, below } = model.beyond;
  context.fillStyle = tokens.text3;
  context.textAlign = 'left';
  if (above !== null) context.fillText(`↑ ${formatNumber(above)}`, plot.left + 8, plot.top + 8);
  if (below !== null) context.fillText(`↓ ${formatNumber(below)}`, plot.left + 8, plot.bottom - 8);
}

function endLabels(context: CanvasRenderingContext2D, input: PaintInput, plot: Plot): void {
  const { model, tokens, directLabels } = input;
  if (!directLabels || model.series.length < 2 || model.series.length > mostDirectLabels) return;
  const { low, high } = model.scale;
  const labelled = model.series.flatMap((series) => (series.end ? [{ series, y: series.end.y }] : []));
  const wanted = labelled.map(({ y }) => plot.y(Math.min(high, Math.max(low, y))));
  const placed = spreadLabels(wanted, 13, plot.top + 4, plot.bottom - 4);
  context.textAlign = 'left';
  labelled.forEach(({ series }, i) => {
    const share = shareOf(input, series);
    const end = plot.x(series.end?.x ?? model.domain.to);
    // A line that ends early is led to its label, so that it does not look as if it had gone on.
    if (end < plot.right - 8 && end > plot.left) {
      stroke(context, series.colour, 1, 0.45 * share, [1, 4]);
      context.beginPath();
      context.moveTo(end, wanted[i]);
      context.lineTo(plot.right, wanted[i]);
      context.stroke();
      context.setLineDash([]);
    }
    if (Math.abs(placed[i] - wanted[i]) > 2) {
      stroke(context, series.colour, 1, 0.6 * share);
      context.beginPath();
      context.moveTo(plot.right + 1, wanted[i]);
      context.lineTo(plot.right + 6, placed[i]);
      context.stroke();
    }
    context.globalAlpha = share;
    context.fillStyle = tokens.text2;
    context.fillText(series.label, plot.right + 8, placed[i]);
    context.fillStyle = series.colour;
    circle(context, plot.right + 3, wanted[i], 2);
    context.fill();
    context.globalAlpha = 1;
  });
}
