import sans from '@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf?url';
import sansItalic from '@expo-google-fonts/inter/400Regular_Italic/Inter_400Regular_Italic.ttf?url';
import sansBold from '@expo-google-fonts/inter/600SemiBold/Inter_600SemiBold.ttf?url';
import math from '@expo-google-fonts/noto-sans-math/400Regular/NotoSansMath_400Regular.ttf?url';
import serif from '@expo-google-fonts/stix-two-text/400Regular/STIXTwoText_400Regular.ttf?url';
import serifItalic from '@expo-google-fonts/stix-two-text/400Regular_Italic/STIXTwoText_400Regular_Italic.ttf?url';
import serifBold from '@expo-google-fonts/stix-two-text/600SemiBold/STIXTwoText_600SemiBold.ttf?url';
import type { FontName } from '@shared/figures/fontFiles';

const urls: Record<FontName, string> = { sans, sansItalic, sansBold, serif, serifItalic, serifBold, math };

const loaded = new Map<FontName, Promise<Uint8Array>>();

async function fetchFont(name: FontName): Promise<Uint8Array> {
  const response = await fetch(urls[name]);
  if (!response.ok) throw new Error(`The font ${urls[name]} could not be read (${response.status}).`);
  return new Uint8Array(await response.arrayBuffer());
}

/** The file of a face, from the app's own assets, kept once it has been read. */
export function loadFigureFont(name: FontName): Promise<Uint8Array> {
  let font = loaded.get(name);
  if (!font) {
    font = fetchFont(name);
    loaded.set(name, font);
    // What failed may work the next time.
    font.catch(() => loaded.delete(name));
  }
  return font;
}

/** Lets the browser draw SVG previews in the faces that files ask for. */
export async function showFigureFonts(): Promise<void> {
  const faces = [
    new FontFace('STIX Two Text', `url(${serif})`),
    new FontFace('STIX Two Text', `url(${serifItalic})`, { style: 'italic' }),
    new FontFace('STIX Two Text', `url(${serifBold})`, { weight: '600' }),
    new FontFace('Inter', `url(${sans})`),
    new FontFace('Inter', `url(${sansItalic})`, { style: 'italic' }),
    new FontFace('Inter', `url(${sansBold})`, { weight: '600' }),
    new FontFace('Noto Sans Math', `url(${math})`),
  ];
  await Promise.all(
    faces.map(async (face) => {
      document.fonts.add(face);
      await face.load();
    }),
  );
}
