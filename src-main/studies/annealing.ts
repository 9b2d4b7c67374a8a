import { z } from 'zod';
import { estimateText } from '@shared/reports/cells';
import type { Claim, Estimate } from '@shared/studies';
import { wilcoxonSignedRank } from '@shared/statistics/pairedTests';
import { curve } from './curves';
import { direction, estimate, groups, tail, testText, violation, warningsOf } from './estimates';
import { penaltyStudySettings, penaltySweep } from './penaltySweep';
import type { Findings, Study, StudyRun } from './study';

const settings = penaltyStudySettings
  .extend({
    from: z.number().positive().default(1).describe('λ at the beginning of a schedule.').meta({ scale: 'log' }),
    to: z
      .number()
      .positive()
      .default(100)
      .describe('λ at the end, and the constant λ it is compared with.')
      .meta({ scale: 'log' }),
    augmentedLagrangian: z.boolean().default(true).describe('Compare with the augmented Lagrangian as well.'),
  })
  .refine(({ from, to }) => from < to, { error: 'must be above “from”', path: ['to'] });
type Settings = z.output<typeof settings>;

/** The schedules that are compared, by what they are called; the first is what all others are measured against. */
const schedulesOf = ({ from, to }: Settings): [string, Record<string, unknown>][] => [
  ['Constant, final λ', { kind: 'constant', value: to }],
  ['Constant, initial λ', { kind: 'constant', value: from }],
  ['Linear', { kind: 'linear', from, to }],
  ['Exponential', { kind: 'exponential', from, to }],
  ['On plateau', { kind: 'onPlateau', from, max: to }],
];
const lagrangian = 'Augmented Lagrangian';

export const annealing: Study<typeof settings> = {
  name: 'annealing',
  title: 'Annealed against constant λ',
  question: 'Is it better to let λ grow during training than to keep it at its final value?',
  method:
    'Trains the same network with schedules that all end at the same λ, and with constant λ. Runs of the same seed share initial weights and ' +
    'order of the data, so that differences are taken seed by seed.',
  settings,
  sweeps(given) {
    const penalty = penaltySweep(`Annealing on ${given.dataset}`, given, { kind: 'softPenalty' }, {
      'technique.lambda': schedulesOf(given).map(([, schedule]) => schedule),
    } as Record<string, unknown[]>);
    if (!given.augmentedLagrangian) return [penalty];
    const multipliers = penaltySweep(
      `Annealing on ${given.dataset}, augmented Lagrangian`,
      given,
      {
        kind: 'augmentedLagrangian',
        rho: given.from,
        rhoMax: given.to,
      },
      {},
    );
    return [penalty, multipliers];
  },
  analyse(given, runs): Findings {
    const names = [...schedulesOf(given).map(([name]) => name), lagrangian];
    const byName = groups(runs, (run) => nameOf(given, run));
    const arms = names.flatMap((name) => {
      const members = byName.get(name);
      return members ? [armOf(name, members, byName.get(names[0]) ?? [])] : [];
    });
    return {
      reading: reading(arms),
      warnings: warningsOf(runs, byName),
      tables: [
        {
          name: 'annealing',
          title: 'Final values by schedule',
          caption:
            'Means over seeds with 95 % percentile bootstrap intervals. Differences are to the constant final λ, seed by seed; the factor of the ' +
            'violation is a geometric mean.',
          columns: [
            { key: 'name', title: 'Schedule' },
            { key: 'seeds', title: 'Seeds' },
            { key: 'gap', title: 'Gap' },
            { key: 'violation', title: 'Violation' },
            { key: 'dist', title: 'Distance to y*' },
            { key: 'gapDifference', title: 'Gap, difference' },
            { key: 'factor', title: 'Violation, factor' },
          ],
          rows: arms.map(({ name, runs: { length }, gap, violation, dist, gapDifference, factor }) => ({
            ...{ name, seeds: length, gap, violation, dist },
            gapDifference: gapDifference ?? null,
            factor: factor ?? null,
          })),
        },
      ],
      figures: [overTraining(arms), differences(arms)],
    };
  },
};

/** Which arm a run belongs to, by its settings. */
function nameOf({ from }: Settings, { summary: { settings: run } }: StudyRun): string {
  if (run['technique.kind'] === 'augmentedLagrangian') return lagrangian;
  switch (run['technique.lambda.kind']) {
    case 'linear':
      return 'Linear';
    case 'exponential':
      return 'Exponential';
    case 'onPlateau':
      return 'On plateau';
    default:
      return run['technique.lambda.value'] === from ? 'Constant, initial λ' : 'Constant, final λ';
  }
}

interface Arm {
  name: string;
  runs: StudyRun[];
  gap: Estimate;
  violation: Estimate;
  dist: Estimate;
  /** Against the constant final λ, over the seeds that both have; null for itself and where no seed is shared. */
  gapDifference: Estimate | null;
  factor: Estimate | null;
  test: string | null;
}

