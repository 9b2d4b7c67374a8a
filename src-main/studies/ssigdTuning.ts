import { z } from 'zod';
import type { Claim, Estimate } from '@shared/studies';
import { formatNumber, formatShort } from '@shared/format';
import { spearman } from '@shared/statistics/correlation';
import {
  bestF,
  bilevelStudySettings,
  bilevelSweep,
  finalF,
  isReference,
  referenceSweep,
  refuseVacuous,
} from './bilevelSweeps';
import { estimate, groups, warningsOf } from './estimates';
import type { Findings, Study, StudyRun } from './study';
import { vacuousReason } from './vacuous';

const rules = ['constant', 'weakly-convex', 'strongly-convex'] as const;
type Rule = (typeof rules)[number];
const formulas: Record<Rule, string> = {
  constant: 'β',
  'weakly-convex': 'β/√T',
  'strongly-convex': '1/(μ_F(r + 1))',
};

const values = (what: string, standard: number[]) =>
  z.array(z.number().positive()).min(1).default(standard).describe(what);
const settings = bilevelStudySettings
  .extend({
    d: bilevelStudySettings.shape.d.default(100),
    betas: values('Steps β.', [1e-4, 5e-4, 1e-3, 5e-3, 0.01, 0.05]),
    mus: values('Strong convexities μ_F.', [0.01, 0.05, 0.1, 0.5, 1, 2]),
    rules: z
      .array(z.enum(rules))
      .min(1)
      .default([...rules])
      .describe('Step rules: a grid of β and μ_F for each.'),
    iterations: z.int().min(1).max(1_000_000).default(1000).describe('Steps T.'),
    radius: bilevelStudySettings.shape.radius.default(1e-2),
    seeds: bilevelStudySettings.shape.seeds.default(1),
  })
  .superRefine(refuseVacuous);
type Settings = z.output<typeof settings>;

const panelTitles: Record<Rule, string> = {
  constant: 'Constant',
  'weakly-convex': 'Weakly convex',
  'strongly-convex': 'Strongly convex',
};

/** Relative distances below this are shown as this: the noise of the last perturbed step. */
const floor = 1e-12;
/** Where F moved by less than this share of the way over the last tenth, a run with a constant step has come to rest. */
const atRest = 1e-3;
/** Points within this share of the best one's progress are called as good. */
const asGood = 1e-2;

export const ssigdTuning: Study<typeof settings> = {
  name: 'ssigd-tuning',
  title: 'Tuning SSIGD: β and μ_F',
  question:
    'How does the end of SSIGD depend on the step β and on the strong convexity μ_F that it is told, and which of the two matters?',
  method:
    'Runs SSIGD for T steps on one problem at every pair of β and μ_F, once for every step rule: constant β, β/√T, and 1/(μ_F(r + 1)). What counts is F at the last iterate, as its distance to the least F that any run ' +
    '(or DSIGD from the same start) reached, relative to where it began.',
  settings,
  sweeps: (given) => [
    ...given.rules.map((rule) =>
      bilevelSweep(
        `Tuning SSIGD on ${given.family}, ${rule}`,
        given,
        {
          algorithm: { kind: 'ssigd', rule, iterations: given.iterations, radius: given.radius },
          measures: {
            every: Math.max(1, Math.floor(given.iterations / 50)),
            gradientErrorEvery: 0,
            stationarityEvery: 0,
          },
        },
        { axes: { 'algorithm.beta': given.betas, 'algorithm.mu': given.mus }, repeats: given.seeds },
      ),
    ),
    referenceSweep(given),
  ],
  analyse(given, runs): Findings {
    const best = bestF(runs);
    const tuned = runs.filter((run) => !isReference(run));
    const start = Math.max(...tuned.map(firstF).filter((value) => Number.isFinite(value)));
    const grids = given.rules.flatMap((rule) => {
      const own = tuned.filter(({ summary }) => summary.settings['algorithm.rule'] === rule);
      return own.length > 0 ? [gridOf(given, rule, own, best, start)] : [];
    });
    const reason = vacuousReason(given.family);
    return {
      reading: [...grids.flatMap((grid) => [...reading(grid), ...elsewhere(grid)]), ...overall(grids)],
      warnings: [
        ...(reason === null ? [] : [`${given.family} is vacuous. ${reason}`]),
        ...warningsOf(
          tuned,
          groups(tuned, ({ summary: { settings: run } }) =>
            ['rule', 'beta', 'mu'].map((name) => run[`algorithm.${name}`]).join(' '),
          ),
        ),
      ],
      tables: grids.map((grid) => table(grid, reason !== null)),
      figures: grids.length > 0 ? [figure(given, grids, reason !== null)] : [],
    };
  },
};

const firstF = (run: StudyRun): number => run.series('step', ['bilevel/F']).values['bilevel/F'][0] ?? NaN;

