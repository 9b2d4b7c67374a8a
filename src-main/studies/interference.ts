import { estimateText } from '@shared/reports/cells';
import type { Claim, Estimate } from '@shared/studies';
import { formatShort } from '@shared/format';
import { quantile } from '@shared/statistics/summary';
import { curve } from './curves';
import { direction, estimate, groups, warningsOf } from './estimates';
import { lambdaOf } from './lambdaTradeOff';
import { lambdasSetting, lambdaSweep, penaltyStudySettings } from './penaltySweep';
import type { Findings, Study, StudyRun } from './study';

const settings = penaltyStudySettings.extend({ lambdas: lambdasSetting });
const cosine = 'gradient/cosine';
const ratio = 'gradient/norm_ratio';
const parts = 30;

/** One penalty weight: how the two gradients behave over training, each an estimate over seeds. */
interface Row {
  lambda: number;
  runs: StudyRun[];
  /** Share of the compared steps at which the penalty's gradient is the longer one. */
  dominates: Estimate;
  /** … at which the two point apart, cos < 0. */
  conflicts: Estimate;
  ratioMedian: Estimate;
  /** Mean cosine in the first and in the last third of training, and the change from one to the other. */
  early: Estimate;
  late: Estimate;
  change: Estimate;
}

export const interference: Study<typeof settings> = {
  name: 'gradient-interference',
  title: 'Dominance and interference of the penalty gradient',
  question: 'Does the penalty’s gradient dominate or interfere with the objective’s, over training and for each λ?',
  method:
    'Compares g_f = ∇E[f] and g_p = ∇(λE‖r‖²) on the training batch every ten steps. Dominates: ‖g_p‖ > ‖g_f‖. Conflicts: their cosine is ' +
    'negative (Yu et al., NeurIPS 2020). It looks at the runs of the study of the trade-off.',
  settings,
  sweeps: (given) => [lambdaSweep(given)],
  analyse(_, runs): Findings {
    const byLambda = groups(runs, lambdaOf);
    const rows = [...byLambda.entries()].sort(([a], [b]) => a - b).map(([lambda, members]) => rowOf(lambda, members));
    return {
      reading: reading(rows),
      warnings: warningsOf(runs, byLambda),
      tables: [
        {
          name: 'interference',
          title: 'The two gradients by λ',
          caption: 'Means over seeds with 95 % percentile bootstrap intervals. Shares are of the compared steps.',
          columns: [
            { key: 'lambda', title: 'λ' },
            { key: 'seeds', title: 'Seeds' },
            { key: 'dominates', title: 'Penalty dominates' },
            { key: 'ratioMedian', title: 'Median ‖g_p‖/‖g_f‖' },
            { key: 'conflicts', title: 'Conflict' },
            { key: 'early', title: 'Cosine, first third' },
            { key: 'late', title: 'Cosine, last third' },
            { key: 'change', title: 'Change' },
          ],
          rows: rows.map(({ runs: members, ...row }) => ({ ...row, seeds: members.length })),
        },
      ],
      figures: [overTraining(rows)],
    };
  },
};

/** Measured values of one metric of one run, with their place in training from 0 to 1. */
function samples(run: StudyRun, metric: string): { at: number; value: number }[] {
  const { epoch, values } = run.series('step', [metric]);
  const end = epoch.at(-1) ?? 0;
  return Array.from(epoch, (at, i) => ({ at: at / end, value: values[metric][i] })).filter(
    ({ value }) => !Number.isNaN(value),
  );
}

function rowOf(lambda: number, runs: StudyRun[]): Row {
  const share = (metric: string, holds: (value: number) => boolean) =>
    estimate(
      runs.map((run) => {
        const all = samples(run, metric);
        return all.filter(({ value }) => holds(value)).length / all.length;
      }),
    );
  const meanCosine = (run: StudyRun, from: number, to: number) => {
    const within = samples(run, cosine).filter(({ at }) => at >= from && at <= to);
    return within.reduce((sum, { value }) => sum + value, 0) / within.length;
  };
  const [early, late] = [runs.map((run) => meanCosine(run, 0, 1 / 3)), runs.map((run) => meanCosine(run, 2 / 3, 1))];
  return {
    lambda,
    runs,
    dominates: share(ratio, (value) => value > 1),
    conflicts: share(cosine, (value) => value < 0),
    ratioMedian: estimate(
      runs.map((run) =>
        quantile(
          samples(run, ratio).map(({ value }) => value),
          0.5,
        ),
      ),
    ),
    early: estimate(early),
    late: estimate(late),
    change: estimate(late.map((value, i) => value - early[i])),
  };
}

