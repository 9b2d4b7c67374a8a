import { textWidth } from '../figures/fonts';
import type { ReportTable } from './report';

const padding = 8;
/** A column of words is not wider than this share of the page: its text wraps. */
const widestShare = 0.4;

/** Widths of a table's columns in points: what their widest text asks for; what is left over goes to all. */
export function placeColumns(
  columns: ReportTable['columns'],
  rows: ReportTable['rows'],
  size: number,
  width: number,
): number[] {
  const measure = (text: string, bold: boolean) =>
    textWidth([{ text, italic: false, level: 0, rise: 0 }], { family: 'sans', size, bold });
  const wanted = columns.map(({ title }, i) => {
    const widest = rows.reduce((most, row) => Math.max(most, measure(row[i], false)), measure(title, true));
    return Math.min(widest + padding, widestShare * width);
  });
  const spare = width - wanted.reduce((sum, one) => sum + one, 0);
  return spare > 0 ? wanted.map((one) => one + spare / columns.length) : wanted;
}

/** Columns that fit beside each other; where not all do, every part begins with the first column, which says what a row is. */
export function cutColumns(widths: readonly number[], width: number): number[][] {
  const parts: number[][] = [[0]];
  let used = widths[0];
  for (let i = 1; i < widths.length; i++) {
    if (used + widths[i] > width + 1e-6 && parts.at(-1)!.length > 1) {
      parts.push([0]);
      used = widths[0];
    }
    parts.at(-1)!.push(i);
    used += widths[i];
  }
  return parts;
}
