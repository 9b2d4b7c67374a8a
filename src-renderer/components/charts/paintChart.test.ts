import { describe, expect, it } from 'vitest';
import { light } from '../../theme/tokens';
import { makeChartModel, type ChartInput } from './chartModel';
import { paintChart, type PaintInput } from './paintChart';

interface Call {
  name: string;
  args: unknown[];
  colour: string;
  alpha: number;
}

/** A canvas that notes what is drawn on it. */
function recorder(): { context: CanvasRenderingContext2D; calls: Call[] } {
  const calls: Call[] = [];
  const state: Record<string, unknown> = { strokeStyle: '', globalAlpha: 1 };
  const context = new Proxy(state, {
    get: (target, name: string) =>
      name in target
        ? target[name]
        : (...args: unknown[]) =>
            calls.push({ name, args, colour: String(target.strokeStyle), alpha: Number(target.globalAlpha) }),
    set: (target, name: string, value) => ((target[name] = value), true),
  });
  return { context: context as unknown as CanvasRenderingContext2D, calls };
}

const series = (id: string, y: number[], colour: string) => ({
  id, label: id, colour,
  part: { x: Float64Array.from(y, (_, i) => i), y: Float64Array.from(y), min: null, max: null },
}); // prettier-ignore

function paint(input: Partial<ChartInput>, rest: Partial<PaintInput> = {}): Call[] {
  const model = makeChartModel({ series: [], scaleType: 'linear', domain: { from: 0, to: 9 }, smoothing: 0, thresholds: [], marks: [], ...input });
  const { context, calls } = recorder();
  paintChart(context, { model, tokens: light, frame: { width: 400, height: 200 }, directLabels: false, ...rest });
  return calls;
} // prettier-ignore

const ofLine = (calls: Call[], colour: string, name: string) =>
  calls.filter((call) => call.colour === colour && call.name === name);
const texts = (calls: Call[]) => calls.filter(({ name }) => name === 'fillText').map(({ args }) => args[0]);

describe('painting a chart', () => {
  it('breaks a line where a sample is not a number, and crosses the place', () => {
    const calls = paint({ series: [series('a', [1, 2, NaN, 4, 5], 'red')] });
    // Two stretches, and two strokes of the cross.
    expect(ofLine(calls, 'red', 'moveTo')).toHaveLength(2 + 2);
    expect(ofLine(calls, 'red', 'lineTo')).toHaveLength(2 + 2);
  });

  it('gives zeros on a logarithmic axis a floor with a name', () => {
    const calls = paint({ scaleType: 'log', series: [series('a', [1, 0.1, 0, 0], 'red')] });
    expect(texts(calls)).toContain('≤ 0');
    expect(calls.filter(({ name, colour }) => name === 'arc' && colour === 'red').length).toBeGreaterThan(0);
  });

  it('lets the others step back behind the line in focus', () => {
    const lines = [series('a', [1, 2, 3], 'red'), series('b', [3, 2, 1], 'blue')];
    const alphaOf = (calls: Call[], colour: string) => ofLine(calls, colour, 'stroke')[0].alpha;
    const calls = paint({ series: lines }, { focus: 'b' });
    expect(alphaOf(calls, 'red')).toBeLessThan(0.3);
    expect(alphaOf(calls, 'blue')).toBe(1);
    expect(alphaOf(paint({ series: lines }), 'red')).toBe(1);
    // What is not in this chart dims nothing.
    expect(alphaOf(paint({ series: lines }, { focus: 'elsewhere' }), 'red')).toBe(1);
  });

  it('draws fewer points while something moves', () => {
    const dense = series('a', Array.from({ length: 2000 }, (_, i) => Math.sin(i / 50)), 'red');
    const domain = { from: 0, to: 1999 };
    const fine = ofLine(paint({ series: [dense], domain }), 'red', 'lineTo').length;
    const coarse = ofLine(paint({ series: [dense], domain }, { coarse: true }), 'red', 'lineTo').length;
    expect(fine).toBe(1999);
    expect(coarse).toBeLessThan(200);
    expect(coarse).toBeGreaterThan(100);
  });

  it('writes labels at the ends of up to six lines, inside the picture', () => {
    const six = Array.from({ length: 6 }, (_, i) => series(`line ${i}`, [i, i], `c${i}`));
    expect(texts(paint({ series: six }, { directLabels: true }))).toEqual(expect.arrayContaining(six.map(({ label }) => label)));
    const seven = [...six, series('line 6', [6, 6], 'c6')];
    expect(texts(paint({ series: seven }, { directLabels: true }))).not.toContain('line 6');
    for (const { name, args } of paint({ series: six }))
      if (name === 'fillText') expect(args[1] as number).toBeLessThanOrEqual(400);
  });
}); // prettier-ignore