function armOf(name: string, runs: StudyRun[], reference: readonly StudyRun[]): Arm {
  const over = (of: (run: StudyRun) => number) => estimate(runs.map(of));
  const pairs = runs.flatMap((run) => {
    const partner = reference.find(({ summary }) => summary.seed === run.summary.seed);
    return partner && partner !== run ? [{ run, partner }] : [];
  });
  const own = {
    name,
    runs,
    gap: over((run) => tail(run, 'valid/gap_mean')),
    violation: over(violation),
    dist: over((run) => tail(run, 'valid/dist_mean')),
  };
  if (pairs.length === 0) return { ...own, gapDifference: null, factor: null, test: null };
  const logs = pairs.map(({ run, partner }) => Math.log10(violation(run) / violation(partner)));
  const exponent = estimate(logs);
  const power = (value: number | null) => (value === null ? null : 10 ** value);
  return {
    ...own,
    gapDifference: estimate(
      pairs.map(({ run, partner }) => tail(run, 'valid/gap_mean') - tail(partner, 'valid/gap_mean')),
    ),
    factor: { value: 10 ** exponent.value, low: power(exponent.low), high: power(exponent.high) },
    test: testText(wilcoxonSignedRank(logs)),
  };
}

function reading(arms: readonly Arm[]): Claim[] {
  const claims = arms.flatMap((arm): Claim[] => {
    const { name, gapDifference, factor, test } = arm;
    if (!gapDifference || !factor) return [];
    const log = (value: number | null) => (value === null ? null : Math.log10(value));
    const feasibility = direction({ value: Math.log10(factor.value), low: log(factor.low), high: log(factor.high) });
    const objective = direction(gapDifference);
    const words = (verdict: ReturnType<typeof direction>, less: string, more: string, same: string) =>
      verdict === 'below' ? less : verdict === 'above' ? more : verdict === null ? 'with one seed, no telling' : same;
    return [
      {
        text:
          `${name}: ${words(feasibility, 'less violation', 'more violation', 'no clear difference in violation')}, ` +
          `${words(objective, 'a smaller gap', 'a larger gap', 'no clear difference in the gap')} than the constant final λ.`,
        basis: `Violation × ${estimateText(factor)}, gap ${gapDifference.value < 0 ? '' : '+'}${estimateText(gapDifference)}, seed by seed; ${test}.`,
      },
    ];
  });
  const best = arms.reduce((least, arm) => (arm.dist.value < least.dist.value ? arm : least));
  return [
    ...claims,
    {
      text: `The outputs are closest to the solutions with: ${lowered(best.name)}.`,
      basis: `Mean relative distance ${estimateText(best.dist)}.`,
    },
  ];
}

function overTraining(arms: readonly Arm[]): Findings['figures'][number] {
  const lines = (metric: string) =>
    arms.map(({ name, runs }) => ({
      mark: 'line' as const,
      label: name,
      ...curve(runs, 'epoch', metric, 40),
      interval: '95 % bootstrap over seeds',
    }));
  const x = { label: 'Epoch' };
  return {
    name: 'over-training',
    caption: 'Gap and violations over training, means of 40 equal parts, then over seeds with bootstrap bands.',
    figure: {
      format: 'adjoint-figure',
      version: 1,
      title: 'Schedules of $\\lambda$ over training',
      style: { width: 178, columns: 3 },
      panels: [
        { title: 'Gap', x, y: { label: 'Optimality gap, signed' }, series: lines('valid/gap_mean') },
        { title: 'Equality', x, y: { label: 'Mean violation', scale: 'log' }, series: lines('valid/eq_mean') },
        { title: 'Inequality', x, y: { label: 'Mean violation', scale: 'log' }, series: lines('valid/ineq_mean') },
      ],
    },
  };
}

function differences(arms: readonly Arm[]): Findings['figures'][number] {
  const compared = arms.filter((arm) => arm.factor !== null);
  const categories = compared.map(({ name }) => name);
  const positions = compared.map((_, i) => i);
  const bars = (label: string, estimates: readonly Estimate[]) => ({
    mark: 'points' as const,
    label,
    x: positions,
    y: estimates.map(({ value }) => value),
    low: estimates.map(({ low }) => low),
    high: estimates.map(({ high }) => high),
    interval: '95 % bootstrap over seeds',
  });
  return {
    name: 'differences',
    caption: 'Difference of each schedule to the constant final λ, seed by seed, with 95 % bootstrap intervals.',
    figure: {
      format: 'adjoint-figure',
      version: 1,
      title: 'Against the constant final $\\lambda$',
      style: { width: 178, columns: 2, legend: 'none' },
      panels: [
        {
          title: 'Violation',
          x: { categories },
          y: { label: 'Factor', scale: 'log' },
          series: [
            bars(
              'Factor of the violation',
              compared.map(({ factor }) => factor!),
            ),
          ],
          annotations: [{ kind: 'horizontal', at: 1 }],
        },
        {
          title: 'Gap',
          x: { categories },
          y: { label: 'Difference of the gap' },
          series: [
            bars(
              'Difference of the gap',
              compared.map(({ gapDifference }) => gapDifference!),
            ),
          ],
          annotations: [{ kind: 'horizontal', at: 0 }],
        },
      ],
    },
  };
}

const lowered = (name: string): string => name.slice(0, 1).toLowerCase() + name.slice(1);
