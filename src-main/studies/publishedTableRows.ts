import type { Estimate } from '@shared/studies';
import { hypergradientMetrics } from '@shared/metrics/hypergradients';
import { median } from '@shared/statistics/summary';
import type { BilevelFamily } from '../bilevel/families';
import { contestantNames, type ContestantName } from '../bilevel/comparison/contestants';
import { estimate, groups } from './estimates';
import type { StudyRun } from './study';

/** One size of one family at one tolerance, over its seeds. Every number is taken of each problem (seed) first. */
export interface Row {
  family: BilevelFamily;
  /** `V2 (vacuous)` where hypergradients say nothing. */
  label: string;
  tolerance: number;
  d: number;
  runs: readonly StudyRun[];
  /** Share of the coordinates that the baseline differences, the least of all seeds. */
  share: number;
  ways: Record<ContestantName, Way>;
  speedup: Estimate | null;
  implicitSpeedup: Estimate | null;
  ssigdSpeedup: Estimate | null;
  /** By δ, ascending: quotient of direct over that of layer. */
  stability: { delta: number; ratio: Estimate }[];
  /** |F_direct − F_layer|/max(1, |F_layer|) after SSIGD, where both made all steps. */
  endDifference: Estimate | null;
  /** Of the layer at kinks: how many it was asked at, and at how many it said so. */
  kinks: { asked: number; said: number; baselineSaid: number };
}

export interface Way {
  seconds: Estimate | null;
  ssigdSeconds: Estimate | null;
  /** Largest and mean relative error: medians over points, geometric means over seeds, and the worst of all. */
  error: Estimate | null;
  errorMean: Estimate | null;
  worst: number | null;
  /** Calls at drawn points, how many gave no answer, and at how many the way said that it takes one of several gradients. */
  calls: number;
  failed: number;
  refused: number;
  variation: Estimate | null;
  bytes: Estimate | null;
  /** Errors of each problem and point, in their order, for comparisons point by point. */
  errors: number[];
}

const key = (name: string) => `hypergradient/${name}`;

/** What a run measured under a key, in the order of its rows. */
export function measured(run: StudyRun, name: string): number[] {
  return [...run.series('step', [key(name)]).values[key(name)]].filter((value) => !Number.isNaN(value));
}

/** Geometric mean over seeds with its bootstrap interval; null where nothing is positive. Zeros (exact answers) count as half an ulp. */
export function geometric(values: readonly number[]): Estimate | null {
  const usable = values.filter((value) => Number.isFinite(value) && value >= 0);
  if (usable.length === 0) return null;
  const logs = estimate(usable.map((value) => Math.log10(Math.max(value, 2 ** -54))));
  const power = (value: number | null) => (value === null ? null : 10 ** value);
  return { value: 10 ** logs.value, low: power(logs.low), high: power(logs.high) };
}

/** Rows by family, tolerance and size, ascending within a family. */
export function rowsOf(runs: readonly StudyRun[]): Row[] {
  const place = ({ summary: { settings } }: StudyRun) =>
    JSON.stringify([settings['problem.kind'], settings.tolerance, settings['problem.d']]);
  // All that a run has is read at once.
  const keys = hypergradientMetrics.map((metric) => metric.key);
  for (const run of runs) run.series('step', keys);
  return [...groups(runs, place).values()]
    .map((members): Row => rowOf(members))
    .sort((a, b) => a.family.localeCompare(b.family) || b.tolerance - a.tolerance || a.d - b.d);
}

