/** Diverging with a true zero: blue below, neutral at 0, orange above; told apart by who does not see red or green. */
const ends = {
  light: { below: [11, 95, 165], zero: [243, 243, 246], above: [184, 90, 0] },
  dark: { below: [90, 176, 242], zero: [32, 34, 40], above: [240, 160, 75] },
} as const;

/** @param share value over the largest magnitude, in [−1, 1]. @returns red, green, blue */
export function divergingColour(share: number, scheme: 'light' | 'dark'): [number, number, number] {
  const { below, zero, above } = ends[scheme];
  const end = share < 0 ? below : above;
  const part = Math.min(1, Math.abs(share));
  const channel = (k: 0 | 1 | 2) => Math.round(zero[k] + part * (end[k] - zero[k]));
  return [channel(0), channel(1), channel(2)];
}

export const cssColour = (share: number, scheme: 'light' | 'dark'): string =>
  `rgb(${divergingColour(share, scheme).join(' ')})`;
