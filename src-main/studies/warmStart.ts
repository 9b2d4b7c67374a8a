import { curvesPanel } from '@shared/figures/studyFigures';
import { formatNumber, formatShort } from '@shared/format';
import { estimateText } from '@shared/reports/cells';
import { wilcoxonSignedRank } from '@shared/statistics/pairedTests';
import type { Claim, Estimate } from '@shared/studies';
import { z } from 'zod';
import { curve } from './curves';
import { direction, estimate, groups, tail, testText, warningsOf } from './estimates';
import type { Findings, Study, StudyRun } from './study';
import { theseusStudySettings, theseusSweep } from './theseusSweep';

const settings = theseusStudySettings.extend({
  epochs: theseusStudySettings.shape.epochs.default(40),
  distances: z
    .array(z.number().min(0))
    .min(1)
    .default([0, 0.1, 1])
    .describe('Weights α of ‖y − ŷ‖² in the loss: 0 leaves the network free to let the layer do the work.'),
});

const gain = 'inner/warm_start_gain';
const warm = 'inner/iterations_median';

interface Row {
  distance: number;
  runs: StudyRun[];
  early: Estimate;
  late: Estimate;
  change: Estimate;
  warmEarly: Estimate;
  warmLate: Estimate;
  cold: Estimate;
  displacement: Estimate;
  gap: Estimate;
}

export const warmStart: Study<typeof settings> = {
  name: 'warm-start',
  title: 'The network as a warm start of the inner solve',
  question: 'Does beginning at the network’s output speed up the inner loop, and does this improve over training?',
  method:
    'Trains the unrolled layer in the mode project for every weight α of ‖y − ŷ‖² in the loss and every seed. At validation the inner problems of a probe batch are solved twice to ‖Jᵀr‖∞ ≤ 1e-6, from the network’s output and from ' +
    'A⁺x; the gain is the median number of iterations of the second over that of the first. Early is the first, late the last third of training.',
  settings,
  sweeps: (given) => [
    theseusSweep(
      `Warm start on ${given.dataset}`,
      given,
      { mode: 'project', backward: { kind: 'unroll' } },
      { 'technique.loss.distance': given.distances },
    ),
  ],
  analyse(_, runs): Findings {
    const byDistance = groups(runs, distanceOf);
    const rows = [...byDistance.entries()].sort(([a], [b]) => a - b).map(([distance, own]) => rowOf(distance, own));
    return {
      reading: reading(rows, runs),
      warnings: warningsOf(runs, byDistance),
      tables: [
        {
          name: 'warm-start',
          title: 'Warm-start gain by weight of the distance',
          caption: 'Means over seeds with 95 % percentile bootstrap intervals.',
          columns: [
            { key: 'distance', title: 'α' },
            { key: 'seeds', title: 'Seeds' },
            { key: 'early', title: 'Gain, first third' },
            { key: 'late', title: 'Gain, last third' },
            { key: 'change', title: 'Change' },
            { key: 'warmEarly', title: 'Iterations from ŷ, first third' },
            { key: 'warmLate', title: '… last third' },
            { key: 'cold', title: 'Iterations from A⁺x, last third' },
            { key: 'displacement', title: '‖y − ŷ‖' },
            { key: 'gap', title: 'Gap' },
          ],
          rows: rows.map(({ runs: { length }, ...row }) => ({ ...row, seeds: length })),
        },
      ],
      figures: [figure(rows)],
    };
  },
};

const distanceOf = (run: StudyRun): number => Number(run.summary.settings['technique.loss.distance']);

/** Mean of a metric over a part of training, from and to as shares of it; NaN where it was not measured there. */
function over(run: StudyRun, metric: string, from: number, to: number): number {
  const { epoch, values } = run.series('epoch', [metric]);
  const end = epoch.at(-1) ?? 0;
  const own = Array.from(values[metric]).filter(
    (value, i) => Number.isFinite(value) && epoch[i] >= from * end && epoch[i] <= to * end,
  );
  return own.length > 0 ? own.reduce((a, b) => a + b, 0) / own.length : NaN;
}

const early = (run: StudyRun, metric: string) => over(run, metric, 0, 1 / 3);
const late = (run: StudyRun, metric: string) => over(run, metric, 2 / 3, 1);

