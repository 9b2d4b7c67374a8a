import { paperColours } from '@shared/charts/palette';

/** Colours of series; the dark theme lightens those of the light one, which are also those of paper, where they are too dim to read. */
const darkSeries = [
  '#3d9fe0', '#ee7a2b', '#1fb58c', '#d98fb8', '#ecb13d', '#7cc6f0',
  '#c96a98', '#4fae6b', '#8d80e0', '#b8b85a', '#dd8593', '#63c2b2', '#c971c0', '#a0a6b2',
] as const; // prettier-ignore

export const seriesColourCount = paperColours.length;

export function seriesColour(index: number, scheme: 'light' | 'dark'): string {
  const palette = scheme === 'light' ? paperColours : darkSeries;
  return palette[index % palette.length];
}

/** FNV-1a, 32 bits: spreads run identifiers evenly over the palette. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** Runs take the six Okabe–Ito colours first; Tol's only resolve collisions. */
const preferred = 6;

/** Eight characters that follow from a text. */
export const shortHash = (text: string): string => hash(text).toString(16).padStart(8, '0');

/** The palette index that a run has everywhere. */
export const runColourIndex = (id: string): number => hash(id) % preferred;

/** Of several series of one run, the first has the run's colour and the others the next ones. */
export const memberColourIndex = (run: number, member: number): number =>
  member < preferred ? (run + member) % preferred : member;

/**
 * Palette indices for the runs of one view. Each keeps its own where it can; of two runs with the same one, the later in
 * the order of identifiers moves to the next free index, whatever order they are shown in.
 */
export function assignColours(ids: readonly string[]): Map<string, number> {
  const taken = new Set<number>();
  const assigned = new Map<string, number>();
  for (const id of [...ids].sort()) {
    let index = runColourIndex(id);
    for (let tries = 0; taken.has(index) && tries < seriesColourCount; tries++) index = (index + 1) % seriesColourCount;
    taken.add(index);
    assigned.set(id, index);
  }
  return assigned;
}
