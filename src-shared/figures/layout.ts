import { extentsOf, makeAxis, type Axis } from './axes';
import { textWidth } from './fonts';
import { drawColourBar, drawHeat, heatAxis, type Heat } from './heat';
import { ink, inksOf, type SeriesInk } from './ink';
import { directWidth, drawDirectLabels, drawLegend, legendEntries, legendPlace, legendRows } from './legend';
import { drawSeries, placeX, placeY, type Plot } from './marks';
import { plainText, textRuns } from './mathText';
import { segment, type Box, type Scene, type SceneItem } from './scene';
import type { Figure, FigureAnnotation, FigurePanel } from './spec';

const pointsPerMillimetre = 72 / 25.4;

/** Space around a plotting area, in points. */
interface Margins {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/**
 * Lays a figure out at its physical size: panels in a grid whose columns and rows share their margins, so that axes line up; axes, marks,
 * reference lines, legend. Pure, and the same for SVG and PDF.
 */
export function layOut(figure: Figure): Scene {
  const { style } = figure;
  const width = style.width * pointsPerMillimetre;
  const height = style.height * pointsPerMillimetre;
  const size = style.fontSize;
  const inks = inksOf(figure);
  const entries = legendEntries(figure, inks);
  const place = legendPlace(figure, entries);
  const items: SceneItem[] = [];
  const edge = 0.2 * size;

  let top = edge;
  if (figure.title) {
    items.push({ kind: 'text', x: edge, y: top + size, anchor: 'start', size: 1.1 * size, colour: ink.text, bold: true, runs: textRuns(figure.title) });
    top += 1.8 * size;
  } // prettier-ignore
  let bottom = height - edge;
  if (place === 'below') {
    const rows = legendRows(figure, entries, width - 2 * edge);
    bottom -= rows.height;
    items.push({ kind: 'group', name: 'legend', items: drawLegend(figure, rows.entries, edge, bottom) });
    bottom -= 0.3 * size;
  }

  const grid = new Grid(figure, { x: edge, y: top, width: width - 2 * edge, height: bottom - top });
  const direct = place === 'direct' ? directWidth(figure, entries) : 0;
  const boxes = grid.plotBoxes(direct);
  figure.panels.forEach((panel, i) => {
    const plot = makePlot(panel, boxes[i], size);
    items.push({
      kind: 'group',
      name: `panel ${i + 1}`,
      items: [
        ...drawPanel(panel, plot, inks, figure),
        ...panelTitle(figure, i, boxes[i]),
        ...(place === 'direct' ? drawDirectLabels(entries, panel.series, plot) : []),
      ],
    });
  });
  const title = figure.title || figure.panels.map((panel) => panel.title || panel.y.label).join(', ');
  return { width, height, family: style.font, title: plainText(title), items };
}

const heatOf = (panel: FigurePanel): Heat | undefined =>
  panel.series.find((series): series is Heat => series.mark === 'heat');

/** Axes with as many ticks as there is room for. */
function makePlot(panel: FigurePanel, box: Box, size: number): Plot {
  const extents = extentsOf(panel);
  const edgeToEdge = panel.series.every(({ mark }) => mark === 'line' || mark === 'heat');
  const x = makeAxis(panel.x, extents.x, { ticks: Math.floor(box.width / (4.2 * size)), tight: edgeToEdge });
  const y = makeAxis(panel.y, extents.y, { ticks: Math.floor(box.height / (2 * size)), tight: heatOf(panel) !== undefined });
  const dodged = panel.series.filter(({ mark }) => mark === 'bars' || mark === 'box' || mark === 'strip');
  return { box, x, y, size, dodged: Math.max(1, new Set(dodged.map(({ label }) => label)).size) };
} // prettier-ignore

/** Places of the panels. Margins depend on tick labels, and tick labels on the size of the panel: two rounds settle it. */
class Grid {
  readonly #figure: Figure;
  readonly #area: Box;
  readonly #columns: number;
  readonly #rows: number;