/** How far F still moved over the last tenth of a run. */
function movedAtEnd(run: StudyRun): number {
  const F = run.series('step', ['bilevel/F']).values['bilevel/F'];
  return Math.abs(F[F.length - 1] - F[Math.floor(0.9 * (F.length - 1))]);
}

interface Cell {
  beta: number;
  mu: number;
  /** (F − best)/(F at the start − best), mean over seeds; null where no run ended. */
  left: number | null;
  /** The same with its interval. */
  estimate: Estimate | null;
  ends: number[];
  /** How far F still moved over the last tenth, as a share of the way; the largest of its runs. */
  moved: number;
}
interface Grid {
  rule: Rule;
  cells: Cell[];
}

function gridOf({ betas, mus }: Settings, rule: Rule, runs: readonly StudyRun[], best: number, start: number): Grid {
  const at = (beta: number, mu: number) =>
    runs.filter(({ summary: { settings: run } }) => run['algorithm.beta'] === beta && run['algorithm.mu'] === mu);
  const cells = betas.flatMap((beta) =>
    mus.map((mu): Cell => {
      const members = at(beta, mu);
      const ends = members.map(finalF).filter((value) => Number.isFinite(value));
      const own = ends.length > 0 ? estimate(ends.map((F) => (F - best) / (start - best))) : null;
      const moved = Math.max(...members.map(movedAtEnd)) / (start - best);
      return { beta, mu, left: own && Math.max(floor, own.value), estimate: own, ends, moved };
    }),
  );
  return { rule, cells };
}

const known = ({ cells }: Grid): (Cell & { left: number })[] =>
  cells.filter((cell): cell is Cell & { left: number } => cell.left !== null);

/** Is F the same to the last bit, seed by seed, when only this setting changes? */
function ignores(grid: Grid, axis: 'beta' | 'mu'): boolean {
  const other = axis === 'beta' ? 'mu' : 'beta';
  const ends = new Map<number, string>();
  return known(grid).every((cell) => {
    const own = JSON.stringify(cell.ends);
    const first = ends.get(cell[other]) ?? own;
    ends.set(cell[other], first);
    return first === own;
  });
}

const names = { mu: 'μ_F', beta: 'β' };

/** The settings of a cell that play a part. */
const placeOf = (grid: Grid, cell: Cell): string =>
  (['beta', 'mu'] as const)
    .filter((axis) => !ignores(grid, axis))
    .map((axis) => `${names[axis]} = ${formatShort(cell[axis])}`)
    .join(', ');

function reading(grid: Grid): Claim[] {
  const cells = known(grid);
  if (cells.length === 0) return [];
  const distinct = [...new Map(cells.map((cell) => [JSON.stringify(cell.ends), cell])).values()];
  const title = `Step ${formulas[grid.rule]} (${grid.rule})`;
  const best = cells.reduce((least, cell) => (cell.left < least.left ? cell : least));
  const worst = cells.reduce((most, cell) => (cell.left > most.left ? cell : most));
  const free = (['mu', 'beta'] as const).filter((axis) => ignores(grid, axis));
  const used = (['beta', 'mu'] as const).filter((axis) => !free.includes(axis));
  const claims: Claim[] = [
    {
      text:
        free.length === 0
          ? `${title}: both β and μ_F change where it ends.`
          : `${title}: ${free.map((axis) => names[axis]).join(' and ')} plays no part. F ends the same to the last bit whatever it is, so that the ${cells.length} points of the grid are ${distinct.length} different runs.`,
      basis: `F at the last iterate of ${cells.length} points, compared bit by bit along each axis.`,
    },
  ];
  const good = distinct.filter(({ left }) => left <= best.left + asGood);
  for (const axis of used) {
    // Points that are one run count once: repeating them would make any trend certain.
    const trend = spearman(
      distinct.map((cell) => cell[axis]),
      distinct.map(({ left }) => left),
    );
    const isMonotone = Math.abs(trend.rho) === 1 && distinct.length > 3;
    const clear = isMonotone || trend.p < 0.05;
    claims.push({
      text:
        `${title}: the best end is at ${placeOf(grid, best)}, with ${share(best.left)} of the way to the best F left; the worst at ${placeOf(grid, worst)}, with ${share(worst.left)}.` +
        (clear
          ? ` The ${trend.rho < 0 ? 'larger' : 'smaller'} ${names[axis]}, the better it ends.`
          : distinct.length > 3
            ? ` There is no clear trend in ${names[axis]}.`
            : ''),
      basis: `Spearman’s ρ of ${names[axis]} and the way left ${formatNumber(trend.rho, 2)}, ${isMonotone ? 'no exception' : Number.isNaN(trend.p) ? 'too few for a test' : `p = ${formatNumber(trend.p, 2)}`}, over ${distinct.length} different runs; ${good.length} of them end within ${100 * asGood} % of the best one.`,
    });
  }
  return claims;
}