const percent = ({ value, low, high }: Estimate): string => {
  const text = (share: number) => `${Math.round(100 * share)}`;
  return low === null || high === null ? `${text(value)} %` : `${text(value)} % [${text(low)}, ${text(high)}]`;
};

function reading(rows: readonly Row[]): Claim[] {
  const name = ({ lambda }: Row) => formatShort(lambda);
  const list = (some: readonly Row[]) => some.map(name).join(', ');
  const claims: Claim[] = [];
  const dominated = rows.filter(({ dominates }) => dominates.value > 0.5);
  claims.push({
    text:
      dominated.length === 0
        ? 'For no λ does the penalty’s gradient dominate at most steps: the objective leads throughout.'
        : dominated.length === rows.length
          ? 'The penalty’s gradient dominates at most steps for every λ.'
          : `The penalty’s gradient dominates at most steps for λ = ${list(dominated)}, and the objective’s for λ = ${list(rows.filter((row) => !dominated.includes(row)))}.`,
    basis: `Share of steps with ‖g_p‖ > ‖g_f‖: ${rows.map((row) => `λ = ${name(row)}: ${percent(row.dominates)}`).join('; ')}.`,
  });
  const conflicting = rows.filter(({ conflicts }) => conflicts.value > 0.5);
  claims.push({
    text:
      conflicting.length === 0
        ? 'The two gradients agree at most steps for every λ.'
        : `They conflict at most steps for λ = ${list(conflicting)}: a step that helps feasibility costs objective there. Near the solution of a ` +
          'penalised problem this has to be so, since the two gradients cancel.',
    basis: `Share of steps with a negative cosine: ${rows.map((row) => `λ = ${name(row)}: ${percent(row.conflicts)}`).join('; ')}.`,
  });
  const growing = rows.filter(({ change }) => direction(change) === 'below');
  const easing = rows.filter(({ change }) => direction(change) === 'above');
  claims.push({
    text:
      growing.length === 0 && easing.length === 0
        ? 'No change of the cosine from the first to the last third of training stands out from the spread over seeds.'
        : [
            growing.length > 0 ? `Interference grows over training for λ = ${list(growing)}` : '',
            easing.length > 0 ? `it eases for λ = ${list(easing)}` : '',
          ]
            .filter(Boolean)
            .join('; ')
            .replace(/^i/, 'I') + '.',
    basis: `Change of the mean cosine, last third less first: ${rows.map((row) => `λ = ${name(row)}: ${estimateText(row.change)}`).join('; ')}.`,
  });
  return claims;
}

function overTraining(rows: readonly Row[]): Findings['figures'][number] {
  const lines = (metric: string, of?: (value: number) => number) =>
    rows.map(({ lambda, runs }) => ({
      mark: 'line' as const,
      label: `$\\lambda$ = ${formatShort(lambda)}`,
      ...curve(runs, 'step', metric, parts, of),
      interval: '95 % bootstrap over seeds',
    }));
  const x = { label: 'Epoch' };
  return {
    name: 'over-training',
    caption: `Cosine and ratio of the two gradients over training, means of ${parts} equal parts, then over seeds with bootstrap bands.`,
    figure: {
      format: 'adjoint-figure',
      version: 1,
      title: 'Penalty gradient against objective gradient',
      style: { width: 178, columns: 2 },
      panels: [
        {
          title: 'Do they agree?',
          x,
          y: { label: '$\\cos(g_f, g_p)$', domain: [-1, 1] },
          series: lines(cosine),
          annotations: [{ kind: 'horizontal', at: 0 }],
        },
        {
          title: 'Which is longer?',
          x,
          y: { label: '$\\lVert g_p \\rVert / \\lVert g_f \\rVert$', scale: 'log' },
          series: lines(ratio),
          annotations: [{ kind: 'horizontal', at: 1 }],
        },
      ],
    },
  };
}
