import { collect, drawScene, newDocument, registerFonts, sceneFonts, type FontLoader } from '../figures/pdf';
import { fontNames } from '../figures/fontFiles';
import { layOut } from '../figures/layout';
import type { Scene } from '../figures/scene';
import { drawLine, wrap, type LineStyle } from './pdfText';
import type { Report, ReportBlock, ReportTable } from './report';
import { cutColumns, placeColumns } from './tableLayout';

/** A4 in points. */
const page = { width: 595.28, height: 841.89, margin: 56 };
const contentWidth = page.width - 2 * page.margin;

const ink = '#1b1d22';
const muted = '#5c616b';
const rule = '#dfe1e6';

const styles = {
  title: { size: 20, leading: 25, colour: ink, bold: true },
  lead: { size: 12, leading: 17, colour: muted },
  heading: { size: 14, leading: 18, colour: ink, bold: true },
  subheading: { size: 10.5, leading: 14, colour: ink, bold: true },
  body: { size: 9.5, leading: 14, colour: ink },
  small: { size: 8, leading: 11, colour: muted },
  cell: { size: 7.5, leading: 10, colour: ink },
  head: { size: 7.5, leading: 10, colour: ink, bold: true },
  code: { size: 7.5, leading: 10.5, colour: ink },
} satisfies Record<string, LineStyle>;

/** A report as a PDF of A4 pages: text that can be searched, vector figures, tables that go on over pages with their heads. */
export async function reportPdf(report: Report, loadFont: FontLoader): Promise<Uint8Array> {
  const scenes = new Map<ReportBlock, Scene>();
  for (const block of report.blocks) if (block.kind === 'figure') scenes.set(block, layOut(block.figure));
  const document = newDocument([page.width, page.height], report.title, report.provenance);
  const bytes = collect(document);
  const drawn = [...scenes.values()].flatMap((scene) => [...sceneFonts(scene)]);
  const own = fontNames.filter((name) => !name.startsWith('serif') || name === 'serif');
  await registerFonts(document, new Set([...own, ...drawn]), loadFont);
  const flow = new Flow(document);
  flow.text(report.title, styles.title);
  flow.text(report.lead, styles.lead, { after: 14 });
  for (const block of report.blocks) writeBlock(flow, block, scenes);
  document.end();
  return bytes;
}

function writeBlock(flow: Flow, block: ReportBlock, scenes: ReadonlyMap<ReportBlock, Scene>): void {
  switch (block.kind) {
    case 'heading':
      flow.gap(12);
      // A heading is not left alone at the foot of a page.
      flow.room(60);
      return flow.text(block.text, styles.heading, { after: 4 });
    case 'text':
      return flow.text(block.text, styles.body, { after: 6 });
    case 'list':
      for (const { text, basis } of block.items) {
        flow.text(`${block.tone === 'warning' ? '!' : '•'}\u2002${text}`, styles.body, {
          hang: 10,
          after: basis ? 0 : 4,
        });
        if (basis) flow.text(basis, styles.small, { indent: 10, after: 6 });
      }
      return;
    case 'table':
      return writeTable(flow, block);
    case 'figure':
      return writeFigure(flow, scenes.get(block)!, block.caption);
    case 'code':
      flow.gap(6);
      flow.room(40);
      flow.text(block.title, styles.subheading, { after: 2 });
      for (const line of block.text.trimEnd().split('\n')) flow.text(line, styles.code, { hang: 12 });
      return flow.gap(6);
  }
}

function writeFigure(flow: Flow, scene: Scene, caption: string): void {
  const scale = Math.min(1, contentWidth / scene.width, (page.height - 2 * page.margin - 60) / scene.height);
  const height = scene.height * scale;
  flow.gap(10);
  flow.room(height + 40);
  const { document } = flow;
  document.save().translate(page.margin, flow.y).scale(scale);
  drawScene(document, scene);
  document.restore();
  flow.gap(height + 4);
  flow.text(caption, styles.small, { after: 8 });
}

function writeTable(flow: Flow, { title, caption, columns, rows }: ReportTable): void {
  flow.gap(10);
  flow.room(80);
  flow.text(title, styles.subheading, { after: 1 });
  if (caption) flow.text(caption, styles.small, { after: 3 });
  const measured = placeColumns(columns, rows, styles.cell.size, contentWidth);
  for (const part of cutColumns(measured, contentWidth)) {
    const widths = part.map((i) => measured[i]);
    const head = () => {
      flow.row(
        part.map((i) => ({ text: columns[i].title, right: columns[i].numeric })),
        widths,
        styles.head,
      );
      flow.line(0.8);
    };
    head();
    for (const row of rows) {
      const cells = part.map((i) => ({ text: row[i], right: columns[i].numeric }));
      if (flow.rowBreaks(cells, widths, styles.cell)) head();
      flow.row(cells, widths, styles.cell);
      flow.line(0.3);
    }
    flow.gap(8);
  }
}

interface Cell {
  text: string;
  right: boolean;
}

/** Room beside the text of a cell, on both sides together. */
const cellPadding = 8;

/** Puts lines under each other and begins a page where one is full. */
class Flow {
  y = page.margin;
  readonly document: PDFKit.PDFDocument;

  constructor(document: PDFKit.PDFDocument) {
    this.document = document;
  }

  gap(points: number): void {
    this.y += points;
  }

  /** Begins a page unless so much is left of this one. */
  room(points: number): boolean {
    if (this.y + points <= page.height - page.margin || this.y === page.margin) return false;
    this.document.addPage();
    this.y = page.margin;
    return true;
  }

  /** @param around `indent` moves all lines, `hang` all but the first */
  text(text: string, style: LineStyle, around: { indent?: number; hang?: number; after?: number } = {}): void {
    const { indent = 0, hang = 0, after = 0 } = around;
    wrap(text, style, contentWidth - indent, hang).forEach((line, i) => {
      this.room(style.leading);
      drawLine(this.document, line, page.margin + indent + (i > 0 ? hang : 0), this.y + style.size, style);
      this.y += style.leading;
    });
    this.y += after;
  }

  /** Whether a row begins a page. */
  rowBreaks(cells: readonly Cell[], widths: readonly number[], style: LineStyle): boolean {
    return this.room(rowHeight(cells, widths, style));
  }

  row(cells: readonly Cell[], widths: readonly number[], style: LineStyle): void {
    let x = page.margin;
    cells.forEach(({ text, right }, i) => {
      wrap(text, style, widths[i] - cellPadding).forEach((line, k) =>
        drawLine(
          this.document,
          line,
          right ? x + widths[i] - cellPadding : x,
          this.y + 2 + style.size + k * style.leading,
          style,
          right,
        ),
      );
      x += widths[i];
    });
    this.y += rowHeight(cells, widths, style);
  }

  line(width: number): void {
    const right = page.width - page.margin;
    this.document.save().moveTo(page.margin, this.y).lineTo(right, this.y).lineWidth(width).stroke(rule).restore();
  }
}

const rowHeight = (cells: readonly Cell[], widths: readonly number[], style: LineStyle): number =>
  4 + style.leading * Math.max(1, ...cells.map(({ text }, i) => wrap(text, style, widths[i] - cellPadding).length));
