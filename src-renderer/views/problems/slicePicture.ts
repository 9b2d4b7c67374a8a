import { linearTicks } from '@shared/charts/scale';
import type { Slice } from '@shared/problems';
import { PlaneContours } from '../../components/plane/planeContours';
import {
  bilinear,
  fitFrame,
  pixelOf,
  planeTicks,
  type PlaneFrame,
  type PlaneTick,
  type Point,
} from '../../components/plane/planeFrame';

export interface RowBoundary {
  row: Slice['rows'][number];
  /** All of the curve on which the row is zero. */
  path: string;
  /** The part of it that bounds the feasible set. */
  edge: string;
  /** Where its name goes; null where nothing of it bounds the set or there is no room. */
  label: RowLabel | null;
}

export interface RowLabel {
  at: Point;
  anchor: 'start' | 'middle' | 'end';
}

export interface SlicePicture {
  frame: PlaneFrame;
  /** Scale of t over that of s. */
  stretch: number;
  feasible: string;
  /** Filled between levels of f − f*, from the lowest. */
  bands: { level: number; share: number; path: string }[];
  /** Contour lines over the whole window. */
  lines: { level: number; path: string }[];
  /** f − f* at the ends of the colours: over the feasible set. */
  range: Point;
  boundaries: RowBoundary[];
  optimum: Point;
  leastNorm: Point | null;
  ticks: { s: PlaneTick[]; t: PlaneTick[] };
}

const at = (c: readonly number[], s: number, t: number): number =>
  c[0] + c[1] * s + c[2] * t + c[3] * s * s + c[4] * s * t + c[5] * t * t;

const labelDistance = 30;
const besideOptimum = 34;
const mostLabels = 10;

/** Everything that is drawn of a slice, as SVG paths in pixels. */
export function makeSlicePicture(slice: Slice, box: PlaneFrame): SlicePicture {
  const { size, objective, violation } = slice;
  const { frame, stretch } = fitFrame(slice, box);
  const pixel = (a: number, b: number) => pixelOf(frame, slice, a, b);
  const contours = new PlaneContours(size, size, frame);

  const inside = objective.filter((_, k) => violation[k] <= 0);
  const range: Point = inside.length > 0 ? [Math.min(0, least(inside)), greatest(inside)] : [0, greatest(objective)];
  const levels = linearTicks(range[0], range[1] || 1, 14);
  const step = levels.length > 1 ? levels[1] - levels[0] : 1;
  const span = range[1] - range[0] || 1;
  // Beyond the set the objective may fall or rise a thousandfold: only lines near its own range are drawn.
  const from = Math.max(least(objective), range[0] - 12 * step);
  const everywhere = multiples(step, from, Math.min(greatest(objective), range[1] + 12 * step));
  const tolerance = edgeTolerance(slice);
  const centre = pixel(...centreOf(slice));
  return {
    frame,
    stretch,
    feasible: contours.area(
      violation.map((value) => -value),
      0,
    ),
    bands: [range[0] - step, ...levels.filter((level) => level > range[0])].map((level) => ({
      level,
      share: Math.min(1, Math.max(0, (level + step / 2 - range[0]) / span)),
      path: contours.area(objective, level),
    })),
    lines: everywhere.map((level) => ({
      level,
      path: contours.path(objective, level),
    })),
    range,
    boundaries: labelled(
      pixel(0, 0),
      slice.rows.map((row, position) => {
        const values = gridOf(slice, row.coefficients);
        const lines = contours.curves(values, 0);
        const edges = lines.flatMap((line) => stretches(line, (point) => bounds(slice, tolerance, position, point)));
        const longest = edges.reduce<Point[]>((a, b) => (lengthOf(a) >= lengthOf(b) ? a : b), []);
        return {
          row,
          path: lines.map((line) => contours.open(line)).join(''),
          edge: edges.map((line) => contours.open(line)).join(''),
          label: longest.length > 1 && lengthOf(longest) > 2 ? outside(contours.pixel(middle(longest)), centre, frame) : null,
        };
      }),
    ),
    optimum: pixel(0, 0),
    leastNorm: slice.leastNorm === null ? null : pixel(...slice.leastNorm),
    ticks: planeTicks(frame, slice),
  };
} // prettier-ignore

/** A row is on the edge of the set where the largest row is no more than one cell's change above zero. */
function edgeTolerance({ size, violation }: Slice): number {
  const changes: number[] = [];
  for (let i = 0; i < size; i++)
    for (let j = 1; j < size; j++) {
      const [a, b] = [violation[i * size + j - 1], violation[i * size + j]];
      if (a <= 0 !== b <= 0) changes.push(Math.abs(b - a));
    }
  if (changes.length === 0) return 0;
  changes.sort((a, b) => a - b);
  return changes[changes.length >> 1];
}

