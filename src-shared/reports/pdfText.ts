import { stretches, textWidth } from '../figures/fonts';

export interface LineStyle {
  /** Points. */
  size: number;
  /** From line to line, in points. */
  leading: number;
  colour: string;
  bold?: boolean;
}

const plain = (text: string) => [{ text, italic: false, level: 0, rise: 0 }];
const widthOf = (text: string, { size, bold }: Pick<LineStyle, 'size' | 'bold'>): number =>
  textWidth(plain(text), { family: 'sans', size, bold });

/**
 * Cuts a text into lines that fit into `width` points, at spaces where there are any. Spaces at the beginning of the text stay.
 *
 * @param hang how much narrower all lines but the first are
 */
export function wrap(text: string, style: Pick<LineStyle, 'size' | 'bold'>, width: number, hang = 0): string[] {
  const lines: string[] = [];
  let line = '';
  const room = () => width - (lines.length > 0 ? hang : 0);
  for (const word of text.match(/^ +\S*|\S+/g) ?? ['']) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (widthOf(longer, style) <= room()) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    // A word that no line can hold is cut anywhere.
    while (widthOf(line, style) > room() && line.length > 1) {
      let length = line.length - 1;
      while (length > 1 && widthOf(line.slice(0, length), style) > room()) length--;
      lines.push(line.slice(0, length));
      line = line.slice(length);
    }
  }
  return [...lines, line];
}

/** Draws a line with its base line at y, in the faces that have its characters; with `right` it ends at x. */
export function drawLine(
  document: PDFKit.PDFDocument,
  text: string,
  x: number,
  y: number,
  style: LineStyle,
  right = false,
): void {
  let at = right ? x - widthOf(text, style) : x;
  for (const { text: part, font } of stretches(
    { text, italic: false },
    { family: 'sans', size: style.size, bold: style.bold },
  )) {
    document.font(font).fontSize(style.size).fillColor(style.colour);
    document.text(part, at, y, { lineBreak: false, baseline: 'alphabetic' });
    at += document.widthOfString(part);
  }
}
