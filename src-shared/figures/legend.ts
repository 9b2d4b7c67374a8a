import { spreadLabels } from '../charts/placement';
import { toNumbers } from './datum';
import { textWidth } from './fonts';
import { ink, marker, type SeriesInk } from './ink';
import { placeX, placeY, type Plot } from './marks';
import { textRuns, type TextRun } from './mathText';
import { rectangle, segment, type SceneItem } from './scene';
import type { Figure, FigureSeries, Mark } from './spec';

/** Most lines that are named at their ends. */
export const mostDirectLabels = 6;

export interface LegendEntry {
  label: string;
  runs: TextRun[];
  ink: SeriesInk;
  /** Marks that the name stands for: a front and its points are one entry. */
  marks: Set<Mark>;
  banded: boolean;
  /** Its points bear its name, so that it is known without a legend. */
  named: boolean;
}

export function legendEntries(figure: Figure, inks: ReadonlyMap<string, SeriesInk>): LegendEntry[] {
  const entries = new Map<string, LegendEntry>();
  for (const { series } of figure.panels)
    for (const one of series) {
      const own = inks.get(one.label);
      if (one.mark === 'heat' || !own || one.label === '') continue;
      const entry = entries.get(one.label) ?? { label: one.label, runs: textRuns(one.label), ink: own, marks: new Set(), banded: false, named: true };
      entry.marks.add(one.mark);
      entry.named &&= one.mark === 'front' || (one.mark === 'points' && (one.names?.every((name) => name === one.label) ?? false));
      entry.banded ||= one.mark === 'line' && one.low !== undefined;
      entries.set(one.label, entry);
    } // prettier-ignore
  return [...entries.values()];
}

/** What `auto` means for this figure, and `direct` where it cannot be done. */
export function legendPlace(figure: Figure, entries: readonly LegendEntry[]): 'direct' | 'below' | 'none' {
  const { legend } = figure.style;
  if (
    legend === 'none' ||
    entries.length === 0 ||
    (legend === 'auto' && (entries.length < 2 || entries.every(({ named }) => named)))
  )
    return 'none';
  const possible =
    figure.panels.length === 1 && entries.length <= mostDirectLabels && entries.every(({ marks }) => marks.has('line'));
  if (legend === 'below' || !possible) return 'below';
  const widest = directWidth(figure, entries);
  const share = widest / ((figure.style.width * 72) / 25.4);
  return legend === 'direct' || share <= 0.35 ? 'direct' : 'below';
}

const sampleWidth = 1.1;

/** Room to the right of the panel that direct labels need, in points. */
export function directWidth({ style }: Figure, entries: readonly LegendEntry[]): number {
  const size = 0.9 * style.fontSize;
  const widest = Math.max(...entries.map(({ runs }) => textWidth(runs, { family: style.font, size })));
  return widest + (sampleWidth + 0.7) * size;
}

/** Names at the ends of lines, each with a bit of its line, moved apart where they would overlap. */
export function drawDirectLabels(
  entries: readonly LegendEntry[],
  series: readonly FigureSeries[],
  plot: Plot,
): SceneItem[] {
  const size = 0.9 * plot.size;
  const { box } = plot;
  const right = box.x + box.width;
  const ends = entries.flatMap((entry) => {
    const line = series.find((one) => one.label === entry.label && one.mark === 'line');
    const y = line?.mark === 'line' ? lastInside(line, plot) : null;
    return y === null ? [] : [{ entry, y }];
  });
  const placed = spreadLabels(ends.map(({ y }) => y), 1.2 * size, box.y + 0.3 * size, box.y + box.height - 0.3 * size); // prettier-ignore
  return ends.flatMap(({ entry, y }, i): SceneItem[] => [
    {
      kind: 'path',
      d: segment(right + 0.25 * size, y, right + (0.25 + sampleWidth) * size, placed[i]),
      stroke: { colour: entry.ink.colour, width: ink.line, dash: entry.ink.dash },
    },
    {
      kind: 'text',
      x: right + (0.5 + sampleWidth) * size,
      y: placed[i] + 0.35 * size,
      anchor: 'start',
      size,
      colour: ink.text,
      runs: entry.runs,
    },
  ]);
}

