import {
  columnWidths,
  parseFigure,
  type ColumnWidth,
  type Figure,
  type FigureStyle,
  type Provenance,
} from '@shared/figures/spec';
import type { FigurePanels, FigureSource } from './figureExport';

/** What the panel's form says; remembered for the next figure. */
export interface FigureForm {
  column: ColumnWidth | 'free';
  width: number;
  height: number;
  fontSize: number;
  font: FigureStyle['font'];
  legend: FigureStyle['legend'];
  dashes: boolean;
  bands: boolean;
  references: boolean;
}

export const defaultForm: FigureForm = {
  column: 'single',
  width: columnWidths.single,
  height: 60,
  fontSize: 8,
  font: 'sans',
  legend: 'auto',
  dashes: true,
  bands: true,
  references: true,
};

/** For several panels: they need the width of a page. */
export const defaultFormOfSeveral: FigureForm = { ...defaultForm, column: 'double', width: columnWidths.double };

/** Millimetres of height that a row of panels asks for. */
const rowHeight = 45;
const greatestHeight = 400;

/** A height at which so many panels can be read. */
export const heightOf = (panels: number, width: number): number =>
  Math.min(greatestHeight, 10 + rowHeight * Math.ceil(panels / columnsFor(panels, width)));

/** Panels that are shown at first: about as many as a page holds. */
export const mostPanelsAtFirst = 12;

/** What a panel is called: its title, or the words of its axis. */
export const panelNames = (panels: FigurePanels): string[] =>
  panels.map(({ title, y }, i) => title || y?.label?.replace(/, \$.*$/, '') || `Panel ${i + 1}`);

/** Names of the series of all panels, in the order in which they appear. */
export const seriesNames = (panels: FigurePanels): string[] => [
  ...new Set(panels.flatMap(({ series }) => series.map(({ label }) => label))),
];

/** Panels side by side where the width allows for it, at about 55 mm each. */
function columnsFor(panels: number, width: number): number {
  return Math.max(1, Math.min(panels, Math.floor(width / 55), 4));
}

/** The figure that form and source describe. @throws AdjointError naming what is out of range */
export function draftFigure(
  source: FigureSource,
  form: FigureForm,
  choice: { title: string; hidden: ReadonlySet<string>; hiddenPanels?: ReadonlySet<number>; provenance: Provenance | null },
): Figure {
  const { width, height, fontSize, font, legend, dashes } = form;
  const shown = source.panels.filter((_, i) => !choice.hiddenPanels?.has(i));
  const columns = columnsFor(shown.length, width);
  return parseFigure({
    format: 'adjoint-figure',
    version: 1,
    title: choice.title,
    style: { width, height, fontSize, font, legend, dashes, columns },
    panels: shown.map((panel) => ({
      ...panel,
      series: panel.series.filter(({ label }) => !choice.hidden.has(label)).map((series) => (form.bands ? series : unbanded(series))),
      annotations: form.references ? panel.annotations : [],
    })),
    provenance: choice.provenance,
  });
} // prettier-ignore

type Series = FigurePanels[number]['series'][number];

function unbanded(series: Series): Series {
  return series.mark === 'line' ? { ...series, low: undefined, high: undefined, interval: undefined } : series;
}