function rowOf(runs: readonly StudyRun[]): Row {
  const { settings } = runs[0].summary;
  const family = settings['problem.kind'] as BilevelFamily;
  /** The median of each problem's points, then the geometric mean over problems. */
  const over = (name: string) =>
    geometric(
      runs.flatMap((run) => {
        const values = measured(run, name);
        return values.length > 0 ? [median(values)] : [];
      }),
    );
  const ways = Object.fromEntries(contestantNames.map((name) => [name, wayOf(runs, name, over)])) as Row['ways'];
  const ends = runs.flatMap((run) => {
    const [direct, layer] = ['direct', 'layer'].map((name) => measured(run, `ssigd_${name}_F`)[0]);
    return direct === undefined ? [] : [Math.abs(direct - layer) / Math.max(1, Math.abs(layer))];
  });
  return {
    ...{ family, label: family === 'V2' ? 'V2 (vacuous)' : family },
    ...{ tolerance: Number(settings.tolerance), d: Number(settings['problem.d']), runs, ways },
    share: Math.min(...runs.map((run) => measured(run, 'direct_share')[0] ?? 1)),
    ...{ speedup: over('speedup'), implicitSpeedup: over('implicit_speedup'), ssigdSpeedup: over('ssigd_speedup') },
    stability: stabilityOf(runs),
    endDifference: geometric(ends),
    kinks: kinksOf(runs),
  };
}

function wayOf(runs: readonly StudyRun[], name: ContestantName, over: (name: string) => Estimate | null): Way {
  const errors = runs.flatMap((run) => measured(run, `${name}_error`));
  const atPoints = runs.flatMap((run) => columnAtPoints(run, `${name}_refused`));
  const calls = runs.flatMap((run) => measured(run, `${name}_failed`));
  return {
    ...{ seconds: over(`${name}_seconds`), ssigdSeconds: over(`ssigd_${name}_seconds`) },
    ...{ error: over(`${name}_error`), errorMean: over(`${name}_error_mean`) },
    worst: errors.length > 0 ? Math.max(...errors) : null,
    ...{ calls: calls.length, failed: calls.filter((value) => value > 0).length },
    refused: atPoints.filter((value) => value > 0).length,
    ...{ variation: over(`${name}_variation`), bytes: heldOf(runs, name), errors },
  };
}

/** Mean of what was held; where the heap shrank meanwhile nothing was measured. */
function heldOf(runs: readonly StudyRun[], name: ContestantName): Estimate | null {
  const bytes = runs.flatMap((run) => measured(run, `${name}_bytes`)).filter((value) => value > 0);
  return bytes.length > 0 ? estimate(bytes) : null;
}

/** Values of a column in the rows of drawn points, which have the share of the baseline. */
function columnAtPoints(run: StudyRun, name: string): number[] {
  const { values } = run.series('step', [key(name), key('direct_share')]);
  return [...values[key(name)]].filter(
    (value, row) => !Number.isNaN(values[key('direct_share')][row]) && !Number.isNaN(value),
  );
}

function kinksOf(runs: readonly StudyRun[]): Row['kinks'] {
  const said = (name: string) =>
    runs.flatMap((run) => {
      const { values } = run.series('step', [key(`${name}_refused`), key('kink')]);
      return [...values[key(`${name}_refused`)]].filter((_, row) => values[key('kink')][row] === 1);
    });
  const layer = said('layer');
  return {
    asked: layer.length,
    said: layer.filter((value) => value === 1).length,
    baselineSaid: said('direct').filter((value) => value === 1).length,
  };
}

function stabilityOf(runs: readonly StudyRun[]): Row['stability'] {
  const byDelta = new Map<number, number[]>();
  for (const run of runs) {
    const deltas = measured(run, 'delta');
    // A ratio is missing where a way failed; then the two columns do not go together.
    const ratios = measured(run, 'stability_ratio');
    if (ratios.length !== deltas.length) continue;
    deltas.forEach((delta, i) => byDelta.set(delta, [...(byDelta.get(delta) ?? []), ratios[i]]));
  }
  return [...byDelta]
    .sort(([a], [b]) => a - b)
    .flatMap(([delta, ratios]) => {
      const ratio = geometric(ratios);
      return ratio ? [{ delta, ratio }] : [];
    });
}
