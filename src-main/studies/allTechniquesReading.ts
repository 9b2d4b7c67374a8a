import { formatDuration, formatNumber } from '@shared/format';
import { estimateText } from '@shared/reports/cells';
import type { Claim, Estimate } from '@shared/studies';
import type { TechniqueRow } from './allTechniquesRows';
import type { AllTechniquesSettings } from './allTechniquesSweeps';
import { direction, lostWarnings, warningsOf } from './estimates';
import type { StudyRun } from './study';

/** A technique counts as feasible if at most this share of the validation instances has a violation above 1e-4. */
const feasibleShare = 0.01;
/** Changes of the gap below this, a thousandth of the optimum, are no news. */
const noNews = 1e-3;
/** Below this a thread did not have its core to itself. */
const wholeCore = 0.9;

const names = (rows: readonly TechniqueRow[]): string => rows.map(({ title }) => title).join(', ');
const each = (rows: readonly TechniqueRow[], of: (row: TechniqueRow) => Estimate): string =>
  rows.map((row) => `${row.title} ${estimateText(of(row))}`).join('; ');
const ascending = (rows: readonly TechniqueRow[], of: (row: TechniqueRow) => number): TechniqueRow[] =>
  [...rows].sort((a, b) => of(a) - of(b));

const isLost = ({ gap, violation }: TechniqueRow): boolean =>
  !Number.isFinite(gap.value) || !Number.isFinite(violation.value);
const isFeasible = ({ violated }: TechniqueRow): boolean => (violated.high ?? violated.value) <= feasibleShare;

export function allTechniquesReading(
  settings: AllTechniquesSettings,
  rows: readonly TechniqueRow[],
  exact: Estimate,
): Claim[] {
  const sound = rows.filter((row) => !isLost(row));
  const feasible = ascending(sound.filter(isFeasible), ({ gap }) => gap.value);
  const infeasible = sound.filter((row) => !isFeasible(row));
  return [
    ...feasibility(feasible, infeasible),
    ...gaps(feasible),
    ...boughtGaps(infeasible),
    ...times(sound, exact),
    ...work(settings, sound),
    ...convergence(sound),
  ];
}

function feasibility(feasible: readonly TechniqueRow[], infeasible: readonly TechniqueRow[]): Claim[] {
  const basis =
    'Share of validation instances with a violation above 1e-4: ' +
    `${each([...feasible, ...infeasible], ({ violated }) => violated)}.`;
  if (feasible.length === 0)
    return [
      {
        text: 'No technique is feasible: their gaps are not those of solutions, and comparing them alone is vacuous. What counts is gap and violation together.',
        basis,
      },
    ];
  if (infeasible.length === 0) return [{ text: `All techniques are feasible: ${names(feasible)}.`, basis }];
  return [{ text: `Feasible: ${names(feasible)}. Not feasible: ${names(infeasible)}.`, basis }];
}

function gaps(feasible: readonly TechniqueRow[]): Claim[] {
  if (feasible.length < 2) return [];
  const [best, ...others] = feasible;
  const apart = others.filter(({ gap }) => gap.low !== null && best.gap.high !== null && gap.low > best.gap.high);
  const close = others.filter((row) => !apart.includes(row));
  return [
    {
      text:
        `Of the feasible ones ${best.title} has the smallest gap` +
        (close.length === 0
          ? ', apart from every other.'
          : `, but no clear lead over ${names(close)}.` +
            (apart.length > 0 ? ` ${names(apart)} ${apart.length === 1 ? 'is' : 'are'} clearly behind.` : '')),
      basis: `Gap: ${each(feasible, ({ gap }) => gap)}. Apart: intervals over the seeds that do not overlap.`,
    },
  ];
}

function boughtGaps(infeasible: readonly TechniqueRow[]): Claim[] {
  const below = infeasible.filter(({ gap }) => gap.value < 0);
  return below.length === 0
    ? []
    : [
        {
          text: `${names(below)} ${below.length === 1 ? 'lies' : 'lie'} below the optimum in the mean: that is bought with infeasibility and is no better solution.`,
          basis: `Gap: ${each(below, ({ gap }) => gap)}. Mean violation of the worst row: ${each(below, ({ violation }) => violation)}.`,
        },
      ];
}

