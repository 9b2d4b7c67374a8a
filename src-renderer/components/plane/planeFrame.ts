import { linearLabel, linearTicks } from '@shared/charts/scale';

/** A plane in pixels: s to the right, t up. */
export interface PlaneFrame {
  x: number;
  y: number;
  width: number;
  height: number;
}

export type Point = [number, number];

export interface PlaneWindow {
  s: readonly [number, number];
  t: readonly [number, number];
}

export interface PlaneTick {
  at: number;
  label: string;
}

/** A sliver is drawn wider than it is: until it takes this share of the box, and no more than this much. */
const leastShare = 0.75;
const mostStretch = 2;

/**
 * The frame of a plane in a box: both axes on one scale, so that angles are true, but for slivers. `stretch` is the scale of t over that
 * of s; with `most` of 1 there is none.
 */
export function fitFrame(
  { s, t }: PlaneWindow,
  box: PlaneFrame,
  most = mostStretch,
): { frame: PlaneFrame; stretch: number } {
  const [ds, dt] = [s[1] - s[0], t[1] - t[0]];
  const scale = Math.min(box.width / ds, box.height / dt);
  const grown = (length: number, room: number) => Math.max(length, Math.min(leastShare * room, most * length));
  const width = grown(ds * scale, box.width);
  const height = grown(dt * scale, box.height);
  return {
    frame: { x: box.x + (box.width - width) / 2, y: box.y, width, height },
    stretch: height / dt / (width / ds),
  };
}

/** A point of the plane in pixels. */
export const pixelOf = (frame: PlaneFrame, { s, t }: PlaneWindow, a: number, b: number): Point => [
  frame.x + ((a - s[0]) / (s[1] - s[0])) * frame.width,
  frame.y + (1 - (b - t[0]) / (t[1] - t[0])) * frame.height,
];

/** The point of the plane under a pixel, or null outside of the frame. */
export function planePoint(frame: PlaneFrame, { s, t }: PlaneWindow, x: number, y: number): Point | null {
  const [a, b] = [(x - frame.x) / frame.width, 1 - (y - frame.y) / frame.height];
  if (a < 0 || a > 1 || b < 0 || b > 1) return null;
  return [s[0] + a * (s[1] - s[0]), t[0] + b * (t[1] - t[0])];
}

/** Ticks below and to the left of the frame. */
export function planeTicks(frame: PlaneFrame, window: PlaneWindow): { s: PlaneTick[]; t: PlaneTick[] } {
  const ticks = ([from, to]: readonly [number, number], room: number, place: (value: number) => number) => {
    const values = linearTicks(from, to, Math.max(3, Math.floor(room)));
    return values.map((value) => ({ at: place(value), label: linearLabel(value, values) }));
  };
  const { s, t } = window;
  return {
    s: ticks(s, frame.width / 50, (value) => pixelOf(frame, window, value, t[0])[0]),
    t: ticks(t, frame.height / 32, (value) => pixelOf(frame, window, s[0], value)[1]),
  };
}

/** Value of a grid [row, column] at fractions of the window, between its points. */
export function bilinear(grid: readonly number[], columns: number, a: number, b: number, rows = columns): number {
  const column = Math.min(columns - 2, Math.max(0, Math.floor(a * (columns - 1))));
  const row = Math.min(rows - 2, Math.max(0, Math.floor(b * (rows - 1))));
  const u = a * (columns - 1) - column;
  const v = b * (rows - 1) - row;
  const value = (i: number, j: number) => grid[(row + i) * columns + column + j];
  return (1 - v) * ((1 - u) * value(0, 0) + u * value(0, 1)) + v * ((1 - u) * value(1, 0) + u * value(1, 1));
}

export const openPath = (line: readonly Point[]): string =>
  line.map(([x, y], k) => `${k === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');
