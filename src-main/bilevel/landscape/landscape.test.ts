import { describe, expect, it } from 'vitest';
import type { Landscape } from '@shared/landscape';
import { drawBilevel } from '../families';
import { bilevelProblem } from '../quadratic';
import { landscape, type LookedAt } from './landscape';

const one = (...values: number[]) => Float64Array.from(values);
type Ask = Parameters<typeof landscape>[1];
const ask = (change: Partial<Ask> = {}): Ask => ({ plane: { kind: 'coordinates' }, hold: [], cells: 48, ...change });
const last = (looked: LookedAt, change?: Partial<Ask>): Landscape => [...landscape(looked, ask(change))].at(-1)!;

/** ½y² − xy over |y| ≤ 1 and F = ½(y − 2)² + .05x²: least, .55, at the kink x = 1 with slopes −.9 and .1. */
const kink = bilevelProblem(
  1,
  1,
  { Qxx: one(0.1), Qyy: one(1), cy: one(-2), constant: 2 },
  { Q: one(1), P: one(-1), lower: one(-1), upper: one(1) },
);

/** Two of those, x₁ and x₂ apart: kinks along |x₁| = 1 and |x₂| = 1. */
const kinks = bilevelProblem(
  2,
  2,
  { Qxx: one(0.1, 0, 0, 0.1), Qyy: one(1, 0, 0, 1), cy: one(-2, -2), constant: 4 },
  { Q: one(1, 0, 0, 1), P: one(-1, 0, 0, -1), lower: one(-1, -1), upper: one(1, 1) },
);

describe('along a line', () => {
  it('kinks are found where they are, with the slopes of both sides', () => {
    const { dimensions, corners, least, values, s } = last(
      { problem: kink, start: one(0.2) },
      { window: { s: [-2.2, 2.5] } },
    );
    expect(dimensions).toBe(1);
    expect(corners.map(({ s: place }) => place)).toEqual([expect.closeTo(-1, 8), expect.closeTo(1, 8)]);
    expect(corners[1]).toMatchObject({ jump: false, left: expect.closeTo(-0.9, 7), right: expect.closeTo(0.1, 7) });
    expect(corners[1].F).toBeCloseTo(0.55, 8);
    expect(least!.F).toBeLessThan(0.56);
    expect(values[0]).toBeCloseTo(0.5 * (Math.max(-1, Math.min(1, s[0])) - 2) ** 2 + 0.05 * s[0] ** 2, 12);
  });
});

describe('over a plane', () => {
  const looked = { problem: kinks, start: one(0.2, -0.3) };

  it('every pass is a whole picture, twice as fine, that agrees with the one before', () => {
    const passes = [...landscape(looked, ask())];
    expect(passes.map(({ size }) => size)).toEqual([[13, 13], [25, 25], [49, 49]]); // prettier-ignore
    expect(passes.map(({ passes: [done, of] }) => [done, of])).toEqual([[1, 3], [2, 3], [3, 3]]); // prettier-ignore
    expect(passes[2].values[4 * 49 * 3 + 8]).toBe(passes[0].values[13 * 3 + 2]);
  });

  it('kinks lie where the active set changes, to a thousandth of a cell', () => {
    const { kinks: lines, least, s, setNames, start } = last(looked, { window: { s: [-2, 2.1], t: [-2, 2.1] } });
    expect(lines.jump).toEqual([]);
    expect(lines.kink.length).toBeGreaterThan(100);
    const cell = (s[1] - s[0]) / 48;
    for (const [s0, t0, s1, t1] of lines.kink) {
      const off = (s2: number, t2: number) => Math.min(Math.abs(Math.abs(s2) - 1), Math.abs(Math.abs(t2) - 1));
      expect(Math.min(off(s0, t0), off(s1, t1))).toBeLessThan(1e-3 * cell);
    }
    expect([least!.s, least!.t]).toEqual([expect.closeTo(1, 0), expect.closeTo(1, 0)]);
    expect(start).toEqual({ s: 0.2, t: -0.3, distance: 0 });
    expect(setNames).toContain('no row active');
    expect(setNames).toContain('y₀ at its upper bound, y₁ at its lower bound');
  });

  it('a window that nobody chose holds the start and a least value within', () => {
    const { s, t, least } = last({ problem: kinks, start: one(6, -0.3) });
    expect([s[0] < 1, s[1] > 6, t[0] < -0.3, t[1] > 1]).toEqual([true, true, true, true]);
    expect(s[1] - s[0]).toBeCloseTo(t[1] - t[0], 12);
    expect(least!.F).toBeLessThan(1.2);
  });

  it('where the lower level has no solution there is no F, and it is said why', () => {
    // y₀ ≤ x₀ and y₀ ≥ −x₀ − 1 contradict each other for x₀ < −½.
    const problem = bilevelProblem(
      2,
      1,
      { Qxx: one(1, 0, 0, 1), Qyy: one(1) },
      { Q: one(1), P: one(0, 1), A: one(1, -1), B: one(-1, 0, -1, 0), b: one(0, 1) },
    );
    const {
      outside,
      kinks: lines,
      reasons,
      values,
      sets,
    } = last({ problem, start: one(1, 0) }, { window: { s: [-2, 1], t: [-1, 1] } });
    expect(reasons[0]).toContain('no feasible y');
    expect(reasons[0]).not.toContain('at this x');
    sets.forEach((set, k) => expect(set < 0).toBe(values[k] === null));
    const covered = Math.max(...outside.flatMap((polygon) => polygon.filter((_, k) => k % 2 === 0)));
    expect(covered).toBeCloseTo(-0.5, 4);
    for (const piece of lines.edge) expect(piece[0]).toBeCloseTo(-0.5, 4);
  });

  it('a lower level without a unique answer makes F jump', () => {
    // min −x y over |y| ≤ 1: y = sign x.
    const problem = bilevelProblem(
      2,
      1,
      { Qxx: one(1, 0, 0, 1), cy: one(1) },
      { Q: one(0), P: one(-1, 0), lower: one(-1), upper: one(1) },
    );
    const { kinks: lines } = last({ problem, start: one(0.5, 0.5) });
    expect(lines.jump.length).toBeGreaterThan(10);
    for (const [s] of lines.jump) expect(s).toBeCloseTo(0, 3);
  });

  it('a plane through three points of a larger x holds them all', () => {
    const { problem, x } = drawBilevel('coupled', { d: 6, n: 9, seed: 3 });
    const end = Float64Array.from(x, (_, i) => 0.1 * i - 0.3);
    const middle = Float64Array.from(x, (value, i) => (i === 2 ? 1 : value / 2));
    const points = [end, x, middle].map((point) => [...point]);
    const view = last(
      { problem, start: x },
      { plane: { kind: 'points', points, names: ['', 'towards the start', ''] }, hold: points, cells: 24 },
    );
    expect(view.start.distance).toBeLessThan(1e-12);
    expect(view.axes[0]).toBe('towards the start');
    expect([view.s[0] < 0, view.s[1] > view.start.s]).toEqual([true, true]);
    const [u, v] = view.directions;
    expect(u.reduce((sum, value, i) => sum + value * v[i], 0)).toBeCloseTo(0, 12);
    expect(view.kinks.kink.length).toBeGreaterThan(0);
  });

  it('a coordinate that x does not have is refused by name', () => {
    expect(() => last(looked, { plane: { kind: 'coordinates', of: [0, 2] } })).toThrow('x has no entry 2');
    expect(() => last(looked, { plane: { kind: 'points', points: [[0, 0], [0, 0]], names: [] } })).toThrow('one point'); // prettier-ignore
  });
});
