import { curvesPanel } from '@shared/figures/studyFigures';
import { formatNumber } from '@shared/format';
import { estimateText } from '@shared/reports/cells';
import { spearman } from '@shared/statistics/correlation';
import type { Claim, Estimate } from '@shared/studies';
import { z } from 'zod';
import { estimate, groups, tail, violation, warningsOf } from './estimates';
import type { Findings, Study, StudyRun } from './study';
import { lost, theseusStudySettings, theseusSweep } from './theseusSweep';

const settings = theseusStudySettings.extend({
  iterations: z
    .array(z.int().min(1).max(1000))
    .min(2)
    .default([1, 2, 5, 10, 20])
    .describe('Numbers of inner iterations.'),
});

interface Row {
  mode: string;
  iterations: number;
  runs: StudyRun[];
  signal: Estimate;
  noise: Estimate;
  norm: Estimate;
  cosine: Estimate;
  displacement: Estimate;
  gap: Estimate;
  violation: Estimate;
  milliseconds: Estimate;
}

const metrics = {
  signal: 'gradient/objective_norm',
  noise: 'gradient/signal_to_noise',
  norm: 'inner/gradient_norm_ratio',
  cosine: 'inner/gradient_cosine',
  displacement: 'inner/displacement',
  gap: 'valid/gap_mean',
} as const;

export const innerIterations: Study<typeof settings> = {
  name: 'inner-iterations',
  title: 'Inner iterations and the network’s gradient signal',
  question: 'What does the number of inner iterations do to the gradient signal that reaches the network?',
  method:
    'Trains the same network through the unrolled layer, anchored and project, for every number of inner iterations and seed. Signal: norm of the objective’s gradient for all weights, and its ' +
    'signal-to-noise ratio over micro-batches. Against the exact gradient of the converged layer on a probe batch: ratio of norms and cosine.',
  settings,
  sweeps: (given) => [
    theseusSweep(
      `Inner iterations on ${given.dataset}`,
      given,
      { backward: { kind: 'unroll' } },
      { 'technique.mode': ['anchored', 'project'], 'technique.iterations': given.iterations },
      { gradientsEvery: 10, microBatches: 4 },
    ),
  ],
  analyse(_, runs): Findings {
    const byArm = groups(runs, (run) => `${modeOf(run)} ${countOf(run)}`);
    const rows = [...byArm.values()].map(rowOf).sort((a, b) => a.iterations - b.iterations);
    return {
      reading: ['anchored', 'project'].flatMap((mode) =>
        reading(
          mode,
          rows.filter((row) => row.mode === mode),
        ),
      ),
      warnings: [...warningsOf(runs, byArm), ...lost(runs)],
      tables: [
        {
          name: 'iterations',
          title: 'The gradient’s signal by number of inner iterations',
          caption:
            'Means over seeds with 95 % percentile bootstrap intervals; of each run the mean of the last tenth of its samples.',
          columns: [
            { key: 'mode', title: 'Layer' },
            { key: 'iterations', title: 'Iterations' },
            { key: 'seeds', title: 'Seeds' },
            { key: 'signal', title: '‖∇_θ f‖' },
            { key: 'noise', title: 'Signal to noise' },
            { key: 'norm', title: 'Norm / exact' },
            { key: 'cosine', title: 'Cosine with exact' },
            { key: 'displacement', title: '‖y − ŷ‖' },
            { key: 'gap', title: 'Gap' },
            { key: 'violation', title: 'Violation' },
            { key: 'milliseconds', title: 'Layer (ms)' },
          ],
          rows: [...rows]
            .sort((a, b) => a.mode.localeCompare(b.mode) || a.iterations - b.iterations)
            .map(({ runs: { length }, ...row }) => ({ ...row, seeds: length })),
        },
      ],
      figures: [figure(rows)],
    };
  },
};

const modeOf = (run: StudyRun): string => String(run.summary.settings['technique.mode']);
const countOf = (run: StudyRun): number => Number(run.summary.settings['technique.iterations']);

function rowOf(runs: StudyRun[]): Row {
  const over = (metric: string) => estimate(runs.map((run) => tail(run, metric)));
  return {
    ...{ mode: modeOf(runs[0]), iterations: countOf(runs[0]), runs },
    signal: over(metrics.signal),
    noise: over(metrics.noise),
    norm: over(metrics.norm),
    cosine: over(metrics.cosine),
    displacement: over(metrics.displacement),
    gap: over(metrics.gap),
    violation: estimate(runs.map(violation)),
    milliseconds: estimate(runs.map((run) => tail(run, 'time/inner_forward') + tail(run, 'time/inner_backward'))),
  };
}

