import type { FontFamily } from './fontFiles';
import type { TextRun } from './mathText';

/** A drawing in points, origin at the top left, y downwards: what the layout makes and what SVG and PDF are written from. */
export interface Scene {
  width: number;
  height: number;
  family: FontFamily;
  /** For screen readers and file properties. */
  title: string;
  items: SceneItem[];
}

export interface Stroke {
  colour: string;
  width: number;
  dash?: readonly number[];
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export type SceneItem =
  | { kind: 'path'; d: string; fill?: string; stroke?: Stroke; opacity?: number }
  | {
      kind: 'text';
      /** Of the base line. */
      x: number;
      y: number;
      anchor: 'start' | 'middle' | 'end';
      /** Turned a quarter to the left, to be read from the right. */
      turned?: boolean;
      size: number;
      colour: string;
      bold?: boolean;
      runs: TextRun[];
    }
  | { kind: 'group'; name: string; clip?: Box; items: SceneItem[] };

/** Two decimals of a point are 3.5 µm; fixed, so that the same figure is the same file. */
export function fixed(value: number): string {
  const text = value.toFixed(2).replace(/\.?0+$/, '');
  return text === '-0' ? '0' : text;
}

export const segment = (x1: number, y1: number, x2: number, y2: number): string =>
  `M${fixed(x1)},${fixed(y1)}L${fixed(x2)},${fixed(y2)}`;

export const rectangle = ({ x, y, width, height }: Box): string =>
  `M${fixed(x)},${fixed(y)}H${fixed(x + width)}V${fixed(y + height)}H${fixed(x)}Z`;

export function circle(x: number, y: number, r: number): string {
  const d = fixed(2 * r);
  const half = fixed(r);
  return `M${fixed(x - r)},${fixed(y)}a${half},${half} 0 1,0 ${d},0a${half},${half} 0 1,0 -${d},0Z`;
}
