import PDFDocument from 'pdfkit';
import type { FontName } from './fontFiles';
import { stretches } from './fonts';
import { layOut } from './layout';
import { runScale } from './mathText';
import type { Scene, SceneItem } from './scene';
import type { Figure } from './spec';

/** Gives the TrueType file of a face; only those that a figure uses are asked for. */
export type FontLoader = (name: FontName) => Promise<Uint8Array>;

type Text = Extract<SceneItem, { kind: 'text' }>;

/**
 * A figure as a vector PDF: one page of exactly the figure's size, fonts embedded as subsets. The date is that of the figure's provenance, so
 * the same figure is always the same file.
 */
export async function toPdf(figure: Figure, loadFont: FontLoader): Promise<Uint8Array> {
  const scene = layOut(figure);
  const document = newDocument([scene.width, scene.height], scene.title, figure.provenance);
  const bytes = collect(document);
  await registerFonts(document, sceneFonts(scene), loadFont);
  drawScene(document, scene);
  document.end();
  return bytes;
}

/** A document of pages of one size, in points, without margins. */
export function newDocument(
  size: [number, number],
  title: string,
  provenance: Figure['provenance'],
): PDFKit.PDFDocument {
  return new PDFDocument({
    size,
    margin: 0,
    compress: true,
    // No default font: a figure without text has none, and Helvetica would have to be read from disk.
    font: null as unknown as string,
    info: {
      Title: title,
      Creator: provenance ? `Adjoint ${provenance.adjoint}` : 'Adjoint',
      CreationDate: new Date(provenance?.created ?? 0),
    },
  });
}

export async function registerFonts(
  document: PDFKit.PDFDocument,
  names: Iterable<FontName>,
  loadFont: FontLoader,
): Promise<void> {
  await Promise.all(
    [...names].map(async (name) => document.registerFont(name, (await loadFont(name)) as unknown as ArrayBuffer)),
  );
}

/** The faces that a scene is set in. */
export const sceneFonts = ({ items, family }: Scene): Set<FontName> =>
  new Set(texts(items).flatMap((item) => pieces(item, family).map(({ font }) => font)));

/** Draws with the scene's top left corner at the document's origin. */
export function drawScene(document: PDFKit.PDFDocument, { items, family }: Scene): void {
  for (const item of items) draw(document, item, family);
}

/** The bytes of a document, once it has ended. */
export function collect(document: PDFKit.PDFDocument): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    document.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    document.on('error', reject);
    document.on('end', () => {
      const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const chunk of chunks) {
        whole.set(chunk, at);
        at += chunk.length;
      }
      resolve(whole);
    });
  });
}

function texts(items: readonly SceneItem[]): Text[] {
  return items.flatMap((item) => (item.kind === 'group' ? texts(item.items) : item.kind === 'text' ? [item] : []));
}

/** The runs of a text cut where the face changes, with size and rise in points. */
function pieces(
  item: Text,
  family: Figure['style']['font'],
): { text: string; font: FontName; size: number; rise: number }[] {
  return item.runs.flatMap((run) =>
    stretches(run, { family, size: item.size, bold: item.bold }).map((stretch) => ({
      ...stretch,
      size: item.size * runScale(run),
      rise: item.size * run.rise,
    })),
  );
}

function draw(document: PDFKit.PDFDocument, item: SceneItem, family: Figure['style']['font']): void {
  switch (item.kind) {
    case 'group':
      document.save();
      if (item.clip) document.rect(item.clip.x, item.clip.y, item.clip.width, item.clip.height).clip();
      for (const child of item.items) draw(document, child, family);
      document.restore();
      return;
    case 'path':
      if (item.d) drawPath(document, item);
      return;
    case 'text':
      drawText(document, item, family);
  }
}

function drawPath(
  document: PDFKit.PDFDocument,
  { d, fill, stroke, opacity = 1 }: Extract<SceneItem, { kind: 'path' }>,
): void {
  document.save().path(d).opacity(opacity);
  if (stroke) {
    document.lineWidth(stroke.width).lineJoin('round').strokeColor(stroke.colour);
    if (stroke.dash) document.dash(stroke.dash as unknown as number, {});
  }
  if (fill && stroke) document.fillAndStroke(fill, stroke.colour);
  else if (fill) document.fill(fill);
  else document.stroke();
  document.restore();
}

function drawText(document: PDFKit.PDFDocument, item: Text, family: Figure['style']['font']): void {
  const parts = pieces(item, family).map((piece) => ({
    ...piece,
    width: document.font(piece.font).fontSize(piece.size).widthOfString(piece.text),
  }));
  const total = parts.reduce((sum, { width }) => sum + width, 0);
  let x = item.anchor === 'start' ? 0 : item.anchor === 'middle' ? -total / 2 : -total;
  document.save().translate(item.x, item.y);
  if (item.turned) document.rotate(-90);
  for (const { text, font, size, rise, width } of parts) {
    document
      .font(font)
      .fontSize(size)
      .fillColor(item.colour)
      .text(text, x, -rise, { lineBreak: false, baseline: 'alphabetic' });
    x += width;
  }
  document.restore();
}