function reading(mode: string, rows: readonly Row[]): Claim[] {
  if (rows.length < 2) return [];
  const [first, last] = [rows[0], rows[rows.length - 1]];
  const runs = rows.flatMap((row) => row.runs);
  const trend = (metric: string) =>
    spearman(
      runs.map(countOf),
      runs.map((run) => tail(run, metric)),
    );
  const clear = ({ rho, p }: { rho: number; p: number }) => (p < 0.05 ? (rho > 0 ? 'rises' : 'falls') : null);
  const basis = ({ rho, p }: { rho: number; p: number }) =>
    `Spearman’s ρ with the number of iterations over ${runs.length} runs: ${formatNumber(rho, 2)}, p = ${formatNumber(p, 2)}.`;
  const claims: Claim[] = [];
  const norm = trend(metrics.norm);
  claims.push({
    text: clear(norm)
      ? `In the mode ${mode} the norm of the layer’s gradient ${clear(norm)} from ${estimateText(first.norm)} times that of the exact one at ${first.iterations} to ${estimateText(last.norm)} at ${last.iterations} inner iterations.`
      : `In the mode ${mode} the norm of the layer’s gradient does not depend clearly on the number of inner iterations.`,
    basis: basis(norm),
  });
  const cosine = trend(metrics.cosine);
  const enough = rows.find((row) => row.cosine.value >= 0.99);
  claims.push({
    text: enough
      ? `Its direction is within a cosine of .99 of the exact gradient from ${enough.iterations} iterations on.`
      : `Its direction stays away from the exact gradient: the cosine is ${estimateText(last.cosine)} at ${last.iterations} iterations.`,
    basis: `${rows.map((row) => `${row.iterations}: ${estimateText(row.cosine)}`).join('; ')}. ${basis(cosine)}`,
  });
  const noise = trend(metrics.noise);
  claims.push({
    text: clear(noise)
      ? `The signal-to-noise ratio of the network’s gradient ${clear(noise)} with the number of inner iterations, from ${estimateText(first.noise)} to ${estimateText(last.noise)}.`
      : 'The signal-to-noise ratio of the network’s gradient shows no clear trend.',
    basis: basis(noise),
  });
  const best = rows.reduce((a, b) => (Math.abs(b.gap.value) < Math.abs(a.gap.value) ? b : a));
  const worst = rows.reduce((a, b) => (Math.abs(b.gap.value) > Math.abs(a.gap.value) ? b : a));
  claims.push({
    text: `What it is for: the gap is nearest to zero with ${best.iterations} inner iterations and farthest with ${worst.iterations}; a step’s layer takes ${formatNumber(best.milliseconds.value / worst.milliseconds.value, 2)} times as long.`,
    basis: `Gap ${estimateText(best.gap)} against ${estimateText(worst.gap)}, violation ${estimateText(best.violation)} against ${estimateText(worst.violation)}.`,
  });
  return claims;
}

function figure(rows: readonly Row[]): Findings['figures'][number] {
  const panel = (
    title: string,
    key: keyof typeof metrics,
    label: string,
    scale: 'linear' | 'log',
    at: number[] = [],
  ) => {
    const made = curvesPanel({
      title,
      x: 'Inner iterations',
      y: { label, scale },
      lines: ['anchored', 'project']
        .map((mode) => ({ mode, own: rows.filter((row) => row.mode === mode) }))
        .filter(({ own }) => own.length > 0)
        .map(({ mode, own }) => ({
          label: mode,
          x: own.map(({ iterations }) => iterations),
          y: own.map((row) => row[key].value),
          low: own.map((row) => row[key].low),
          high: own.map((row) => row[key].high),
        })),
      interval: '95 % bootstrap over seeds',
      thresholds: at,
    });
    return { ...made, x: { ...made.x, scale: 'log' as const } };
  };
  return {
    name: 'signal',
    caption:
      'The gradient that reaches the network, by number of inner iterations: means over seeds with bootstrap bands.',
    figure: {
      format: 'adjoint-figure',
      version: 1,
      title: 'Gradient signal over inner iterations',
      style: { width: 178, height: 110, columns: 2 },
      panels: [
        panel('Norm against exact', 'norm', 'Norm / exact', 'log', [1]),
        panel('Direction', 'cosine', 'Cosine with exact', 'linear', [1]),
        panel('Signal to noise', 'noise', 'Signal to noise', 'log'),
        panel('Optimality gap', 'gap', 'Gap', 'log'),
      ],
    },
  };
}
