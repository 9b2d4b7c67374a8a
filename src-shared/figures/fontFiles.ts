import files from './fontFiles.json';

export const fontNames = ['sans', 'sansItalic', 'sansBold', 'serif', 'serifItalic', 'serifBold', 'math'] as const;
/** A face that figures are set in. `serif` and `math` stand in for glyphs that the others lack. */
export type FontName = (typeof fontNames)[number];
export type FontFamily = 'sans' | 'serif';

/** Static TrueType files of the faces, below node_modules; the build reads the list too. All under the SIL Open Font License 1.1. */
export const fontFiles: Record<FontName, string> = files;
