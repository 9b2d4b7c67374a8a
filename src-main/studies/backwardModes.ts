import { curvesPanel, samplesPanel } from '@shared/figures/studyFigures';
import { formatNumber } from '@shared/format';
import { estimateText } from '@shared/reports/cells';
import { median } from '@shared/statistics/summary';
import type { Claim, Estimate } from '@shared/studies';
import { z } from 'zod';
import { curve } from './curves';
import { estimate, groups, tail, violation, warningsOf } from './estimates';
import type { Findings, Study, StudyRun } from './study';
import { lost, theseusStudySettings, theseusSweep } from './theseusSweep';

const settings = theseusStudySettings.extend({
  iterations: z
    .array(z.int().min(1).max(1000))
    .min(1)
    .default([2, 10])
    .describe('Numbers of inner iterations: one that has nearly converged and one that has not.'),
});

/** Modes whose derivative exists in each mode of the layer. */
const modes = {
  anchored: ['unroll', 'truncated', 'implicit', 'implicitNewton', 'dlm'],
  project: ['unroll', 'implicit'],
} as const;
const words: Record<string, string> = {
  unroll: 'unroll',
  truncated: 'truncated',
  implicit: 'implicit',
  implicitNewton: 'implicit, Newton',
  dlm: 'DLM',
};

/** One way to differentiate at one number of iterations. */
interface Row {
  label: string;
  mode: string;
  backward: string;
  iterations: number;
  runs: StudyRun[];
  cosine: Estimate;
  error: Estimate;
  norm: Estimate;
  roughness: Estimate;
  gap: Estimate;
  violation: Estimate;
  milliseconds: Estimate;
  megabytes: Estimate;
}

export const backwardModes: Study<typeof settings> = {
  name: 'backward-modes',
  title: 'Backward modes of the Theseus layer',
  question:
    'How does the way in which the inner solve is differentiated change the gradient, the stability of training and the memory, also where the solve has not converged?',
  method:
    'Trains the same network through the layer with every backward mode, anchored and project, at each number of inner iterations and from each seed. At validation the layer’s ' +
    'gradient of f for a probe batch is compared with that of an inner solve to rounding, differentiated exactly. Roughness is the median relative change of the training loss from one epoch to the next in ' +
    'the second half of training.',
  settings,
  sweeps: (given) =>
    (['anchored', 'project'] as const).map((mode) =>
      theseusSweep(
        `Backward modes, ${mode}, on ${given.dataset}`,
        given,
        { mode },
        { 'technique.backward.kind': [...modes[mode]], 'technique.iterations': given.iterations },
      ),
    ),
  analyse(_, runs): Findings {
    const byArm = groups(runs, armOf);
    const rows = [...byArm.values()]
      .map(rowOf)
      .sort((a, b) => a.mode.localeCompare(b.mode) || a.iterations - b.iterations);
    return {
      reading: reading(rows),
      warnings: [...warningsOf(runs, byArm), ...lost(runs)],
      tables: [
        {
          name: 'modes',
          title: 'Gradient quality, stability and cost by backward mode',
          caption:
            'Means over seeds with 95 % percentile bootstrap intervals; of each run the mean of the last tenth of its samples. Time and memory are of the layer’s backward pass.',
          columns: [
            { key: 'mode', title: 'Layer' },
            { key: 'backward', title: 'Backward' },
            { key: 'iterations', title: 'Iterations' },
            { key: 'seeds', title: 'Seeds' },
            { key: 'cosine', title: 'Cosine with exact' },
            { key: 'error', title: 'Relative error' },
            { key: 'norm', title: 'Norm / exact' },
            { key: 'roughness', title: 'Roughness' },
            { key: 'gap', title: 'Gap' },
            { key: 'violation', title: 'Violation' },
            { key: 'milliseconds', title: 'Backward (ms)' },
            { key: 'megabytes', title: 'Memory (MB)' },
          ],
          rows: rows.map(({ runs: { length }, label: _, ...row }) => ({ ...row, seeds: length })),
        },
      ],
      figures: [qualityFigure(rows), trainingFigure(rows)],
    };
  },
};

const text = (run: StudyRun, key: string): string => String(run.summary.settings[key]);
const armOf = (run: StudyRun): string =>
  `${text(run, 'technique.mode')} ${text(run, 'technique.backward.kind')} ${text(run, 'technique.iterations')}`;

function rowOf(runs: StudyRun[]): Row {
  const [first] = runs;
  const [mode, kind] = [text(first, 'technique.mode'), text(first, 'technique.backward.kind')];
  const iterations = Number(text(first, 'technique.iterations'));
  const over = (metric: string) => estimate(runs.map((run) => tail(run, metric)));
  return {
    ...{ label: `${words[kind]}, ${iterations}`, mode, backward: words[kind], iterations, runs },
    cosine: over('inner/gradient_cosine'),
    error: over('inner/gradient_error'),
    norm: over('inner/gradient_norm_ratio'),
    roughness: estimate(runs.map(roughness)),
    gap: over('valid/gap_mean'),
    violation: estimate(runs.map(violation)),
    milliseconds: over('time/inner_backward'),
    megabytes: over('inner/memory'),
  };
}

/** Median of |L_{k+1} − L_k|/max(1, |L_k|) over the second half of the epochs. */
export function roughness(run: StudyRun): number {
  const { values } = run.series('epoch', ['train/loss_epoch']);
  const losses = values['train/loss_epoch'].filter((value) => !Number.isNaN(value));
  const half = losses.slice(Math.floor(losses.length / 2));
  const changes = Array.from(half.slice(1), (value, i) => Math.abs(value - half[i]) / Math.max(1, Math.abs(half[i])));
  return changes.length > 0 ? median(changes) : NaN;
}

