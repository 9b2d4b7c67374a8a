import { interpolateCividis, interpolateRdBu } from 'd3-scale-chromatic';

export type Scheme = 'light' | 'dark';

const shades = 128;

/** On a dark surface the middle is dark and both ends light, so that zero recedes there too. */
const darkDiverging = [
  [122, 190, 250],
  [46, 112, 178],
  [38, 41, 49],
  [186, 76, 50],
  [255, 160, 128],
] as const;

/** Linear between five colours. */
function onDark(share: number): string {
  const place = share * (darkDiverging.length - 1);
  const k = Math.min(darkDiverging.length - 2, Math.floor(place));
  const channels = darkDiverging[k].map((low, i) => Math.round(low + (place - k) * (darkDiverging[k + 1][i] - low)));
  return `rgb(${channels.join(', ')})`;
}

/** Cividis, but never as dark as a dark page. */
function sequential(share: number, scheme: Scheme): string {
  const first = scheme === 'dark' ? 0.16 : 0;
  return interpolateCividis(first + (1 - first) * share);
}

const diverging = (share: number, scheme: Scheme) => (scheme === 'dark' ? onDark(share) : interpolateRdBu(1 - share));

const made = new Map<string, readonly string[]>();

/** 128 colours from the low to the high end: blue over neutral to red where values part at zero, else dark to light. */
export function heatColours(kind: 'diverging' | 'sequential', scheme: Scheme): readonly string[] {
  const key = `${kind} ${scheme}`;
  const known = made.get(key);
  if (known) return known;
  const of = kind === 'diverging' ? diverging : sequential;
  const colours = Array.from({ length: shades }, (_, i) => of(i / (shades - 1), scheme));
  made.set(key, colours);
  return colours;
}

/** The colour at a share of the scale. */
export const heatColour = (colours: readonly string[], share: number): string =>
  colours[Math.round(share * (colours.length - 1))];
