import { describe, expect, it } from 'vitest';
import { discSlice } from '../../testing/fakeProblems';
import { settingsFromQuery, settingsToQuery } from '../../components/schemaForm/address';
import { suggestName } from './address';
import { pageOf, shapeWords, splitWords } from './datasetTexts';
import { formulaLines } from './formulaLines';
import { bilinear, fitFrame, type Point } from '../../components/plane/planeFrame';
import { makeSlicePicture } from './slicePicture';
import { spectrumFacts, spectrumPicture } from './spectrum';
import { cellsOf, orderRows, slackRange } from './tightness';

const pointsOf = (path: string): Point[] =>
  [...path.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map((match): Point => [Number(match[1]), Number(match[2])]);

describe('the picture of a slice', () => {
  // One unit is 100 pixels, the origin at (250, 150).
  const picture = makeSlicePicture(discSlice(121), { x: 0, y: 0, width: 300, height: 300 });
  const toPlane = ([x, y]: Point): Point => [x / 100 - 2.5, 1.5 - y / 100];
  const [disc, line] = picture.boundaries;

  it('keeps angles true and puts the optimum where it is', () => {
    expect(picture.frame).toEqual({ x: 0, y: 0, width: 300, height: 300 });
    expect(picture.stretch).toBe(1);
    expect(picture.optimum).toEqual([250, 150]);
    expect(picture.leastNorm).toEqual([150, 150]);
  });

  it('bounds the feasible set by the disc and the line that cuts it', () => {
    for (const point of pointsOf(picture.feasible)) {
      const [s, t] = toPlane(point);
      const outside = Math.max((s + 1) ** 2 + t ** 2 - 1, t - 0.5);
      expect(Math.abs(outside)).toBeLessThan(0.03);
    }
  });

  it('draws all of a row, and strongly only what bounds the set', () => {
    for (const point of pointsOf(disc.path)) {
      const [s, t] = toPlane(point);
      expect(Math.hypot(s + 1, t)).toBeCloseTo(1, 2);
    }
    const edge = pointsOf(disc.edge).map(toPlane);
    expect(edge.length).toBeGreaterThan(50);
    expect(Math.max(...edge.map(([, t]) => t))).toBeLessThan(0.56);
    const cut = pointsOf(line.edge).map(toPlane);
    expect(Math.min(...cut.map(([s]) => s))).toBeCloseTo(-1 - Math.sqrt(0.75), 1);
    expect(Math.max(...cut.map(([s]) => s))).toBeCloseTo(-1 + Math.sqrt(0.75), 1);
    expect(disc.row.active && !line.row.active).toBe(true);
  });

  it('names the rows that bound the set, away from the optimum', () => {
    for (const { label } of picture.boundaries) {
      expect(label).not.toBeNull();
      expect(Math.hypot(label!.at[0] - 250, label!.at[1] - 150)).toBeGreaterThan(30);
    }
    // The disc's name stands outside of the disc, the line's above the line.
    const [s, t] = toPlane(disc.label!.at);
    expect(Math.hypot(s + 1, t)).toBeGreaterThan(1);
    expect(toPlane(line.label!.at)[1]).toBeGreaterThan(0.5);
    const far = { kind: 'inequality' as const, index: 7, active: false, coefficients: [-9, 1, 0, 0, 0, 0] };
    const slice = discSlice(61);
    const withFar = makeSlicePicture({ ...slice, rows: [...slice.rows, far] }, picture.frame);
    expect(withFar.boundaries[2]).toMatchObject({ path: '', edge: '', label: null });
  });

  it('spans the colours over the feasible set only', () => {
    expect(picture.range[0]).toBeCloseTo(0, 10);
    expect(picture.range[1]).toBeCloseTo(2, 1);
    expect(picture.bands.every(({ share }) => share >= 0 && share <= 1)).toBe(true);
    expect(picture.lines.some(({ level }) => level < 0)).toBe(true);
  });

  it('stretches a sliver, at most twice, and says so', () => {
    const box = { x: 10, y: 10, width: 400, height: 300 };
    const flat = fitFrame({ s: [0, 10], t: [0, 1] }, box);
    expect(flat.frame).toEqual({ x: 10, y: 10, width: 400, height: 80 });
    expect(flat.stretch).toBeCloseTo(2, 12);
    expect(fitFrame({ s: [0, 4], t: [0, 3] }, box).stretch).toBe(1);
  });

  it('reads between grid points as a bilinear function is', () => {
    const grid = [0, 1, 2, 3, 4, 5, 6, 7, 8];
    expect(bilinear(grid, 3, 0.25, 0.75)).toBeCloseTo(0.5 + 4.5, 12);
    expect(bilinear(grid, 3, 1, 1)).toBe(8);
  });
});

describe('the spectrum', () => {
  const eigenvalues = [4, 1, 0.04, 1e-17, 0];

  it('counts as zero what rounding cannot tell from it', () => {
    expect(spectrumFacts(eigenvalues)).toEqual({ largest: 4, smallest: 0, rank: 3, condition: 100 });
    expect(spectrumFacts([])).toBeNull();
  });

  it('puts zeros on a marked floor of a logarithmic axis', () => {
    const area = { x: 0, y: 0, width: 100, height: 100 };
    const log = spectrumPicture(eigenvalues, 'log', area);
    expect(log.points.map(({ atFloor }) => atFloor)).toEqual([false, false, false, true, true]);
    expect(log.points[3].y).toBe(log.floor?.y);
    const linear = spectrumPicture(eigenvalues, 'linear', area);
    expect(linear.floor).toBeNull();
    expect(linear.points[0].y).toBe(0);
    expect(linear.points[4].y).toBe(100);
  });
});

describe('tightness', () => {
  const view = (slacks: number[], activeRows: number[]) => ({
    instance: 0, status: 'optimal', objective: 0, violation: 0, gap: 0, iterations: 1, milliseconds: 1, slacks, multipliers: slacks.map(() => 0.5),
    activeRows, atLower: [], atUpper: [], largestMultiplier: 0.5, smallestActiveMultiplier: 0.5, smallestInactiveSlack: 1, label: null,
  }); // prettier-ignore
  const views = [view([1, 0, 5, 1e-12], [1, 3]), view([0.1, 0, 0.2, 3], [1])];

  it('orders rows by how often they are active, then by their least slack', () => {
    expect(orderRows(views, 'slack')).toEqual([1, 3, 0, 2]);
    expect(orderRows(views, 'index')).toEqual([0, 1, 2, 3]);
    expect(orderRows([], 'slack')).toEqual([]);
  });

  it('spans colours over the slacks of rows that are not active', () => {
    expect(slackRange(views)).toEqual([-1, Math.log10(5)]);
    expect(slackRange([])).toEqual([0, 0]);
    expect(cellsOf(views[0], [3, 0])).toEqual([
      { row: 3, slack: 1e-12, multiplier: 0.5, active: true },
      { row: 0, slack: 1, multiplier: 0.5, active: false },
    ]);
  });
});

describe('addresses and words', () => {
  it('hold settings, and survive what somebody types', () => {
    expect(settingsFromQuery(settingsToQuery({ n: 50, box: { b: 1 } }))).toEqual({ n: 50, box: { b: 1 } });
    expect(settingsToQuery({})).toBeUndefined();
    for (const bad of ['{', '[1]', 'null', '7', undefined, ['{}']]) expect(settingsFromQuery(bad)).toEqual({});
  });

  it('suggest names that are free', () => {
    expect(suggestName('qcqp', 100, new Set())).toBe('qcqp-n100');
    expect(suggestName('qcqp', 100, new Set(['qcqp-n100', 'qcqp-n100-2']))).toBe('qcqp-n100-3');
    expect(suggestName('qcqp', 'many', new Set())).toBe('qcqp');
  });

  it('tell splits and shapes, and pages within a dataset', () => {
    expect(splitWords({ test: 417, train: 4166, valid: 417 })).toBe('4 166 / 417 / 417');
    expect(splitWords({})).toBe('–');
    expect(shapeWords([50, 100, 100])).toBe('50 × 100 × 100');
    expect(pageOf(8, 10)).toEqual([8, 9]);
    expect(pageOf(99, 10)).toEqual([9]);
  });

  it('break a formula before its constraints', () => {
    expect(formulaLines('\\min_y f \\quad\\text{s.t.}\\quad A y = x')).toEqual(['\\min_y f ', '\\text{s.t.}\\quad A y = x']);
    expect(formulaLines('\\min_y f')).toEqual(['\\min_y f']);
  });
}); // prettier-ignore