function reading(rows: readonly Row[]): Claim[] {
  const claims: Claim[] = [];
  for (const mode of ['anchored', 'project']) {
    const own = rows.filter((row) => row.mode === mode && Number.isFinite(row.error.value));
    if (own.length < 2) continue;
    const most = Math.max(...own.map(({ iterations }) => iterations));
    const least = Math.min(...own.map(({ iterations }) => iterations));
    const best = (list: readonly Row[]) => list.reduce((a, b) => (b.error.value < a.error.value ? b : a));
    const worst = (list: readonly Row[]) => list.reduce((a, b) => (b.error.value > a.error.value ? b : a));
    const at = (iterations: number) => own.filter((row) => row.iterations === iterations);
    const [converged, early] = [at(most), at(least)];
    claims.push({
      text:
        `In the mode ${mode}, after ${most} inner iterations, ${best(converged).backward} is nearest to the exact gradient and ` +
        `${worst(converged).backward} farthest from it.`,
      basis:
        converged.map(({ backward, error }) => `${backward} ${estimateText(error)}`).join('; ') + ' relative error.',
    });
    if (least < most) {
      const robust = best(early);
      const hurt = early
        .map((row) => ({ row, full: converged.find(({ backward }) => backward === row.backward) }))
        .filter(({ row, full }) => full && (row.error.low ?? -Infinity) > (full.error.high ?? Infinity))
        .map(({ row }) => row.backward);
      claims.push({
        text:
          hurt.length > 0
            ? `With an inner solve that is cut off after ${least}, the gradient gets clearly worse for ${hurt.join(', ')}; ${robust.backward} then has the smallest error.`
            : `Cutting the inner solve off after ${least} iterations makes no clear difference to any gradient of this mode.`,
        basis:
          early.map(({ backward, error }) => `${backward} ${estimateText(error)}`).join('; ') +
          ` at ${least} iterations.`,
      });
    }
    const rough = own.reduce((a, b) => (b.roughness.value > a.roughness.value ? b : a));
    const smooth = own.reduce((a, b) => (b.roughness.value < a.roughness.value ? b : a));
    const apart = (rough.roughness.low ?? -Infinity) > (smooth.roughness.high ?? Infinity);
    claims.push({
      text: apart
        ? `Training is roughest with ${rough.label} iterations and smoothest with ${smooth.label}.`
        : `No backward mode of ${mode} makes training clearly rougher than another.`,
      basis: `Median relative change of the epoch loss: ${estimateText(rough.roughness)} against ${estimateText(smooth.roughness)}.`,
    });
    const heavy = converged.reduce((a, b) => (b.megabytes.value > a.megabytes.value ? b : a));
    const light = converged.reduce((a, b) => (b.megabytes.value < a.megabytes.value ? b : a));
    if (heavy !== light)
      claims.push({
        text: `At ${most} iterations ${heavy.backward} holds ${formatNumber(heavy.megabytes.value / light.megabytes.value, 2)} times the memory of ${light.backward}, and its backward pass takes ${formatNumber(heavy.milliseconds.value / light.milliseconds.value, 2)} times as long.`,
        basis: `${estimateText(heavy.megabytes)} against ${estimateText(light.megabytes)} MB; ${estimateText(heavy.milliseconds)} against ${estimateText(light.milliseconds)} ms.`,
      });
  }
  return claims;
}

function qualityFigure(rows: readonly Row[]): Findings['figures'][number] {
  const panel = (mode: string, metric: string, label: string, scale: 'linear' | 'log') => {
    const own = rows.filter((row) => row.mode === mode);
    const backward = [...new Set(own.map((row) => row.backward))];
    const counts = [...new Set(own.map(({ iterations }) => iterations))].sort((a, b) => a - b);
    return {
      title: mode,
      ...samplesPanel({
        x: '',
        y: { label, scale },
        categories: backward,
        groups: counts.map((iterations) => ({
          label: `${iterations} iterations`,
          samples: backward.map(
            (name) =>
              own
                .find((row) => row.backward === name && row.iterations === iterations)
                ?.runs.map((run) => tail(run, metric)) ?? [],
          ),
        })),
        mark: 'strip',
      }),
    };
  };
  const present = ['anchored', 'project'].filter((mode) => rows.some((row) => row.mode === mode));
  return {
    name: 'quality',
    caption:
      'Relative error of the layer’s gradient against the exact one, one point a run; above by mode of the layer, at each number of inner iterations.',
    figure: {
      format: 'adjoint-figure',
      version: 1,
      title: 'Error of the gradient by backward mode',
      style: { width: 178, columns: 2 },
      panels: present.map((mode) => panel(mode, 'inner/gradient_error', 'Relative error', 'log')),
    },
  };
}

function trainingFigure(rows: readonly Row[]): Findings['figures'][number] {
  const most = Math.max(...rows.map(({ iterations }) => iterations));
  const least = Math.min(...rows.map(({ iterations }) => iterations));
  const panel = (iterations: number) => ({
    ...curvesPanel({
      title: `anchored, ${iterations} iterations`,
      x: 'Epoch',
      y: { label: 'Training loss', scale: 'linear' },
      lines: rows
        .filter((row) => row.mode === 'anchored' && row.iterations === iterations)
        .map((row) => ({ label: row.backward, ...curve(row.runs, 'epoch', 'train/loss_epoch', 20) })),
      interval: '95 % bootstrap over seeds',
    }),
  });
  return {
    name: 'training',
    caption:
      'Training loss of the mode anchored, means of equal parts of training, then over seeds with bootstrap bands.',
    figure: {
      format: 'adjoint-figure',
      version: 1,
      title: 'Training by backward mode',
      style: { width: 178, columns: 2 },
      panels: [...new Set([least, most])].map(panel),
    },
  };
}
