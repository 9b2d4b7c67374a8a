import { data, datum } from './datum';
import type { FigureInput } from './spec';
import { paretoFront } from '../statistics/pareto';

type Panel = FigureInput['panels'][number];
type Series = Panel['series'][number];

/** An estimate with its interval; null where one value has none. */
export interface Measured {
  value: number;
  low: number | null;
  high: number | null;
}

const bounds = (values: readonly Measured[]) => ({
  low: values.map(({ low }) => low),
  high: values.map(({ high }) => high),
});

export interface TradeOff {
  x: { label: string; scale: 'linear' | 'log' };
  y: { label: string; scale: 'linear' | 'log' };
  /** Both measures are better when smaller. */
  groups: readonly { label: string; colour?: string; points: readonly { name?: string; x: Measured; y: Measured }[] }[];
  interval?: string;
}

/** Two measures against each other, a marker a setting, with the staircase of those that none beats in both. */
export function tradeOffPanel({ x, y, groups, interval }: TradeOff): Panel {
  const all = groups.flatMap(({ points }) => points.map((point) => ({ x: point.x.value, y: point.y.value })));
  const front = paretoFront(all).map((i) => all[i]);
  const series = groups.map(({ label, colour, points }): Series => {
    const xs = points.map((point) => point.x);
    const ys = points.map((point) => point.y);
    const named = points.some(({ name }) => name);
    return {
      mark: 'points',
      label,
      colour,
      x: data(xs.map(({ value }) => value)),
      y: data(ys.map(({ value }) => value)),
      ...bounds(ys),
      xLow: bounds(xs).low,
      xHigh: bounds(xs).high,
      interval,
      ...(named ? { names: points.map(({ name }) => name ?? '') } : {}),
    };
  });
  const staircase: Series = {
    mark: 'front',
    label: 'Pareto front',
    x: data(front.map((point) => point.x)),
    y: data(front.map((point) => point.y)),
  };
  return { x, y, series: front.length > 1 ? [staircase, ...series] : series };
}

export interface BarsByCategory {
  x: string;
  y: { label: string; scale?: 'linear' | 'log' };
  categories: readonly string[];
  /** One value for each category; null leaves its place empty. */
  groups: readonly { label: string; colour?: string; values: readonly (Measured | null)[] }[];
  interval?: string;
}

/** A bar a category and group, each with its interval. */
export function barsPanel({ x, y, categories, groups, interval }: BarsByCategory): Panel {
  return {
    x: { label: x, categories: [...categories] },
    y: { label: y.label, scale: y.scale ?? 'linear' },
    series: groups.map(({ label, colour, values }): Series => {
      const present = values.flatMap((value, i) => (value ? [{ i, value }] : []));
      return {
        mark: 'bars',
        label,
        colour,
        interval,
        x: present.map(({ i }) => i),
        y: present.map(({ value }) => datum(value.value)),
        ...bounds(present.map(({ value }) => value)),
      };
    }),
  };
}

export interface Curves {
  title?: string;
  x: string;
  y: { label: string; scale: 'linear' | 'log'; domain?: [number, number] };
  lines: readonly {
    label: string;
    colour?: string;
    x: ArrayLike<number>;
    y: ArrayLike<number | null>;
    low?: ArrayLike<number | null>;
    high?: ArrayLike<number | null>;
    raw?: ArrayLike<number | null>;
  }[];
  interval?: string;
  /** Horizontal reference lines. */
  thresholds?: readonly number[];
}

/** Lines over training, each with its band. */
export function curvesPanel({ title, x, y, lines, interval, thresholds = [] }: Curves): Panel {
  return {
    title,
    x: { label: x },
    y,
    series: lines.map(({ label, colour, ...line }): Series => ({
      mark: 'line',
      label,
      colour,
      x: data(line.x),
      y: data(line.y),
      ...(line.low && line.high ? { low: data(line.low), high: data(line.high), interval } : {}),
      ...(line.raw ? { raw: data(line.raw) } : {}),
    })),
    annotations: thresholds.map((at) => ({ kind: 'horizontal', at })),
  };
}

export interface SamplesByCategory {
  x: string;
  y: { label: string; scale?: 'linear' | 'log' };
  categories: readonly string[];
  groups: readonly { label: string; colour?: string; samples: readonly ArrayLike<number>[] }[];
  /** Few samples are better shown one by one: `strip` where no category has more than ten, else `box`. */
  mark?: 'box' | 'strip';
}

const mostInStrip = 10;

/** Every sample by category and group: as boxes, or one by one where there are few. */
export function samplesPanel({ x, y, categories, groups, mark }: SamplesByCategory): Panel {
  const most = Math.max(0, ...groups.flatMap(({ samples }) => samples.map(({ length }) => length)));
  const chosen = mark ?? (most > mostInStrip ? 'box' : 'strip');
  return {
    x: { label: x, categories: [...categories] },
    y: { label: y.label, scale: y.scale ?? 'linear' },
    series: groups.map(({ label, colour, samples }): Series => ({
      mark: chosen,
      label,
      colour,
      groups: samples.map((values, i) => ({ x: i, values: data(values) })),
    })),
  };
}
