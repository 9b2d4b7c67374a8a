import { describe, expect, it } from 'vitest';
import { parseFigure } from '@shared/figures/spec';
import { toSvg } from '@shared/figures/svg';
import type { Landscape } from '@shared/landscape';
import { pyramid } from '../../testing/fakeBilevel';
import { curveValue, makeCurvePicture } from './curvePicture';
import { landscapePanels } from './landscapeFigure';
import { contourLevels, filled, makeLandscapePicture, pathPixels, project } from './landscapePicture';

type Point = [number, number];
const pointsOf = (path: string): Point[] =>
  [...path.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map((match): Point => [Number(match[1]), Number(match[2])]);
/** One unit is 100 pixels, the origin at (100, 100). */
const box = { x: 0, y: 0, width: 200, height: 200 };

describe('the picture of a landscape', () => {
  const picture = makeLandscapePicture(pyramid(40), box);

  it('has contours where the values are: squares around the least value of a pyramid', () => {
    const { level, path } = picture.lines[8];
    for (const [x, y] of pointsOf(path))
      expect(Math.max(Math.abs(x / 100 - 1), Math.abs(1 - y / 100))).toBeCloseTo(level, 1);
    expect(picture.range).toEqual([0, 1]);
  });

  it('draws kinks as the lines that they are', () => {
    expect(pointsOf(picture.kinks.kink)).toEqual([[0, 200], [200, 0], [0, 0], [200, 200]]); // prettier-ignore
  });

  it('has levels that are closer where F is low', () => {
    const levels = contourLevels([-1, 3]);
    const gaps = levels.slice(1).map((level, k) => level - levels[k]);
    expect(gaps.every((gap, k) => k === 0 || gap > gaps[k - 1])).toBe(true);
    expect(levels[0]).toBeGreaterThan(-1);
    expect(levels.at(-1)).toBeLessThan(3);
    expect(contourLevels([2, 2])).toEqual([]);
  });

  it('fills where there is no F from beside it, so that contours run on to the edge', () => {
    expect(filled([1, null, 3, null], 2)).toEqual([1, 1, 3, 3]);
    const without: Landscape = { ...pyramid(4), values: new Array<null>(25).fill(null) };
    expect(makeLandscapePicture(without, box).bands).toEqual([]);
  });
});

describe('a path over a landscape', () => {
  it('is projected on the plane with its distance from it', () => {
    const slanted: Landscape = { ...pyramid(4), d: 3, origin: [1, 0, 0], directions: [[0, 0.6, 0.8], [1, 0, 0]] }; // prettier-ignore
    expect(project(slanted, [3, 3, 4])).toEqual({ s: 5, t: 2, distance: expect.closeTo(0, 12) });
    expect(project(slanted, [1, 4, -3]).distance).toBeCloseTo(5, 12);
  });

  it('keeps its ends, leaves out what would not be seen, and is cut far outside', () => {
    const points = Array.from({ length: 1001 }, (_, k) => ({ s: k / 1e6, t: 0, distance: 0 }));
    expect(pathPixels(box, pyramid(4), points)).toEqual([[100, 100], [expect.closeTo(100.1, 6), 100]]); // prettier-ignore
    const [, far] = pathPixels(box, pyramid(4), [points[0], { s: 1e9, t: 0, distance: 0 }]);
    expect(far[0]).toBe(4200);
  });
});

describe('F along a line', () => {
  const line: Landscape = {
    ...pyramid(4),
    ...{ d: 1, dimensions: 1, directions: [[1]], origin: [0], axes: ['x'], s: [-1, 1], t: [0, 0], size: [5, 1] },
    values: [1, 0.5, 0, null, null],
    sets: [0, 0, 0, -1, -1],
    corners: [{ s: 0, F: 0, jump: false, left: -1, right: null }],
  };
  const picture = makeCurvePicture(line, box);

  it('ends where there is no F, and the tangent at a kink has its slope', () => {
    expect(pointsOf(picture.path)).toHaveLength(3);
    expect(picture.gaps).toEqual([{ x: 100, width: 100 }]);
    const [at, to] = pointsOf(picture.corners[0].tangents);
    const [before, here] = pointsOf(picture.path).slice(1);
    expect((to[1] - at[1]) / (to[0] - at[0])).toBeCloseTo((here[1] - before[1]) / (here[0] - before[0]), 1);
    expect(picture.corners[0].words).toBe('slopes −1.00 | none');
  });

  it('reads F between its points, and none where there is none', () => {
    expect(curveValue(line, -0.75)).toBeCloseTo(0.75, 12);
    expect(curveValue(line, 0.25)).toBeNull();
  });
});

it('a figure of a landscape holds its values, contours, kinks and paths, and is drawn', () => {
  const path = { id: 'a', name: 'SSIGD', colour: '#d55e00', points: [{ s: 0.5, t: 0.2, distance: 0 }, { s: 0, t: 0, distance: 0 }] }; // prettier-ignore
  const figure = parseFigure({ format: 'adjoint-figure', version: 1, panels: landscapePanels(pyramid(24), [path]) });
  const [panel] = figure.panels;
  expect(panel.series.map(({ label }) => label)).toEqual(['F', 'kinks', 'SSIGD', 'start', '$x^*$']);
  const svg = toSvg(figure);
  expect(svg).toContain('#d55e00');
  expect(svg).not.toContain('NaN');
});