/** Height of the last finite value in sight, kept inside the panel. */
function lastInside(line: Extract<FigureSeries, { mark: 'line' }>, plot: Plot): number | null {
  const xs = toNumbers(line.x);
  const ys = toNumbers(line.y);
  const edge = plot.box.x + plot.box.width + 0.01;
  for (let i = ys.length - 1; i >= 0; i--)
    if (Number.isFinite(ys[i]) && placeX(plot, xs[i]) <= edge)
      return Math.min(plot.box.y + plot.box.height, Math.max(plot.box.y, placeY(plot, ys[i])));
  return null;
}

interface PlacedEntry {
  entry: LegendEntry;
  x: number;
  row: number;
}

/** Entries in rows of at most `width` points, as even columns where the names allow it. */
export function legendRows({ style }: Figure, entries: readonly LegendEntry[], width: number): { entries: PlacedEntry[]; height: number } {
  const size = 0.9 * style.fontSize;
  const widths = entries.map(({ runs }) => textWidth(runs, { family: style.font, size }) + 2.6 * size);
  const gap = 1.2 * size;
  const rows: number[][] = [[]];
  let used = 0;
  widths.forEach((own, i) => {
    if (used > 0 && used + gap + own > width) {
      rows.push([]);
      used = 0;
    }
    rows[rows.length - 1].push(i);
    used += (used > 0 ? gap : 0) + own;
  });
  const placed = rows.flatMap((row, r) => {
    const total = row.reduce((sum, i) => sum + widths[i], 0) + gap * (row.length - 1);
    let x = Math.max(0, (width - total) / 2);
    return row.map((i) => {
      const at = x;
      x += widths[i] + gap;
      return { entry: entries[i], x: at, row: r };
    });
  });
  return { entries: placed, height: rows.length * 1.45 * size };
} // prettier-ignore

export function drawLegend(figure: Figure, placed: readonly PlacedEntry[], left: number, top: number): SceneItem[] {
  const size = 0.9 * figure.style.fontSize;
  return placed.flatMap(({ entry, x, row }): SceneItem[] => {
    const base = top + (row + 1) * 1.45 * size - 0.35 * size;
    return [
      ...sample(entry, left + x, base - 0.35 * size, size),
      { kind: 'text', x: left + x + 2.4 * size, y: base, anchor: 'start', size, colour: ink.text, runs: entry.runs },
    ];
  });
}

function sample({ ink: own, marks, banded }: LegendEntry, x: number, y: number, size: number): SceneItem[] {
  const width = 2 * size;
  const items: SceneItem[] = [];
  if (banded) items.push({ kind: 'path', d: rectangle({ x, y: y - 0.3 * size, width, height: 0.6 * size }), fill: own.colour, opacity: ink.bandOpacity });
  if (marks.has('line') || marks.has('front'))
    items.push({ kind: 'path', d: segment(x, y, x + width, y), stroke: { colour: own.colour, width: ink.line, dash: own.dash } });
  const filled = marks.has('bars') || marks.has('box');
  const pointed = marks.has('points') || marks.has('strip');
  if (filled) {
    const d = rectangle({ x: x + (pointed ? 0 : 0.5) * size, y: y - 0.35 * size, width: size, height: 0.7 * size });
    items.push({ kind: 'path', d, fill: own.colour, opacity: own.fillOpacity }, { kind: 'path', d, stroke: { colour: own.colour, width: 0.7 } });
  }
  if (pointed) items.push({ kind: 'path', d: marker(own.marker, x + (filled ? 1.6 : 1) * size, y, 0.28 * size), fill: own.colour });
  return items;
} // prettier-ignore