function rowOf(distance: number, runs: StudyRun[]): Row {
  const of = (value: (run: StudyRun) => number) => estimate(runs.map(value));
  return {
    ...{ distance, runs },
    early: of((run) => early(run, gain)),
    late: of((run) => late(run, gain)),
    change: of((run) => late(run, gain) - early(run, gain)),
    warmEarly: of((run) => early(run, warm)),
    warmLate: of((run) => late(run, warm)),
    cold: of((run) => late(run, 'inner/cold_iterations_median')),
    displacement: of((run) => tail(run, 'inner/displacement')),
    gap: of((run) => tail(run, 'valid/gap_mean')),
  };
}

function reading(rows: readonly Row[], runs: readonly StudyRun[]): Claim[] {
  const claims: Claim[] = [];
  for (const { distance, late: gainLate, change, early: gainEarly, warmLate, cold } of rows) {
    const name = `With α = ${formatShort(distance)}`;
    const beyond = direction({ ...gainLate, low: less(gainLate.low), high: less(gainLate.high) });
    claims.push({
      text:
        beyond === 'above'
          ? `${name} the network’s output is the better start: the inner solve needs ${formatNumber(warmLate.value, 3)} iterations from it and ${formatNumber(cold.value, 3)} from A⁺x.`
          : beyond === 'below'
            ? `${name} the network’s output is the worse start: the inner solve needs ${formatNumber(warmLate.value, 3)} iterations from it and only ${formatNumber(cold.value, 3)} from A⁺x.`
            : `${name} it makes no clear difference where the inner solve begins: ${formatNumber(warmLate.value, 3)} iterations from the network’s output, ${formatNumber(cold.value, 3)} from A⁺x.`,
      basis: `Gain in the last third of training: ${estimateText(gainLate)}.`,
    });
    const way = direction(change);
    claims.push({
      text:
        way === 'above'
          ? `${name} the gain grows over training.`
          : way === 'below'
            ? `${name} the gain shrinks over training.`
            : `${name} the gain does not change clearly over training.`,
      basis: `From ${estimateText(gainEarly)} in the first to ${estimateText(gainLate)} in the last third; change ${estimateText(change)}.`,
    });
  }
  const changes = runs.map((run) => late(run, warm) - early(run, warm)).filter(Number.isFinite);
  const test = wilcoxonSignedRank(changes);
  const average = changes.reduce((a, b) => a + b, 0) / changes.length;
  claims.push({
    text:
      test.p < 0.05
        ? `Over all runs the inner solve needs ${formatNumber(Math.abs(average), 2)} iterations ${average < 0 ? 'fewer' : 'more'} at the end of training than at its beginning.`
        : 'Over all runs the number of inner iterations from the network’s output does not change clearly.',
    basis: testText(test),
  });
  return claims;
}

const less = (bound: number | null): number | null => (bound === null ? null : bound - 1);

function figure(rows: readonly Row[]): Findings['figures'][number] {
  const lines = (metric: string) =>
    rows.map(({ distance, runs }) => ({
      label: `$\\alpha$ = ${formatShort(distance)}`,
      ...curve(runs, 'epoch', metric, 10),
    }));
  const interval = '95 % bootstrap over seeds';
  return {
    name: 'gain',
    caption:
      'Over training, means of ten equal parts, then over seeds with bootstrap bands. Above one the network’s output is the better start.',
    figure: {
      format: 'adjoint-figure',
      version: 1,
      title: 'Warm-start gain over training',
      style: { width: 178, columns: 3 },
      panels: [
        curvesPanel({ title: 'Gain', x: 'Epoch', y: { label: 'Warm-start gain', scale: 'linear' }, lines: lines(gain), interval, thresholds: [1] }), // prettier-ignore
        curvesPanel({ title: 'Iterations from the network', x: 'Epoch', y: { label: 'Median iterations', scale: 'linear' }, lines: lines(warm), interval }), // prettier-ignore
        curvesPanel({ title: 'What the layer moves', x: 'Epoch', y: { label: 'Distance', scale: 'log' }, lines: lines('inner/displacement'), interval }), // prettier-ignore
      ],
    },
  };
}
