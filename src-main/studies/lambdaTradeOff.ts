import { estimateText } from '@shared/reports/cells';
import type { Claim, Estimate } from '@shared/studies';
import { data } from '@shared/figures/datum';
import { formatNumber, formatShort } from '@shared/format';
import { spearman } from '@shared/statistics/correlation';
import { paretoFront } from '@shared/statistics/pareto';
import { logLogSlope } from '@shared/statistics/slope';
import { estimate, groups, lostWarnings, slopeText, tail, violation, warningsOf } from './estimates';
import { lambdasSetting, lambdaSweep, penaltyStudySettings } from './penaltySweep';
import type { Findings, Study, StudyRun } from './study';

const settings = penaltyStudySettings.extend({ lambdas: lambdasSetting });

export const lambdaOf = ({ summary }: StudyRun): number => Number(summary.settings['technique.lambda.value']);

/** One penalty weight over its seeds. */
interface Row {
  lambda: number;
  runs: StudyRun[];
  gap: Estimate;
  violation: Estimate;
  dist: Estimate;
  violated: Estimate;
  onFront: boolean;
}

export const lambdaTradeOff: Study<typeof settings> = {
  name: 'lambda-trade-off',
  title: 'λ against the trade-off of gap and violation',
  question: 'How does the penalty weight λ trade the objective for feasibility?',
  method:
    'Trains the same network for every λ and seed. The gap is signed: an infeasible output may lie below the optimum. Violation is the larger ' +
    'of the mean equality and inequality violation of the worst row. Both are means over the last tenth of the validations.',
  settings,
  sweeps: (given) => [lambdaSweep(given)],
  analyse(_, runs): Findings {
    const byLambda = groups(runs, lambdaOf);
    const rows = rowsOf(byLambda);
    return {
      reading: reading(rows, runs),
      warnings: [...warningsOf(runs, byLambda), ...lostWarnings(runs)],
      tables: [
        {
          name: 'lambda',
          title: 'Final values by λ',
          caption:
            'Means over seeds with 95 % percentile bootstrap intervals. Front: no other λ has both a smaller gap and a smaller violation in the mean.',
          columns: [
            { key: 'lambda', title: 'λ' },
            { key: 'seeds', title: 'Seeds' },
            { key: 'gap', title: 'Gap' },
            { key: 'violation', title: 'Violation' },
            { key: 'dist', title: 'Distance to y*' },
            { key: 'violated', title: 'Instances violated' },
            { key: 'front', title: 'Front' },
          ],
          rows: rows.map(({ lambda, runs: { length }, gap, violation, dist, violated, onFront }) => ({
            ...{ lambda, seeds: length, gap, violation, dist, violated },
            front: onFront ? 'yes' : 'no',
          })),
        },
      ],
      figures: [tradeOffFigure(rows), scalingFigure(rows, runs)],
    };
  },
};

function rowsOf(byLambda: Map<number, StudyRun[]>): Row[] {
  const rows = [...byLambda.entries()]
    .sort(([a], [b]) => a - b)
    .map(([lambda, runs]): Row => {
      const over = (of: (run: StudyRun) => number) => estimate(runs.map(of));
      return {
        lambda,
        runs,
        gap: over((run) => tail(run, 'valid/gap_mean')),
        violation: over(violation),
        dist: over((run) => tail(run, 'valid/dist_mean')),
        violated: over((run) => tail(run, 'valid/violated_share')),
        onFront: false,
      };
    });
  for (const i of paretoFront(rows.map(({ gap, violation }) => ({ x: gap.value, y: violation.value }))))
    rows[i].onFront = true;
  return rows;
}