const range = (lefts: readonly number[]): string =>
  [...new Set([share(Math.min(...lefts)), share(Math.max(...lefts))])].join(' to ');

const share = (left: number): string => (left < 1e-4 ? formatNumber(left, 2) : `${formatNumber(100 * left, 2)} %`);

/**
 * Runs with a constant step that came to rest far from the best F. A step that shrinks rests anywhere, and ‖∇F‖ does not tell: at a
 * kink it does not vanish.
 */
function elsewhere(grid: Grid): Claim[] {
  if (grid.rule !== 'constant') return [];
  const distinct = [...new Map(known(grid).map((cell) => [JSON.stringify(cell.ends), cell])).values()];
  const stuck = distinct.filter(({ left, moved }) => left > asGood && moved < atRest);
  if (stuck.length === 0) return [];
  const lefts = stuck.map(({ left }) => left);
  return [
    {
      text: `Step ${formulas[grid.rule]} (${grid.rule}): ${stuck.length} of ${distinct.length} different runs have come to rest with ${range(lefts)} of the way left. They rest elsewhere, and more steps would not help them: F has more than one minimum.`,
      basis: `At ${stuck.map((cell) => placeOf(grid, cell)).join('; ')} F moved by less than ${100 * atRest} % of the way over the last tenth of the steps.`,
    },
  ];
}

function overall(grids: readonly Grid[]): Claim[] {
  const all = grids.flatMap((grid) => known(grid).map((cell) => ({ ...cell, grid })));
  if (grids.length < 2 || all.length === 0) return [];
  const best = all.reduce((least, cell) => (cell.left < least.left ? cell : least));
  const ranking = grids.flatMap((grid) => {
    const cells = known(grid);
    return cells.length > 0 ? [{ rule: grid.rule, left: Math.min(...cells.map(({ left }) => left)) }] : [];
  });
  return [
    {
      text: `Over all rules the end is best with the step ${formulas[best.grid.rule]} at ${placeOf(best.grid, best)}.`,
      basis: `Way left at the best point of each rule: ${ranking.map(({ rule, left }) => `${rule} ${share(left)}`).join(', ')}.`,
    },
  ];
}

const mark = (vacuous: boolean): string => (vacuous ? ' Vacuous: the lower level ignores x.' : '');

function table(grid: Grid, vacuous: boolean): Findings['tables'][number] {
  const mus = [...new Set(grid.cells.map(({ mu }) => mu))];
  const betas = [...new Set(grid.cells.map(({ beta }) => beta))];
  return {
    name: `tuning-${grid.rule}`,
    title: `Step ${formulas[grid.rule]}: way left to the best F${vacuous ? ' (vacuous)' : ''}`,
    caption: `(F at the end − best F)/(F at the start − best F), means over seeds with 95 % percentile bootstrap intervals, by β (rows) and μ_F (columns).${mark(vacuous)}`,
    columns: [
      { key: 'beta', title: 'β' },
      ...mus.map((mu) => ({ key: String(mu), title: `μ_F = ${formatShort(mu)}` })),
    ],
    rows: betas.map((beta) => ({
      beta,
      ...Object.fromEntries(
        grid.cells.filter((cell) => cell.beta === beta).map(({ mu, estimate: own }) => [String(mu), own]),
      ),
    })),
  };
}

function figure({ betas, mus }: Settings, grids: readonly Grid[], vacuous: boolean): Findings['figures'][number] {
  const x = mus.toSorted((a, b) => a - b);
  const y = betas.toSorted((a, b) => a - b);
  const lefts = grids.flatMap((grid) => known(grid).map(({ left }) => left));
  const domain: [number, number] = [Math.min(...lefts), Math.max(...lefts)];
  return {
    name: 'tuning',
    caption: `Way left to the best F after T steps, by β and μ_F, one panel a step rule. Stripes along an axis: that setting plays no part.${mark(vacuous)}`,
    figure: {
      format: 'adjoint-figure',
      version: 1,
      title: `Way left to the best F${vacuous ? ' (vacuous)' : ''}`,
      style: {
        ...{ width: 178, height: 10 + 60 * Math.ceil(grids.length / 2), legend: 'below' },
        columns: Math.min(2, grids.length),
      },
      panels: grids.map((grid) => ({
        title: panelTitles[grid.rule],
        x: { label: '$\\mu_F$', categories: x.map(formatShort) },
        y: { label: '$\\beta$', categories: y.map(formatShort) },
        series: [
          {
            mark: 'heat',
            label: 'Way left',
            x: x.map((_, i) => i),
            y: y.map((_, i) => i),
            z: y.flatMap((beta) =>
              x.map((mu) => grid.cells.find((cell) => cell.beta === beta && cell.mu === mu)?.left ?? null),
            ),
            scale: 'log',
            ...(domain[1] > domain[0] ? { domain } : {}),
          },
        ],
      })),
    },
  };
}
