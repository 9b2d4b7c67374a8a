import { z } from 'zod';
import type { Claim, Estimate } from '@shared/studies';
import type { FigureInput } from '@shared/figures/spec';
import { formatNumber, formatShort } from '@shared/format';
import { estimateText } from '@shared/reports/cells';
import { meanInterval } from '@shared/statistics/bootstrap';
import { wilcoxonSignedRank } from '@shared/statistics/pairedTests';
import { mean, median } from '@shared/statistics/summary';
import {
  bestF,
  bilevelStudySettings,
  bilevelSweep,
  finalF,
  isReference,
  referenceSweep,
  refuseVacuous,
} from './bilevelSweeps';
import { direction, estimate, groups, testText, warningsOf } from './estimates';
import { geometric } from './publishedTableRows';
import type { Findings, Study, StudyRun } from './study';
import { vacuousReason } from './vacuous';

const settings = bilevelStudySettings
  .extend({
    iterations: z.int().min(10).max(1_000_000).default(1000).describe('Steps of SSIGD.'),
    beta: z.number().positive().default(1e-2).describe('Their constant step β.').meta({ scale: 'log' }),
    noises: z
      .array(z.number().positive())
      .default([0.1, 1, 3])
      .describe('Sizes of the noise on the exact hypergradient, relative to its norm.'),
    differenceSteps: z
      .array(z.number().positive())
      .default([1e-5, 1e-1])
      .describe('Steps of forward differences: one that is right, and one that reaches across kinks.'),
  })
  .superRefine(refuseVacuous);
type Settings = z.output<typeof settings>;

/** The share of the way from the start to the best F that is left when a run counts as there. */
const target = 0.01;
/** Differences of F below this share of the way are called the same. */
const negligible = 1e-4;
/** Points of a curve. */
const positions = 60;

export const gradientQuality: Study<typeof settings> = {
  name: 'gradient-quality',
  title: 'What a good hypergradient is worth',
  question: 'Does SSIGD get further, or faster, with exact hypergradients than with differenced or noisy ones?',
  method:
    'Runs SSIGD from one start on one problem with hypergradients of different quality: exact, forward differences with a small and a large step, and exact with noise added. Seeds change the perturbations and the noise. ' +
    'F is taken over lower-level solves and over seconds spent on hypergradients.',
  settings,
  sweeps: (given) => [
    bilevelSweep(
      `Gradient quality on ${given.family}`,
      given,
      {
        algorithm: {
          kind: 'ssigd',
          rule: 'constant',
          beta: given.beta,
          iterations: given.iterations,
          radius: given.radius,
        },
        measures: { every: 1, gradientErrorEvery: 10, stationarityEvery: 0 },
      },
      {
        axes: {
          estimator: [
            { kind: 'exact' },
            ...given.differenceSteps.map((step) => ({ kind: 'differences', scheme: 'forward', step })),
            ...given.noises.map((level) => ({ kind: 'noisy', level })),
          ],
        },
        repeats: given.seeds,
      },
    ),
    referenceSweep(given),
  ],
  analyse(given, runs): Findings {
    const own = runs.filter((run) => !isReference(run));
    const byName = groups(own, nameOf);
    const best = bestF(runs);
    const exact = byName.get('Exact') ?? [];
    const arms = [...byName].map(([name, members]) => armOf(name, members, exact, best));
    const reason = vacuousReason(given.family);
    const mark = reason === null ? '' : ' (vacuous)';
    return {
      reading: reading(arms, mark),
      warnings: [...(reason === null ? [] : [`${given.family} is vacuous. ${reason}`]), ...warningsOf(own, byName)],
      tables: [table(arms, mark)],
      figures: arms.length > 0 ? [figure(arms, mark, given)] : [],
    };
  },
};

function nameOf({ summary: { settings: run } }: StudyRun): string {
  switch (run['estimator.kind']) {
    case 'differences':
      return `Differences, step ${formatShort(Number(run['estimator.step']))}`;
    case 'noisy':
      return `Noise ${formatShort(Number(run['estimator.level']))}`;
    default:
      return 'Exact';
  }
}

