import { describe, expect, it } from 'vitest';
import { heatColour, heatColours } from '../../theme/heatColours';
import { light } from '../../theme/tokens';
import { makeHeatModel, shareOf, type HeatInput } from './heatModel';
import { paintHeat } from './paintHeat';

const row = (id: string, y: number[], x = y.map((_, i) => 10 * i)) => ({
  id, label: id, colour: '',
  part: { x: Float64Array.from(x), y: Float64Array.from(y), min: null, max: null },
}); // prettier-ignore

const make = (input: Partial<HeatInput>) =>
  makeHeatModel({
    series: [],
    scaleType: 'linear',
    domain: { from: 0, to: 40 },
    diverging: false,
    marks: [],
    ...input,
  });

describe('a heat map', () => {
  it('has zero in the middle of a diverging scale, whatever the values', () => {
    const { scale, rows } = make({ diverging: true, series: [row('a', [-0.1, 0, 0.83])] });
    expect(scale.low).toBe(-scale.high);
    expect(scale.high).toBeGreaterThanOrEqual(0.83);
    expect(rows[0].shares[1]).toBe(0.5);
    expect(rows[0].shares[0]).toBeLessThan(0.5);
  });

  it('shares one scale among its rows, by orders of magnitude where it is logarithmic', () => {
    const { scale, rows } = make({ scaleType: 'log', series: [row('a', [0.01, 1]), row('b', [100, 0])] });
    expect(rows[1].shares[0]).toBe(1);
    expect(rows[0].shares[1] - rows[0].shares[0]).toBeCloseTo(rows[1].shares[0] - rows[0].shares[1], 12);
    // Zero stays on the scale, below the least value.
    expect(rows[1].shares[1]).toBeLessThan(rows[0].shares[0]);
    expect(shareOf(scale, Infinity)).toBeNaN();
  });

  it('puts the edges of cells halfway between samples', () => {
    expect([...make({ series: [row('a', [1, 2, 3], [0, 10, 40])] }).rows[0].edges]).toEqual([-5, 5, 25, 55]);
    expect([...make({ series: [row('a', [1], [7])] }).rows[0].edges]).toEqual([6.5, 7.5]);
  });

  it('draws neighbours of one colour as one cell, and crosses what is not a number', () => {
    const rectangles: unknown[][] = [];
    const crosses: unknown[][] = [];
    const target: Record<string, unknown> = {
      fillRect: (...args: unknown[]) => rectangles.push([target.fillStyle, ...args]),
      moveTo: (...args: unknown[]) => crosses.push([target.strokeStyle, target.lineWidth, ...args]),
    };
    const context = new Proxy(target, {
      get: (of, name: string) => of[name] ?? (() => undefined),
      set: (of, name: string, value) => ((of[name] = value), true),
    }) as unknown as CanvasRenderingContext2D;
    const colours = heatColours('diverging', 'light');
    const model = make({ diverging: true, series: [row('a', [1, 1, NaN, -1, -1])] });
    paintHeat(context, { model, colours, tokens: light, frame: { width: 400, height: 200 } });
    const cells = rectangles.slice(0, 2);
    expect(cells.map(([colour]) => colour)).toEqual([heatColour(colours, 1), heatColour(colours, 0)]);
    expect(crosses.filter(([, width]) => width === 1.25)).toHaveLength(2);
    // The rest is the colour bar.
    expect(rectangles).toHaveLength(2 + colours.length);
  });
});
