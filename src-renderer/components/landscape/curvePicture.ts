import { linearLabel, linearTicks } from '@shared/charts/scale';
import type { Landscape } from '@shared/landscape';
import { openPath, type PlaneFrame, type Point } from '../plane/planeFrame';

export interface CurveCorner {
  at: Point;
  /** Short pieces of the tangents on both sides. */
  tangents: string;
  jump: boolean;
  words: string;
}

export interface CurvePicture {
  frame: PlaneFrame;
  /** F, broken where there is none and where it jumps. */
  path: string;
  /** Spans without F, in pixels. */
  gaps: { x: number; width: number }[];
  corners: CurveCorner[];
  ticks: { x: { at: number; label: string }[]; y: { at: number; label: string }[] };
  place: (s: number, F: number) => Point;
}

const tangentLength = 26;

/** F along a line, in pixels. */
export function makeCurvePicture(landscape: Landscape, frame: PlaneFrame): CurvePicture {
  const { s, values, size, corners } = landscape;
  const known = values.filter((value) => value !== null);
  const low = known.reduce((a, b) => Math.min(a, b), Infinity);
  const high = known.reduce((a, b) => Math.max(a, b), -Infinity);
  const margin = (high - low || Math.abs(high) || 1) * 0.06;
  const [bottom, top] = known.length > 0 ? [low - margin, high + margin] : [0, 1];
  const sAt = (i: number) => s[0] + ((s[1] - s[0]) * i) / (size[0] - 1);
  const x = (at: number) => frame.x + ((at - s[0]) / (s[1] - s[0])) * frame.width;
  const y = (F: number) => frame.y + (1 - (F - bottom) / (top - bottom)) * frame.height;
  const place = (at: number, F: number): Point => [x(at), y(F)];
  const jumps = corners.filter(({ jump }) => jump).map((corner) => corner.s);
  const lines: Point[][] = [];
  const gaps: CurvePicture['gaps'] = [];
  let line: Point[] | null = null;
  values.forEach((F, i) => {
    if (F === null) {
      line = null;
      const from = x(sAt(Math.max(0, i - 1)));
      const to = x(sAt(Math.min(size[0] - 1, i + 1)));
      const last = gaps.at(-1);
      if (last && from <= last.x + last.width) last.width = to - last.x;
      else gaps.push({ x: from, width: to - from });
      return;
    }
    if (line === null || jumps.some((at) => at > sAt(i - 1) && at <= sAt(i))) lines.push((line = []));
    line.push(place(sAt(i), F));
  });
  const ticks = (from: number, to: number, room: number, at: (value: number) => number) => {
    const all = linearTicks(from, to, Math.max(3, Math.floor(room)));
    return all.map((value) => ({ at: at(value), label: linearLabel(value, all) }));
  };
  return {
    ...{ frame, gaps, place },
    path: lines.map(openPath).join(''),
    corners: corners.map((corner) => ({
      at: place(corner.s, corner.F),
      jump: corner.jump,
      words: cornerWords(corner),
      tangents: corner.jump ? '' : ([-1, 1] as const).map((side) => tangent(corner, side)).join(''),
    })),
    ticks: {
      x: ticks(s[0], s[1], frame.width / 60, x),
      y: ticks(bottom, top, frame.height / 40, y),
    },
  };

  function tangent(corner: Landscape['corners'][number], side: -1 | 1): string {
    const slope = side < 0 ? corner.left : corner.right;
    if (slope === null) return '';
    const [x0, y0] = place(corner.s, corner.F);
    const dx = side;
    const dy = y(corner.F + side * slope) - y(corner.F);
    const perUnit = Math.hypot(x(corner.s + dx) - x(corner.s), dy);
    const scale = tangentLength / perUnit;
    return `M${x0.toFixed(1)} ${y0.toFixed(1)}L${(x0 + (x(corner.s + dx) - x(corner.s)) * scale).toFixed(1)} ${(y0 + dy * scale).toFixed(1)}`;
  }
}

const slopeText = (slope: number | null): string =>
  slope === null ? 'none' : `${slope < 0 ? '−' : '+'}${Math.abs(slope).toPrecision(3)}`;

const cornerWords = ({ jump, left, right }: Landscape['corners'][number]): string =>
  jump ? 'F jumps' : `slopes ${slopeText(left)} | ${slopeText(right)}`;

/** F between the points of the line, or null where there is none. */
export function curveValue({ s, size, values }: Landscape, at: number): number | null {
  const share = ((at - s[0]) / (s[1] - s[0])) * (size[0] - 1);
  const i = Math.min(size[0] - 2, Math.floor(share));
  const [a, b] = [values[i], values[i + 1]];
  if (i < 0 || a === null || b === null) return null;
  return a + (share - i) * (b - a);
}
