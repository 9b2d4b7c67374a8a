import { thin } from '@shared/charts/placement';
import { tickLabel } from '@shared/charts/scale';
import { heatColour } from '../../theme/heatColours';
import type { Tokens } from '../../theme/tokens';
import type { ChartFrame, Margins } from './chartLayout';
import type { HeatModel, HeatRow } from './heatModel';
import { beginPicture, crisp, paintMarks, paintXAxis, stroke, type PlotArea } from './paintAxes';

export interface PaintHeat {
  model: HeatModel;
  /** From the low to the high end of the scale. */
  colours: readonly string[];
  tokens: Tokens;
  frame: ChartFrame;
  xTitle?: string;
  xName?: string;
  /** Of a picture that stands alone: written above the map, on a ground of its own. */
  title?: string;
}

const characterWidth = 6.3;
const barWidth = 8;
const barGap = 10;

/** Room for the names of rows at the left and for the colour bar at the right. */
export function heatMargins({ model, xTitle }: Pick<PaintHeat, 'model' | 'xTitle'>): Margins {
  const widest = (labels: readonly string[]) => Math.max(1, ...labels.map(({ length }) => length)) * characterWidth;
  const ticks = model.scale.ticks.map((tick) => tickLabel(model.scale, tick));
  return {
    left: Math.max(40, Math.ceil((widest(model.rows.map(({ label }) => label)) + 14) / 8) * 8),
    right: Math.ceil((barGap + barWidth + 6 + widest(ticks) + 6) / 4) * 4,
    top: 26,
    bottom: xTitle ? 44 : 24,
  };
}

export function paintHeat(context: CanvasRenderingContext2D, input: PaintHeat): void {
  const { model, tokens, frame, xTitle, xName } = input;
  const margins = heatMargins(input);
  const { left, top } = margins;
  const right = Math.max(left + 1, frame.width - margins.right);
  const bottom = Math.max(top + 1, frame.height - margins.bottom);
  const perX = (right - left) / (model.domain.to - model.domain.from);
  const plot: PlotArea = { left, right, top, bottom, x: (value) => left + (value - model.domain.from) * perX };
  beginPicture(context, frame);
  if (input.title !== undefined) {
    context.fillStyle = tokens.surface;
    context.fillRect(0, 0, frame.width, frame.height);
    context.fillStyle = tokens.text;
    context.textAlign = 'left';
    context.fillText(input.title, left, top / 2);
  }
  const height = (bottom - top) / Math.max(1, model.rows.length);
  model.rows.forEach((row, i) => {
    // Rows meet at whole pixels, a line of one apart where there is room for it.
    const y = Math.round(top + i * height);
    const end = Math.round(top + (i + 1) * height) - (height > 8 && i < model.rows.length - 1 ? 1 : 0);
    cells(context, row, input.colours, plot, y, end);
    missing(context, row, tokens, plot, (y + end) / 2);
    context.fillStyle = tokens.text3;
    context.textAlign = 'right';
    if (height >= 11) context.fillText(row.label, left - 8, (y + end) / 2 + 0.5);
  });
  paintXAxis(context, { domain: model.domain, tokens, width: frame.width, xTitle, xName }, plot);
  paintMarks(context, model.marks, tokens, plot);
  colourBar(context, input, plot);
}

/** Neighbours of one colour are one rectangle. */
function cells(
  context: CanvasRenderingContext2D,
  { edges, shares }: HeatRow,
  colours: readonly string[],
  plot: PlotArea,
  y: number,
  end: number,
): void {
  const inside = (x: number) => Math.min(plot.right, Math.max(plot.left, x));
  for (let k = 0; k < shares.length;) {
    const share = shares[k];
    const first = k++;
    if (Number.isNaN(share)) continue;
    const colour = heatColour(colours, share);
    while (k < shares.length && !Number.isNaN(shares[k]) && heatColour(colours, shares[k]) === colour) k++;
    const [from, to] = [inside(plot.x(edges[first])), inside(plot.x(edges[k]))];
    if (to <= from) continue;
    context.fillStyle = colour;
    // Over the next cell by half a pixel, which then covers it: else a seam shows between them.
    context.fillRect(from, y, Math.min(to - from + 0.5, plot.right - from), end - y);
  }
}

/** A sample that is no number leaves its place free, with a cross. */
function missing(
  context: CanvasRenderingContext2D,
  { edges, shares }: HeatRow,
  tokens: Tokens,
  plot: PlotArea,
  y: number,
): void {
  const places: number[] = [];
  shares.forEach((share, k) => {
    const x = plot.x((edges[k] + edges[k + 1]) / 2);
    if (Number.isNaN(share) && x >= plot.left && x <= plot.right) places.push(x);
  });
  stroke(context, tokens.text3, 1.25);
  for (const x of thin(places, 8)) {
    context.beginPath();
    context.moveTo(x - 3, y - 3);
    context.lineTo(x + 3, y + 3);
    context.moveTo(x - 3, y + 3);
    context.lineTo(x + 3, y - 3);
    context.stroke();
  }
}

function colourBar(context: CanvasRenderingContext2D, { model, colours, tokens }: PaintHeat, plot: PlotArea): void {
  const { scale } = model;
  const x = plot.right + barGap;
  const height = plot.bottom - plot.top;
  colours.forEach((colour, i) => {
    context.fillStyle = colour;
    const top = plot.bottom - ((i + 1) / colours.length) * height;
    context.fillRect(x, top, barWidth, height / colours.length + (i === 0 ? 0 : 0.5));
  });
  context.fillStyle = tokens.text3;
  context.textAlign = 'left';
  stroke(context, tokens.axis);
  let last = Infinity;
  for (const tick of scale.ticks) {
    const y = plot.bottom - ((tick - scale.low) / (scale.high - scale.low)) * height;
    if (last - y < 12) continue;
    last = y;
    context.beginPath();
    context.moveTo(x + barWidth, crisp(y - 0.5));
    context.lineTo(x + barWidth + 3, crisp(y - 0.5));
    context.stroke();
    context.fillText(tickLabel(scale, tick), x + barWidth + 6, y + 0.5);
  }
}