/** F over the work that a run had done by then. */
interface Path {
  F: Float64Array;
  solves: Float64Array;
  seconds: Float64Array;
}

function pathOf(run: StudyRun): Path {
  const { epoch, values } = run.series('step', ['bilevel/F', 'time/estimate']);
  let total = 0;
  const seconds = values['time/estimate'].map((value) => (total += Number.isNaN(value) ? 0 : value));
  return { F: values['bilevel/F'], solves: epoch, seconds };
}

interface Arm {
  name: string;
  runs: StudyRun[];
  paths: Path[];
  error: Estimate | null;
  /** F at the end less the best F of all runs, and its difference to the exact arm, seed by seed. */
  end: Estimate;
  /** From F at the start to the best F. */
  way: number;
  difference: Estimate | null;
  test: string | null;
  /** Work until 1 % of the way is left; over the runs that came so far. */
  reached: number;
  solves: Estimate | null;
  seconds: Estimate | null;
}

function armOf(name: string, runs: StudyRun[], exact: readonly StudyRun[], best: number): Arm {
  const paths = runs.map(pathOf);
  const arrivals = paths.flatMap(({ F, solves, seconds }) => {
    const goal = best + target * (F[0] - best);
    const at = F.findIndex((value) => value <= goal);
    return at < 0 ? [] : [{ solves: solves[at], seconds: seconds[at] }];
  });
  const pairs = runs.flatMap((run) => {
    const partner = exact.find(({ summary }) => summary.seed === run.summary.seed);
    return partner && partner !== run ? [finalF(run) - finalF(partner)] : [];
  });
  const errors = runs.flatMap((run) =>
    [...run.series('step', ['bilevel/gradient_error']).values['bilevel/gradient_error']].filter(Number.isFinite),
  );
  return {
    ...{ name, runs, paths, reached: arrivals.length },
    error: errors.length > 0 ? { value: median(errors), low: null, high: null } : null,
    end: estimate(runs.map((run) => finalF(run) - best)),
    way: mean(paths.map(({ F }) => F[0] - best)),
    difference: pairs.length > 0 ? estimate(pairs) : null,
    test: pairs.length > 0 ? testText(wilcoxonSignedRank(pairs)) : null,
    solves: geometric(arrivals.map((arrival) => arrival.solves)),
    seconds: geometric(arrivals.map((arrival) => arrival.seconds)),
  };
}

function reading(arms: readonly Arm[], mark: string): Claim[] {
  const exact = arms.find(({ name }) => name === 'Exact');
  if (!exact) return [];
  return arms.flatMap((arm): Claim[] => {
    if (!arm.difference) return [];
    const error = arm.error ? formatNumber(arm.error.value, 2) : '–';
    return [
      {
        text: `${arm.name}${mark}: ${endText(arm, arm.difference)} ${workText(arm, exact)}`,
        basis: `F ${arm.difference.value < 0 ? '' : '+'}${estimateText(arm.difference)} seed by seed; ${arm.test}. Relative error of the hypergradient ${error}.`,
      },
    ];
  });
}

/** Where it ends, beside the exact hypergradient; what is certain but tiny is called the same. */
function endText({ way }: Arm, difference: Estimate): string {
  const verdict = direction(difference);
  const size = `${formatNumber((100 * Math.abs(difference.value)) / way, 2)} % of the way from the start to the best F`;
  if (verdict === null) return 'one seed cannot tell it from the exact hypergradient.';
  if (verdict === 'unclear')
    return `no clear difference to the exact hypergradient at the end: F differs by ${size}, which chance explains.`;
  if (Math.abs(difference.value) < negligible * way) return `ends where the exact hypergradient ends, to ${size}.`;
  return `ends ${verdict === 'above' ? 'worse' : 'better'} than the exact hypergradient, by ${size}.`;
}

