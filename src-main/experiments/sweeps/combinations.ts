import { Generator } from '@shared/random/generator';
import { type Axis, isRandom, lengthOf, type SweepSettings } from './sweepSettings';

/** A value on an axis: where in the `sweep:` block it stands, and which of a list it is. */
export interface AxisValue {
  path: string;
  value: unknown;
  /** Made by a range or a draw: rounded where the setting is a whole number. */
  computed: boolean;
  /** Place inside the block, such as ['axes', 'technique.lambda', 1]. */
  at: readonly (string | number)[];
}

/** The values of one point, in the order of the file. */
export type Combination = AxisValue[];

/** Number of points before any of them is made, and the factors that it is the product of. */
export function countPoints({ axes, zip, samples }: SweepSettings): { total: number; factors: number[] } {
  const grid = Object.values(axes)
    .filter((axis) => !isRandom(axis))
    .map(lengthOf);
  const factors = [...grid, ...zip.map((group) => lengthOf(Object.values(group)[0])), ...(samples ? [samples] : [])];
  return { total: factors.reduce((product, factor) => product * factor, 1), factors };
}

/**
 * Every point of a sweep. Grid axes vary in the order of the file, the last one fastest; then groups that move together; then
 * the samples of the random axes, which are the same at every point of the grid.
 *
 * Draws come from numpy's `default_rng(seed)`, sample by sample and within a sample axis by axis in the order of the file, one
 * draw each: more samples go on where fewer ended. `uniform(from, to)`; `exp(uniform(log from, log to))`;
 * `integers(from, to + 1)`, so that both ends are possible; `values[integers(0, len(values))]`.
 */
export function combinations(settings: SweepSettings): Combination[] {
  const sides: Combination[][] = [];
  for (const [path, axis] of Object.entries(settings.axes))
    if (!isRandom(axis)) sides.push(gridValues(axis).map((value, i) => [axisValue(['axes'], path, axis, value, i)]));
  settings.zip.forEach((group, k) => {
    const columns = Object.entries(group).map(([path, axis]) =>
      gridValues(axis).map((value, i) => axisValue(['zip', k], path, axis, value, i)),
    );
    sides.push(columns[0].map((_, i) => columns.map((column) => column[i])));
  });
  if (settings.samples !== undefined) sides.push(samplesOf(settings, settings.samples));
  return sides.reduce<Combination[]>(
    (points, side) => points.flatMap((point) => side.map((more) => [...point, ...more])),
    [[]],
  );
}

function axisValue(parent: (string | number)[], path: string, axis: Axis, value: unknown, i: number): AxisValue {
  const listed = axis.kind === 'list';
  return { path, value, computed: !listed, at: [...parent, path, ...(listed ? [i] : [])] };
}

function samplesOf({ axes, seed }: SweepSettings, samples: number): Combination[] {
  const random = Object.entries(axes).filter(([, axis]) => isRandom(axis));
  const generator = new Generator(seed);
  return Array.from({ length: samples }, () =>
    random.map(([path, axis]) => ({
      path,
      value: draw(axis, generator),
      computed: axis.kind !== 'choice',
      at: ['axes', path],
    })),
  );
}

function draw(axis: Axis, generator: Generator): unknown {
  if (axis.kind === 'uniform') return generator.uniform(axis.from, axis.to);
  if (axis.kind === 'logUniform') return Math.exp(generator.uniform(Math.log(axis.from), Math.log(axis.to)));
  if (axis.kind === 'integers') return generator.integer(axis.from, axis.to + 1);
  const { values } = axis as Extract<Axis, { kind: 'choice' }>;
  return values[generator.integer(0, values.length)];
}

function gridValues(axis: Axis): unknown[] {
  if ('values' in axis) return axis.values;
  if (axis.kind !== 'linear' && axis.kind !== 'log') return [];
  const { kind, from, to, count } = axis;
  return Array.from({ length: count }, (_, i) => {
    if (i === 0) return from;
    if (i === count - 1) return to;
    const share = i / (count - 1);
    const value =
      kind === 'linear'
        ? from + share * (to - from)
        : Math.exp(Math.log(from) + share * (Math.log(to) - Math.log(from)));
    // What was meant as .001 must not be called .0010000000000000002.
    return Number(value.toPrecision(12));
  });
}
