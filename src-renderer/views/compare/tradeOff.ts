import { extend, makeScale, noExtent, type Scale, type ScaleType } from '@shared/charts/scale';
import type { RunContext, TradeOffPoint } from '@shared/comparisons';
import { metricDefinition, type MetricDefinition } from '@shared/metrics/catalogue';
import { meanInterval, type Interval } from '@shared/statistics/bootstrap';
import { paretoFront } from '@shared/statistics/pareto';
import { mean } from '@shared/statistics/summary';
import type { Entry } from './entries';

export interface TradeOffAxis {
  definition: MetricDefinition;
  scaleType: ScaleType;
  /** On a logarithmic axis a metric that is best at zero stands by its size. */
  absolute: boolean;
  scale: Scale;
}

export interface PlacedEntry {
  id: string;
  x: number;
  y: number;
  xInterval: Interval | null;
  yInterval: Interval | null;
  /** On the Pareto front: no other entry is as good in both and better in one. */
  front: boolean;
  members: { run: string; x: number; y: number; epoch: number | null }[];
}

export interface TradeOffModel {
  x: TradeOffAxis;
  y: TradeOffAxis;
  entries: PlacedEntry[];
  /** Identifiers along the front, from the best in x to the best in y. */
  front: string[];
  /** Entries without a place: they have not recorded both, or not as numbers. */
  unplaced: string[];
}

export interface TradeOffInput {
  entries: readonly Entry[];
  points: ReadonlyMap<string, TradeOffPoint>;
  x: string;
  y: string;
  scales: { x: ScaleType; y: ScaleType };
}

export function tradeOffModel({ entries, points, x, y, scales }: TradeOffInput): TradeOffModel {
  const [ofX, ofY] = [axisOf(x, scales.x), axisOf(y, scales.y)];
  const placed: PlacedEntry[] = [];
  const unplaced: string[] = [];
  for (const entry of entries) {
    const members = entry.runs.flatMap(({ id }) => {
      const point = points.get(id);
      if (!point || point.x === null || point.y === null) return [];
      return [{ run: id, x: shown(ofX, point.x), y: shown(ofY, point.y), epoch: point.epoch }];
    });
    if (members.length === 0) {
      unplaced.push(entry.id);
      continue;
    }
    const [xs, ys] = [members.map((member) => member.x), members.map((member) => member.y)];
    placed.push({ id: entry.id, x: mean(xs), y: mean(ys), xInterval: meanInterval(xs), yInterval: meanInterval(ys), front: false, members });
  } // prettier-ignore
  const front = paretoFront(placed.map((entry) => ({ x: cost(ofX, entry.x), y: cost(ofY, entry.y) })));
  for (const i of front) placed[i].front = true;
  return {
    x: { ...ofX, scale: scaleOf(ofX, placed, 'x') },
    y: { ...ofY, scale: scaleOf(ofY, placed, 'y') },
    entries: placed,
    front: front.map((i) => placed[i].id),
    unplaced,
  };
}

/** Axes that are asked about first: those of a kind, as far as they were recorded. */
const preferredAxes: { x: readonly string[]; y: readonly string[] } = {
  x: ['valid/ineq_max', 'bilevel/lower_solves', 'bilevel/seconds', 'hypergradient/layer_seconds'],
  y: ['valid/gap_mean', 'bilevel/gap', 'bilevel/F', 'hypergradient/layer_error'],
};

/**
 * Metrics that have a better and a worse, of the clock on which runs are judged: epochs where a run has them, else steps. One that no
 * run has recorded a number of is none.
 */
export function tradeOffChoices(entries: readonly Entry[], contexts: ReadonlyMap<string, RunContext>): string[] {
  const keys = new Set<string>();
  for (const run of entries.flatMap(({ runs }) => runs)) {
    const recorded = contexts.get(run.id)?.recorded ?? {};
    for (const key of recorded[recorded.epoch?.length ? 'epoch' : 'step'] ?? [])
      if (metricDefinition(key).better !== null && (run.metrics[key]?.count ?? 0) > 0) keys.add(key);
  }
  return [...keys];
}

/** The axes that were chosen, as far as these runs have them, and else those that tell most; null where there are no two. */
export function tradeOffAxes(
  choices: readonly string[],
  chosen: { x: string; y: string },
): { x: string; y: string; xChoices: string[] } | null {
  const firstOf = (keys: readonly string[], from: readonly string[]) =>
    keys.find((key) => from.includes(key)) ?? from[0];
  const alongside = (y: string) =>
    choices.filter((key) => key !== y && metricDefinition(key).clock === metricDefinition(y).clock);
  const able = choices.filter((key) => alongside(key).length > 0);
  if (able.length === 0) return null;
  const y = firstOf([chosen.y, ...preferredAxes.y], able);
  const xChoices = alongside(y);
  return { y, x: firstOf([chosen.x, ...preferredAxes.x], xChoices), xChoices };
}

/** What one row of runs of these kinds is. */
export function momentWord(kinds: readonly string[]): 'epoch' | 'iterate' | 'row' {
  if (kinds.every((kind) => kind === 'training')) return 'epoch';
  return kinds.every((kind) => kind === 'bilevel') ? 'iterate' : 'row';
}

/** Violations span orders of magnitude, and so does what is best at zero. */
export function defaultTradeScale(key: string): ScaleType {
  const { scale, better } = metricDefinition(key);
  return better === 'zero' ? 'log' : scale;
}

type Axis = Omit<TradeOffAxis, 'scale'>;

function axisOf(key: string, scaleType: ScaleType): Axis {
  const definition = metricDefinition(key);
  return { definition, scaleType, absolute: scaleType === 'log' && definition.better === 'zero' };
}

const shown = ({ absolute }: Axis, value: number): number => (absolute ? Math.abs(value) : value);

/** What is better when smaller. */
function cost({ definition }: Axis, value: number): number {
  if (definition.better === 'higher') return -value;
  return definition.better === 'zero' ? Math.abs(value) : value;
}

function scaleOf({ scaleType }: Axis, placed: readonly PlacedEntry[], which: 'x' | 'y'): Scale {
  const extent = noExtent();
  for (const entry of placed) {
    const interval = which === 'x' ? entry.xInterval : entry.yInterval;
    const ends = interval ? [interval.low, interval.high] : [];
    extend(extent, Float64Array.of(entry[which], ...ends, ...entry.members.map((member) => member[which])));
  }
  return makeScale(scaleType, extent);
}
