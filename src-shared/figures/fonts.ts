import advances from './fontAdvances.json' with { type: 'json' };
import type { FontFamily, FontName } from './fontFiles';
import { runScale, type TextRun } from './mathText';

/** What an SVG asks for: the same faces, or what the machine has that is nearest. */
export const svgFamilies: Record<FontFamily, string> = {
  sans: "Inter, 'Inter Variable', Helvetica, Arial, 'STIX Two Text', 'Noto Sans Math', sans-serif",
  serif: "'STIX Two Text', STIXGeneral, Times, 'Times New Roman', 'Noto Sans Math', serif",
};

export interface TextStyle {
  family: FontFamily;
  /** Points. */
  size: number;
  bold?: boolean;
}

/** Characters of one face, in a row. */
export interface Stretch {
  text: string;
  font: FontName;
}

const table = (name: FontName): ReadonlyMap<string, number> => new Map(Object.entries(advances[name]));
const tables: Record<FontName, ReadonlyMap<string, number>> = {
  sans: table('sans'),
  sansItalic: table('sansItalic'),
  sansBold: table('sansBold'),
  serif: table('serif'),
  serifItalic: table('serifItalic'),
  serifBold: table('serifBold'),
  math: table('math'),
};

function face(family: FontFamily, italic: boolean, bold: boolean): FontName {
  return italic ? `${family}Italic` : bold ? `${family}Bold` : family;
}

/** Cuts a run where its face lacks a glyph: STIX has script letters with room for accents, Noto the operators. An accent stays with its letter. */
export function stretches(run: Pick<TextRun, 'text' | 'italic'>, { family, bold = false }: TextStyle): Stretch[] {
  const own = face(family, run.italic, bold);
  const chain: FontName[] = [own, 'serif', 'math'];
  const parts: Stretch[] = [];
  for (const cluster of run.text.match(/\P{M}\p{M}*/gu) ?? []) {
    const font = chain.find((name) => [...cluster].every((character) => tables[name].has(character))) ?? 'math';
    const last = parts.at(-1);
    if (last?.font === font) last.text += cluster;
    else parts.push({ text: cluster, font });
  }
  return parts;
}

/** Width in points, without kerning: for room, not for placing one glyph after another. */
export function textWidth(runs: readonly TextRun[], style: TextStyle): number {
  let width = 0;
  for (const run of runs)
    for (const { text, font } of stretches(run, style))
      for (const character of text) width += (tables[font].get(character) ?? 0.6) * runScale(run) * style.size;
  return width;
}
