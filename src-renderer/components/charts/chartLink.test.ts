import { describe, expect, it } from 'vitest';
import { makeChartLink } from './chartLink';

describe('linked charts', () => {
  it('show the extent of all their data', () => {
    const link = makeChartLink();
    const [a, b] = [Symbol('a'), Symbol('b')];
    link.report(a, { from: 0, to: 10 });
    link.report(b, { from: 5, to: 40 });
    expect(link.domain.value).toEqual({ from: 0, to: 40 });
    link.report(b, null);
    expect(link.domain.value).toEqual({ from: 0, to: 10 });
  });

  it('zoom together, and a reset shows everything that came meanwhile', () => {
    const link = makeChartLink();
    const id = Symbol('a');
    link.report(id, { from: 0, to: 10 });
    link.zoom({ from: 2, to: 3 });
    link.report(id, { from: 0, to: 20 });
    expect(link.domain.value).toEqual({ from: 2, to: 3 });
    link.reset();
    expect(link.domain.value).toEqual({ from: 0, to: 20 });
  });

  it('refuse a zoom into nothing', () => {
    const link = makeChartLink();
    link.zoom({ from: 3, to: 3 });
    expect(link.viewport.value).toBeNull();
  });

  it('can be drawn before there are data and with a single sample', () => {
    const link = makeChartLink();
    expect(link.domain.value).toEqual({ from: 0, to: 1 });
    link.report(Symbol('a'), { from: 7, to: 7 });
    expect(link.domain.value.to).toBeGreaterThan(link.domain.value.from);
  });
});