  constructor(figure: Figure, area: Box) {
    this.#figure = figure;
    this.#area = area;
    this.#columns = Math.min(figure.style.columns, figure.panels.length);
    this.#rows = Math.ceil(figure.panels.length / this.#columns);
  }

  plotBoxes(direct: number): Box[] {
    const { panels } = this.#figure;
    const cell = { width: this.#area.width / this.#columns, height: this.#area.height / this.#rows };
    let boxes: Box[] = panels.map(() => ({ x: 0, y: 0, width: 0.75 * cell.width, height: 0.7 * cell.height }));
    for (let round = 0; round < 2; round++) boxes = this.#place(panels.map((panel, i) => this.#margins(panel, boxes[i], direct)));
    return boxes;
  } // prettier-ignore

  /** Columns get equal plotting widths, rows equal heights; the widest margin of a column is all of its panels'. */
  #place(margins: readonly Margins[]): Box[] {
    const gap = this.#figure.style.fontSize;
    const most = (side: keyof Margins, of: (i: number) => number, which: number) =>
      Math.max(...margins.map((margin, i) => (of(i) === which ? margin[side] : 0)));
    const columnOf = (i: number) => i % this.#columns;
    const rowOf = (i: number) => Math.floor(i / this.#columns);
    const columns = Array.from({ length: this.#columns }, (_, c) => ({ before: most('left', columnOf, c), after: most('right', columnOf, c) }));
    const rows = Array.from({ length: this.#rows }, (_, r) => ({ before: most('top', rowOf, r), after: most('bottom', rowOf, r) }));
    const xs = tracks(this.#area.x, this.#area.width, columns, gap);
    const ys = tracks(this.#area.y, this.#area.height, rows, 0.6 * gap);
    return margins.map((_, i) => ({ x: xs.at[columnOf(i)], y: ys.at[rowOf(i)], width: xs.length, height: ys.length }));
  } // prettier-ignore

  #margins(panel: FigurePanel, box: Box, direct: number): Margins {
    const { fontSize: size, font: family } = this.#figure.style;
    const small = { family, size: 0.9 * size };
    const plot = makePlot(panel, box, size);
    const widest = (axis: Axis) => Math.max(0, ...axis.ticks.map(({ label }) => textWidth(label, small)));
    const lastTick = plot.x.ticks.at(-1);
    const overhang = lastTick ? textWidth(lastTick.label, small) / 2 - (1 - lastTick.at) * box.width : 0;
    const heat = heatOf(panel);
    const bar = heat ? (2 + (heat.label ? 1.4 : 0)) * size + widest(heatAxis(heat, Math.floor(box.height / (2 * size)))) : 0;
    return {
      left: widest(plot.y) + (panel.y.label ? 1.5 : 0) * size + 0.6 * size,
      right: Math.max(0.3 * size, overhang, direct, bar),
      // The name of a colour bar stands over it.
      top: this.#hasTitle(panel) || heat?.label ? 1.6 * size : 0.5 * size,
      bottom: (plot.x.ticks.length > 0 ? 1.35 : 0.4) * size + (panel.x.label ? 1.35 : 0.1) * size,
    };
  } // prettier-ignore

  #hasTitle(panel: FigurePanel): boolean {
    return panel.title !== '' || isLettered(this.#figure);
  }
}

/** Plotting areas of one length along an axis, with margins before and after each and a gap between. */
function tracks(from: number, total: number, margins: readonly { before: number; after: number }[], gap: number): { at: number[]; length: number } {
  const spent = margins.reduce((sum, { before, after }) => sum + before + after, 0) + gap * (margins.length - 1);
  const length = Math.max(10, (total - spent) / margins.length);
  let at = from;
  return {
    at: margins.map(({ before, after }) => {
      const start = at + before;
      at = start + length + after + gap;
      return start;
    }),
    length,
  };
} // prettier-ignore

const isLettered = (figure: Figure): boolean => figure.style.letters && figure.panels.length > 1;

function panelTitle(figure: Figure, i: number, box: Box): SceneItem[] {
  const { fontSize: size, font: family } = figure.style;
  const y = box.y - 0.6 * size;
  const items: SceneItem[] = [];
  let x = box.x;
  if (isLettered(figure)) {
    const runs = textRuns(String.fromCharCode(97 + (i % 26)));
    items.push({ kind: 'text', x, y, anchor: 'start', size, colour: ink.text, bold: true, runs });
    x += textWidth(runs, { family, size, bold: true }) + 0.6 * size;
  }
  const { title } = figure.panels[i];
  if (title) items.push({ kind: 'text', x, y, anchor: 'start', size, colour: ink.text, runs: textRuns(title) });
  return items;
}

function drawPanel(panel: FigurePanel, plot: Plot, inks: ReadonlyMap<string, SeriesInk>, figure: Figure): SceneItem[] {
  const slots = new Map<string, number>();
  const heat = heatOf(panel);
  const colours = heat ? heatAxis(heat, Math.floor(plot.box.height / (2 * plot.size))) : null;
  const lines: SceneItem[] = heat && colours ? drawHeat(heat, plot, colours) : [];
  const points: SceneItem[] = [];
  lines.push(...panel.annotations.flatMap((annotation) => drawAnnotation(annotation, plot)));
  for (const series of panel.series) {
    const own = inks.get(series.label);
    if (series.mark === 'heat' || !own) continue;
    if (series.mark === 'bars' || series.mark === 'box' || series.mark === 'strip')
      if (!slots.has(series.label)) slots.set(series.label, slots.size);
    const target = series.mark === 'points' || series.mark === 'strip' ? points : lines;
    target.push(...drawSeries(series, plot, own, slots.get(series.label) ?? 0));
  }
  return [
    ...(heat ? [] : drawGrid(plot)),
    // Half a line width more: a line along the edge is whole, and so is a point on it.
    { kind: 'group', name: 'lines', clip: grown(plot.box, 0.6), items: lines },
    ...(points.length > 0
      ? [{ kind: 'group', name: 'points', clip: grown(plot.box, 0.4 * plot.size), items: points } as const]
      : []),
    ...drawAxes(panel, plot, figure),
    ...(heat && colours ? colourBar(heat, colours, plot) : []),
  ];
}

const grown = ({ x, y, width, height }: Box, by: number): Box => ({
  x: x - by,
  y: y - by,
  width: width + 2 * by,
  height: height + 2 * by,
});

function drawGrid({ box, y }: Plot): SceneItem[] {
  const d = y.ticks.filter(({ at }) => at !== y.floor).map(({ at }) => box.y + (1 - at) * box.height).map((at) => segment(box.x, at, box.x + box.width, at)).join(''); // prettier-ignore
  const floor = y.floor === null ? [] : [box.y + (1 - y.floor) * box.height];
  return [
    { kind: 'path', d, stroke: { colour: ink.grid, width: ink.hair } },
    ...floor.map((at): SceneItem => ({ kind: 'path', d: segment(box.x, at, box.x + box.width, at), stroke: { colour: ink.quiet, width: ink.hair, dash: [1, 2] } })), // prettier-ignore
  ];
}

function drawAxes(panel: FigurePanel, { box, x, y, size }: Plot, figure: Figure): SceneItem[] {
  const bottom = box.y + box.height;
  const stroke = { colour: ink.axis, width: ink.thin };
  const small = 0.9 * size;
  const isCategorical = panel.x.categories !== undefined;
  const [long, short] = [0.3 * size, 0.17 * size];
  const marks = [
    segment(box.x, box.y, box.x, bottom) + segment(box.x, bottom, box.x + box.width, bottom),
    ...(isCategorical ? [] : x.ticks.map(({ at }) => box.x + at * box.width).map((at) => segment(at, bottom, at, bottom + long))),
    ...x.minorTicks.map((at) => box.x + at * box.width).map((at) => segment(at, bottom, at, bottom + short)),
    ...y.ticks.map(({ at }) => bottom - at * box.height).map((at) => segment(box.x, at, box.x - long, at)),
    ...y.minorTicks.map((at) => bottom - at * box.height).map((at) => segment(box.x, at, box.x - short, at)),
  ]; // prettier-ignore
  const text = { size: small, colour: ink.text, kind: 'text' as const };
  const items: SceneItem[] = [
    { kind: 'path', d: marks.join(''), stroke },
    ...x.ticks.map(({ at, label }) => ({ ...text, x: box.x + at * box.width, y: bottom + 1.3 * size, anchor: 'middle' as const, runs: label })),
    ...y.ticks.map(({ at, label }) => ({ ...text, x: box.x - 0.5 * size, y: bottom - at * box.height + 0.33 * small, anchor: 'end' as const, runs: label })),
  ]; // prettier-ignore
  const title = { ...text, size };
  if (panel.x.label)
    items.push({ ...title, x: box.x + box.width / 2, y: bottom + 2.6 * size, anchor: 'middle', runs: textRuns(panel.x.label) });
  if (panel.y.label) {
    const widest = Math.max(0, ...y.ticks.map(({ label }) => textWidth(label, { family: figure.style.font, size: small })));
    items.push({ ...title, x: box.x - widest - 1.05 * size, y: box.y + box.height / 2, anchor: 'middle', turned: true, runs: textRuns(panel.y.label) });
  }
  return items;
} // prettier-ignore

function colourBar(heat: Heat, colours: Axis, { box, size }: Plot): SceneItem[] {
  const x = box.x + box.width + 0.8 * size;
  const width = 0.7 * size;
  const ticks = colours.ticks.map(({ at, label }) => ({ y: box.y + (1 - at) * box.height, label }));
  const items: SceneItem[] = [
    ...drawColourBar(heat, x, box.y, width, box.height),
    { kind: 'path', d: ticks.map(({ y }) => segment(x + width, y, x + width + 0.2 * size, y)).join(''), stroke: { colour: ink.axis, width: ink.thin } },
    ...ticks.map(({ y, label }) => ({ kind: 'text' as const, x: x + width + 0.35 * size, y: y + 0.3 * size, anchor: 'start' as const, size: 0.9 * size, colour: ink.text, runs: label })),
  ];
  if (heat.label)
    items.push({ kind: 'text', x: x + width, y: box.y - 0.6 * size, anchor: 'middle', size: 0.9 * size, colour: ink.text, runs: textRuns(heat.label) });
  return items;
} // prettier-ignore

function drawAnnotation(annotation: FigureAnnotation, plot: Plot): SceneItem[] {
  const { box, size } = plot;
  const stroke = { colour: ink.quiet, width: 0.6, dash: [2.5, 2] };
  const label = (x: number, y: number, anchor: 'start' | 'end' | 'middle', text: string): SceneItem[] =>
    text ? [{ kind: 'text', x, y, anchor, size: 0.8 * size, colour: ink.quiet, runs: textRuns(text) }] : [];
  switch (annotation.kind) {
    case 'horizontal': {
      const y = placeY(plot, annotation.at);
      return [{ kind: 'path', d: segment(box.x, y, box.x + box.width, y), stroke }, ...label(box.x + box.width - 0.3 * size, y - 0.3 * size, 'end', annotation.label)];
    }
    case 'vertical': {
      const x = placeX(plot, annotation.at);
      return [{ kind: 'path', d: segment(x, box.y, x, box.y + box.height), stroke }, ...label(x + 0.3 * size, box.y + 0.9 * size, 'start', annotation.label)];
    }
    case 'text':
      return label(placeX(plot, annotation.x), placeY(plot, annotation.y), 'start', annotation.label);
    case 'slope': {
      const { x, y, exponent } = annotation;
      const end = { x: placeX(plot, x * 10), y: placeY(plot, y * 10 ** exponent) };
      const start = { x: placeX(plot, x), y: placeY(plot, y) };
      return [{ kind: 'path', d: segment(start.x, start.y, end.x, end.y), stroke: { ...stroke, dash: undefined } }, ...label((start.x + end.x) / 2, (start.y + end.y) / 2 - 0.4 * size, 'start', annotation.label)];
    }
  }
} // prettier-ignore
