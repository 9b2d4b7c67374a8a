export const fontNames = ['sans', 'sansItalic', 'sansBold', 'serif', 'serifItalic', 'serifBold', 'math'] as const;
/** A face that figures are set in. `serif` and `math` stand in for glyphs that the others lack. */
export type FontName = (typeof fontNames)[number];
export type FontFamily = 'sans' | 'serif';

/** Static TrueType files of the faces, below node_modules. All under the SIL Open Font License 1.1. */
export const fontFiles: Record<FontName, string> = {
  sans: '@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf',
  sansItalic: '@expo-google-fonts/inter/400Regular_Italic/Inter_400Regular_Italic.ttf',
  sansBold: '@expo-google-fonts/inter/600SemiBold/Inter_600SemiBold.ttf',
  serif: '@expo-google-fonts/stix-two-text/400Regular/STIXTwoText_400Regular.ttf',
  serifItalic: '@expo-google-fonts/stix-two-text/400Regular_Italic/STIXTwoText_400Regular_Italic.ttf',
  serifBold: '@expo-google-fonts/stix-two-text/600SemiBold/STIXTwoText_600SemiBold.ttf',
  math: '@expo-google-fonts/noto-sans-math/400Regular/NotoSansMath_400Regular.ttf',
};