function times(rows: readonly TechniqueRow[], exact: Estimate): Claim[] {
  if (!Number.isFinite(exact.value) || rows.length === 0) return [];
  const faster = rows.filter(({ speed }) => (speed.low ?? speed.value) > 1);
  const slower = rows.filter(({ speed }) => (speed.high ?? speed.value) < 1);
  const even = rows.filter((row) => !faster.includes(row) && !slower.includes(row));
  const byGain = ascending(faster, ({ speed }) => -speed.value);
  const parts = [
    ...byGain.map(({ title, speed }) => `${title} is ${formatNumber(speed.value, 3)} times as fast`),
    ...ascending(slower, ({ speed }) => -speed.value).map(
      ({ title, speed }) => `${title} takes ${formatNumber(1 / speed.value, 3)} times as long`,
    ),
    ...even.map(({ title }) => `${title} takes about as long`),
  ];
  const useless = slower.filter(isFeasible);
  return [
    {
      text:
        `The exact solver takes ${formatNumber(exact.value * 1e3, 3)} ms for an instance. After training ${parts.join('; ')}.` +
        (useless.length > 0
          ? ` Solving exactly is quicker than ${names(useless)}, and has no gap: on this family ${useless.length === 1 ? 'it is' : 'they are'} of use inside a larger model only.`
          : ''),
      basis: `Exact solver’s time over that of an instance: ${each(rows, ({ speed }) => speed)}. One thread for the solver, without its preparation for the family.`,
    },
  ];
}

function work({ protocol, budgetSeconds }: AllTechniquesSettings, rows: readonly TechniqueRow[]): Claim[] {
  if (protocol === 'published') {
    const parts = rows.map(({ title, whole, done }) => {
      const share = done.value < 0.999 ? `, of which ${formatNumber(100 * done.value, 2)} % are done` : '';
      return `${title} ${formatDuration(whole.value)}${share}`;
    });
    return [
      {
        text: `The whole published training takes, on a core of its own: ${parts.join('; ')}.`,
        basis:
          'Seconds of training steps over the share of the epochs done, times the share of a core that the process had; validation not counted.',
      },
    ];
  }
  if (rows.length < 2) return [];
  const byWork = ascending(rows, ({ steps }) => steps.value);
  const [least, most] = [byWork[0], byWork[byWork.length - 1]];
  return [
    {
      text: `In the same ${formatNumber(budgetSeconds)} s ${most.title} makes ${formatNumber(most.steps.value / least.steps.value, 2)} times the steps of ${least.title}.`,
      basis: `Steps: ${each(byWork, ({ steps }) => steps)}.`,
    },
  ];
}

function convergence(rows: readonly TechniqueRow[]): Claim[] {
  const moves = (row: TechniqueRow, wanted: 'above' | 'below'): boolean => {
    const { change } = row;
    if (!(Math.abs(change.value) > noNews)) return false;
    return (direction(change) ?? (change.value > 0 ? 'above' : 'below')) === wanted;
  };
  const falling = rows.filter((row) => moves(row, 'below'));
  const rising = rows.filter((row) => moves(row, 'above'));
  const parts = [
    ...(falling.length > 0 ? [`it still falls with ${names(falling)}`] : []),
    ...(rising.length > 0 ? [`it still rises with ${names(rising)}`] : []),
  ];
  return [
    {
      text:
        parts.length > 0
          ? `Not every gap has settled within these seconds: ${parts.join(', ')}. Longer training would change ${falling.length + rising.length === 1 ? 'it' : 'them'}.`
          : 'No gap still moves clearly at the end: longer training at this setting would change little.',
      basis: `Mean gap of the last tenth of the seconds less that of the tenth before, news from ${noNews}: ${each(rows, ({ change }) => change)}.`,
    },
  ];
}

export function allTechniquesWarnings(runs: readonly StudyRun[], rows: readonly TechniqueRow[]): string[] {
  const byTechnique = new Map(rows.map((row) => [row.name, row.runs]));
  const starved = rows.filter(({ processors }) => processors.value < wholeCore);
  return [
    ...warningsOf(runs, byTechnique),
    ...lostWarnings(runs),
    ...(starved.length > 0
      ? [
          `${names(starved)} had less than ${100 * wholeCore} % of a core: other work on the machine took part of their time, and fewer steps fitted into it.`,
        ]
      : []),
  ];
}