/** A point of a row's curve bounds the set where the largest row is zero there, and beside it is this one. */
function bounds({ size, violation, binding }: Slice, tolerance: number, position: number, [x, y]: Point): boolean {
  if (bilinear(violation, size, x / (size - 1), y / (size - 1)) > tolerance) return false;
  const owns = (i: number, j: number) => binding[Math.min(size - 1, i) * size + Math.min(size - 1, j)] === position;
  const [i, j] = [Math.floor(y), Math.floor(x)];
  return owns(i, j) || owns(i + 1, j) || owns(i, j + 1) || owns(i + 1, j + 1);
}

/** The middle of the feasible set on the grid; the optimum where none of the grid is feasible. */
function centreOf({ size, s, t, violation }: Slice): Point {
  let [count, sumS, sumT] = [0, 0, 0];
  violation.forEach((value, k) => {
    if (value > 0) return;
    count++;
    sumS += k % size;
    sumT += Math.floor(k / size);
  });
  if (count === 0) return [0, 0];
  const share = (sum: number, [from, to]: readonly [number, number]) => from + ((to - from) * sum) / count / (size - 1);
  return [share(sumS, s), share(sumT, t)];
}

/** A name beside a point of the boundary, on its outer side, and within the frame. */
function outside([x, y]: Point, centre: Point, frame: PlaneFrame): RowLabel {
  const length = Math.hypot(x - centre[0], y - centre[1]) || 1;
  const [dx, dy] = [(x - centre[0]) / length, (y - centre[1]) / length];
  const anchor = dx > 0.4 ? 'start' : dx < -0.4 ? 'end' : 'middle';
  const width = 44;
  const left = anchor === 'start' ? 0 : anchor === 'end' ? -width : -width / 2;
  const inside = (at: number, from: number, to: number) => Math.min(to, Math.max(from, at));
  return {
    at: [
      inside(x + 7 * dx, frame.x - left + 2, frame.x + frame.width - width - left - 2),
      inside(y + 11 * dy, frame.y + 8, frame.y + frame.height - 8),
    ],
    anchor,
  };
}

/** Names for as many boundaries as there is room for, those of active rows first. */
function labelled(optimum: Point, boundaries: RowBoundary[]): RowBoundary[] {
  const placed: Point[] = [];
  const order = [...boundaries].sort((a, b) => Number(b.row.active) - Number(a.row.active));
  const kept = new Set<RowBoundary>();
  for (const boundary of order) {
    const { label } = boundary;
    if (!label || placed.length >= mostLabels) continue;
    const { at: place } = label;
    if (Math.hypot(optimum[0] - place[0], optimum[1] - place[1]) < besideOptimum) continue;
    if (placed.some(([x, y]) => Math.hypot(x - place[0], y - place[1]) < labelDistance)) continue;
    placed.push(place);
    kept.add(boundary);
  }
  return boundaries.map((boundary) => (kept.has(boundary) ? boundary : { ...boundary, label: null }));
}

function gridOf({ size, s, t }: Slice, coefficients: readonly number[]): number[] {
  const values: number[] = [];
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++)
      values.push(at(coefficients, s[0] + ((s[1] - s[0]) * j) / (size - 1), t[0] + ((t[1] - t[0]) * i) / (size - 1)));
  return values;
}

function stretches(line: readonly Point[], keep: (point: Point) => boolean): Point[][] {
  const found: Point[][] = [];
  let current: Point[] = [];
  for (const point of line) {
    if (keep(point)) current.push(point);
    else {
      if (current.length > 1) found.push(current);
      current = [];
    }
  }
  if (current.length > 1) found.push(current);
  return found;
}

function middle(line: readonly Point[]): Point {
  const half = lengthOf(line) / 2;
  let gone = 0;
  for (let k = 1; k < line.length; k++) {
    const length = Math.hypot(line[k][0] - line[k - 1][0], line[k][1] - line[k - 1][1]);
    if (gone + length >= half) {
      const share = length > 0 ? (half - gone) / length : 0;
      return [
        line[k - 1][0] + share * (line[k][0] - line[k - 1][0]),
        line[k - 1][1] + share * (line[k][1] - line[k - 1][1]),
      ];
    }
    gone += length;
  }
  return line[0];
}

const lengthOf = (line: readonly Point[]): number =>
  line.reduce((sum, [x, y], k) => (k === 0 ? 0 : sum + Math.hypot(x - line[k - 1][0], y - line[k - 1][1])), 0);
function multiples(step: number, from: number, to: number): number[] {
  const first = Math.ceil(from / step - 1e-9);
  const count = Math.max(0, Math.floor(to / step + 1e-9) - first + 1);
  return Array.from({ length: count }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}
const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Infinity);
const greatest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), -Infinity);