function workText(arm: Arm, exact: Arm): string {
  const short = arm.runs.length - arm.reached;
  if (short > 0) return `${short} of ${arm.runs.length} runs never come within ${100 * target} % of the way.`;
  const times = (own: Estimate | null, other: Estimate | null) =>
    own && other ? formatNumber(own.value / other.value, 2) : '–';
  return `To come within ${100 * target} % of the way it takes ${times(arm.solves, exact.solves)} times the lower-level solves and ${times(arm.seconds, exact.seconds)} times the seconds.`;
}

function table(arms: readonly Arm[], mark: string): Findings['tables'][number] {
  return {
    name: 'gradient-quality',
    title: `Ends and work by hypergradient${mark}`,
    caption:
      'Gradient error: median relative error along the way. F − best: at the last iterate, means over seeds with 95 % percentile bootstrap intervals; the difference is to the exact hypergradient, seed by seed. ' +
      'To 1 %: work until 1 % of the way from the start to the best F is left, geometric means over the runs that came so far.',
    columns: [
      { key: 'name', title: 'Hypergradient' },
      { key: 'seeds', title: 'Seeds' },
      { key: 'error', title: 'Gradient error' },
      { key: 'end', title: 'F − best' },
      { key: 'difference', title: 'F, difference' },
      { key: 'reached', title: 'Came to 1 %' },
      { key: 'solves', title: 'Solves to 1 %' },
      { key: 'seconds', title: 'Seconds to 1 %' },
    ],
    rows: arms.map(({ name, runs, error, end, difference, reached, solves, seconds }) => ({
      ...{ name, seeds: runs.length, error: error?.value ?? null, end, difference },
      ...{ reached: `${reached}/${runs.length}`, solves, seconds },
    })),
  };
}

/** Distance to the best F at points of work that are equally far apart in logarithms: mean over runs, and bootstrap band. */
function curveOver({ paths }: Arm, best: number, of: (path: Path) => Float64Array) {
  const ends = paths.map((path) => of(path).at(-1) ?? 0);
  const starts = paths.map((path) => of(path).find((value) => value > 0) ?? NaN);
  // Most runs are there at both ends; before its first and after its last step a run has its first and last value.
  const [from, to] = [median(starts), median(ends)];
  const x = Array.from({ length: positions }, (_, i) => from * (to / from) ** (i / (positions - 1)));
  const at = x.map((position) =>
    paths.map((path) => {
      const work = of(path);
      let row = 0;
      while (row + 1 < work.length && work[row + 1] <= position * (1 + 1e-12)) row++;
      return path.F[row] - best;
    }),
  );
  const intervals = at.map((values) => meanInterval(values));
  const positive = (value: number | undefined) => (value !== undefined && value > 0 ? value : null);
  return {
    ...{ x, y: at.map((values) => positive(mean(values))) },
    low: intervals.map((interval) => positive(interval?.low)),
    high: intervals.map((interval) => positive(interval?.high)),
  };
}

function figure(arms: readonly Arm[], mark: string, { family, d }: Settings): Findings['figures'][number] {
  // The perturbation of a step can push F below the best end: what is least at any step leaves nothing below 0.
  const least = Math.min(...arms.flatMap(({ paths }) => paths.map(({ F }) => Math.min(...F))));
  const lines = (of: (path: Path) => Float64Array): FigureInput['panels'][number]['series'] =>
    arms.map((arm) => ({
      mark: 'line',
      label: arm.name,
      ...curveOver(arm, least, of),
      interval: '95 % bootstrap over seeds',
    }));
  const y = { label: 'Distance to the least $F$', scale: 'log' } as const;
  return {
    name: 'gradient-quality',
    caption: `F less the least F that any run saw at any step, on ${family} with d = ${d}${mark}: means over seeds with bootstrap bands, against lower-level solves and seconds spent on hypergradients.`,
    figure: {
      ...{ format: 'adjoint-figure', version: 1, title: `Quality of the hypergradient${mark}` },
      style: { width: 178, columns: 2, legend: 'below' },
      panels: [
        { title: 'Work', x: { label: 'Lower-level solves', scale: 'log' }, y, series: lines(({ solves }) => solves) },
        { title: 'Time', x: { label: 'Seconds', scale: 'log' }, y, series: lines(({ seconds }) => seconds) },
      ],
    },
  };
}