function reading(rows: readonly Row[], runs: readonly StudyRun[]): Claim[] {
  const claims: Claim[] = [];
  const lambdas = runs.map(lambdaOf);
  const violations = runs.map(violation);
  const law = logLogSlope(lambdas, violations);
  const [first, last] = [rows[0], rows[rows.length - 1]];
  if (rows.length >= 3) {
    const agrees = law.low <= -1 && law.high >= -1;
    const factor = formatNumber(10 ** -law.slope, 2);
    claims.push({
      text:
        law.high < 0
          ? `Every tenfold λ divides the violation by about ${factor}. ` +
            (agrees
              ? 'This is the 1/λ of the quadratic penalty method: the network is limited by the penalty, not by its own error.'
              : law.slope > -1
                ? 'The quadratic penalty method alone would divide it by 10: part of what remains is the network’s own error, which no λ removes.'
                : 'That is more than the 1/λ of the quadratic penalty method: small λ leave the region where that law holds.')
          : 'The violation does not fall reliably as λ grows.',
      basis: `Exponent of violation in λ: ${slopeText(law)}; the quadratic penalty method has −1 (Nocedal & Wright, §17.1).`,
    });
  }
  const price = spearman(
    lambdas,
    runs.map((run) => tail(run, 'valid/gap_mean')),
  );
  claims.push({
    text:
      `From λ = ${formatShort(first.lambda)} to ${formatShort(last.lambda)} the gap goes from ${estimateText(first.gap)} to ${estimateText(last.gap)} ` +
      `and the violation from ${estimateText(first.violation)} to ${estimateText(last.violation)}.` +
      (first.gap.value < 0 ? ' The negative gap is bought with infeasibility and is no better solution.' : ''),
    basis: `Spearman’s ρ of λ and gap over ${runs.length} runs: ${formatNumber(price.rho, 2)}, p = ${formatNumber(price.p, 2)}.`,
  });
  const dominated = rows.filter(({ onFront }) => !onFront);
  claims.push({
    text:
      dominated.length === 0
        ? 'Every λ lies on the front: which one is right depends on how much violation is acceptable.'
        : `λ = ${dominated.map(({ lambda }) => formatShort(lambda)).join(', ')} ${dominated.length === 1 ? 'is' : 'are'} dominated: another λ has both a smaller gap and a smaller violation.`,
    basis: `Pareto front of the means: λ = ${rows
      .filter(({ onFront }) => onFront)
      .map(({ lambda }) => formatShort(lambda))
      .join(', ')}.`,
  });
  const nearest = rows.reduce((best, row) => (row.dist.value < best.dist.value ? row : best));
  claims.push({
    text: `The outputs are closest to the solutions at λ = ${formatShort(nearest.lambda)}.`,
    basis: `Mean relative distance ${estimateText(nearest.dist)}.`,
  });
  return claims;
}

const interval = '95 % bootstrap over seeds';
const bounds = (estimates: readonly Estimate[]) => ({
  low: estimates.map(({ low }) => low),
  high: estimates.map(({ high }) => high),
});

function tradeOffFigure(rows: readonly Row[]): Findings['figures'][number] {
  const front = rows.filter(({ onFront }) => onFront).sort((a, b) => a.violation.value - b.violation.value);
  const violations = bounds(rows.map((row) => row.violation));
  return {
    name: 'trade-off',
    caption:
      'Each point is a λ: mean over seeds with its interval in both directions; small points are single runs. The line is the Pareto front.',
    figure: {
      format: 'adjoint-figure',
      version: 1,
      title: 'Gap against violation',
      panels: [
        {
          x: { label: 'Violation', scale: 'log' },
          y: { label: 'Optimality gap, signed' },
          series: [
            {
              mark: 'points',
              label: 'Runs',
              x: data(rows.flatMap(({ runs }) => runs.map(violation))),
              y: data(rows.flatMap(({ runs }) => runs.map((run) => tail(run, 'valid/gap_mean')))),
            },
            {
              mark: 'points',
              label: 'Mean by $\\lambda$',
              x: data(rows.map((row) => row.violation.value)),
              xLow: violations.low,
              xHigh: violations.high,
              y: data(rows.map((row) => row.gap.value)),
              ...bounds(rows.map((row) => row.gap)),
              interval,
              names: rows.map(({ lambda }) => `$\\lambda$ = ${formatShort(lambda)}`),
            },
            {
              mark: 'front',
              label: 'Pareto front',
              x: front.map((row) => row.violation.value),
              y: front.map((row) => row.gap.value),
            },
          ],
          annotations: [{ kind: 'horizontal', at: 0 }],
        },
      ],
    },
  };
}

function scalingFigure(rows: readonly Row[], runs: readonly StudyRun[]): Findings['figures'][number] {
  const x = rows.map(({ lambda }) => lambda);
  const middle = rows[Math.floor(rows.length / 2)];
  const law = logLogSlope(runs.map(lambdaOf), runs.map(violation));
  return {
    name: 'scaling',
    caption: `Violation and gap over λ. The thin line has the exponent −1 of the quadratic penalty method; fitted: ${slopeText(law)}.`,
    figure: {
      format: 'adjoint-figure',
      version: 1,
      title: 'Violation and gap over $\\lambda$',
      style: { width: 178, columns: 2, legend: 'none' },
      panels: [
        {
          x: { label: 'Penalty weight $\\lambda$', scale: 'log' },
          y: { label: 'Violation', scale: 'log' },
          series: [
            {
              mark: 'line',
              label: 'Violation',
              x,
              y: data(rows.map((row) => row.violation.value)),
              ...bounds(rows.map((row) => row.violation)),
              interval,
            },
          ],
          annotations: [{ kind: 'slope', x: middle.lambda, y: middle.violation.value, exponent: -1, label: '−1' }],
        },
        {
          x: { label: 'Penalty weight $\\lambda$', scale: 'log' },
          y: { label: 'Optimality gap, signed' },
          series: [
            {
              mark: 'line',
              label: 'Gap',
              x,
              y: data(rows.map((row) => row.gap.value)),
              ...bounds(rows.map((row) => row.gap)),
              interval,
            },
          ],
          annotations: [{ kind: 'horizontal', at: 0 }],
        },
      ],
    },
  };
}
