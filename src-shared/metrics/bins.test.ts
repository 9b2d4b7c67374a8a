import { describe, expect, it } from 'vitest';
import { binCounts, histogram, magnitudeEdges, signedEdges } from './bins';

describe('bins of histograms', () => {
  it('rise, have the thresholds as edges, and mirror each other around zero', () => {
    for (const edges of [magnitudeEdges, signedEdges])
      edges.slice(1).forEach((edge, k) => expect(edge).toBeGreaterThan(edges[k]));
    expect(magnitudeEdges).toEqual(expect.arrayContaining([1e-10, 1e-6, 1e-4, 1, 100]));
    expect(signedEdges).toEqual(expect.arrayContaining([-1e-4, -1e-6, 1e-6, 1e-4]));
    expect(signedEdges.map((edge) => -edge).reverse()).toEqual(signedEdges);
  });

  it('hold every number once, zero in the lowest, and no NaN', () => {
    const at = (value: number, edges: readonly number[]) => binCounts([value], edges).indexOf(1);
    expect(at(0, magnitudeEdges)).toBe(0);
    expect(at(1e-10, magnitudeEdges)).toBe(1);
    expect(at(1e9, magnitudeEdges)).toBe(magnitudeEdges.length - 2);
    expect(at(Infinity, magnitudeEdges)).toBe(magnitudeEdges.length - 2);
    expect(at(-Infinity, signedEdges)).toBe(0);
    expect(at(0, signedEdges)).toBe((signedEdges.length - 2) / 2);
    for (const value of [3.2e-7, 1e-6, 0.5, 7])
      for (const edges of [magnitudeEdges, signedEdges]) {
        const bin = at(value, edges);
        expect(edges[bin] <= value && value < edges[bin + 1]).toBe(true);
      }
    expect([...binCounts([NaN, 0.1], magnitudeEdges)].reduce((a, b) => a + b)).toBe(1);
    expect(histogram('valid/gap_histogram', [])).toHaveLength(2 * signedEdges.length - 1);
  });
});
