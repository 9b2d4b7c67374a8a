import { describe, expect, it } from 'vitest';
import { spreadLabels, thin } from './placement';

describe('labels and markers', () => {
  it('are moved apart and kept inside', () => {
    const placed = spreadLabels([50, 52, 51, 99], 10, 0, 100);
    const sorted = [...placed].sort((a, b) => a - b);
    for (let i = 1; i < sorted.length; i++) expect(sorted[i] - sorted[i - 1]).toBeGreaterThanOrEqual(10);
    expect(Math.max(...placed)).toBeLessThanOrEqual(100);
    expect(placed[0]).toBeLessThan(placed[2]);
    expect(placed[2]).toBeLessThan(placed[1]);
  });

  it('are thinned to a legible row', () => {
    expect(thin([0, 1, 2, 8, 9, 20], 7)).toEqual([0, 8, 20]);
  });
});
