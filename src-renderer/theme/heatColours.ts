import { interpolateCividis } from 'd3-scale-chromatic';
import { cssColour } from './diverging';

type Scheme = 'light' | 'dark';

const shades = 128;

/** Cividis, but never as dark as a dark page. */
function sequential(share: number, scheme: Scheme): string {
  const first = scheme === 'dark' ? 0.16 : 0;
  return interpolateCividis(first + (1 - first) * share);
}

const made = new Map<string, readonly string[]>();

/** 128 colours from the low to the high end: blue over neutral to orange where values part at zero, else dark to light. */
export function heatColours(kind: 'diverging' | 'sequential', scheme: Scheme): readonly string[] {
  const key = `${kind} ${scheme}`;
  const known = made.get(key);
  if (known) return known;
  const colours = Array.from({ length: shades }, (_, i) => {
    const share = i / (shades - 1);
    return kind === 'diverging' ? cssColour(2 * share - 1, scheme) : sequential(share, scheme);
  });
  made.set(key, colours);
  return colours;
}

/** The colours from the low to the high end, for a key beside a picture. */
export const heatRamp = (colours: readonly string[]): string =>
  `linear-gradient(90deg, ${[0, 0.25, 0.5, 0.75, 1].map((share) => heatColour(colours, share)).join(', ')})`;

/** The colour at a share of the scale. */
export const heatColour = (colours: readonly string[], share: number): string =>
  colours[Math.round(share * (colours.length - 1))];
