import { mean } from '@shared/statistics/summary';
import type { Estimate } from '@shared/studies';
import { type ArmName, armNames, arms } from './allTechniquesSweeps';
import { partMeans, type Samples } from './curves';
import { estimate, groups, tail, violation } from './estimates';
import type { StudyRun } from './study';

/** One technique over its seeds. */
export interface TechniqueRow {
  name: ArmName;
  title: string;
  runs: StudyRun[];
  gap: Estimate;
  dist: Estimate;
  eqMax: Estimate;
  ineqMax: Estimate;
  /** The larger of the mean equality and inequality violation of the worst row. */
  violation: Estimate;
  violated: Estimate;
  steps: Estimate;
  /** Seconds of training steps. */
  training: Estimate;
  /** Share of its epochs that a run has done. */
  done: Estimate;
  /** Seconds of training steps for all epochs, on a core of its own. */
  whole: Estimate;
  inference: Estimate;
  /** Time of the exact solver over that of inference, for an instance. */
  speed: Estimate;
  /** Processor seconds for each second of the clock, over the run. */
  processors: Estimate;
  /** Mean gap of the last tenth of the seconds less that of the tenth before. */
  change: Estimate;
}

export function rowsOf(runs: readonly StudyRun[]): TechniqueRow[] {
  const byTechnique = groups(runs, ({ summary }) => String(summary.settings['technique.kind']) as ArmName);
  return armNames.flatMap((name) => {
    const own = byTechnique.get(name);
    if (!own) return [];
    const over = (of: (run: StudyRun) => number) => estimate(own.map(of));
    const last = (metric: string) => over((run) => tail(run, metric));
    return {
      name,
      title: arms[name].title,
      runs: own,
      gap: last('valid/gap_mean'),
      dist: last('valid/dist_mean'),
      eqMax: last('valid/eq_max'),
      ineqMax: last('valid/ineq_max'),
      violation: over(violation),
      violated: last('valid/violated_share'),
      steps: over(({ summary }) => summary.metrics.loss?.count ?? NaN),
      training: over(trainingSeconds),
      done: over(shareDone),
      whole: over((run) => (trainingSeconds(run) * Math.min(1, processors(run))) / shareDone(run)),
      inference: last('time/inference'),
      speed: over((run) => tail(run, 'time/exact_solver') / tail(run, 'time/inference')),
      processors: over(processors),
      change: over(lateChange),
    };
  });
}

const trainingSeconds = ({ summary }: StudyRun): number => summary.metrics['time/training']?.last ?? NaN;

/** Values of a metric at validations over the seconds of training steps; what was not measured is left out. */
export function overSeconds(run: StudyRun, metric: string): Samples {
  const { values } = run.series('epoch', ['time/training', metric]);
  return { x: values['time/training'], values: values[metric] };
}

function shareDone(run: StudyRun): number {
  const { epoch } = run.series('epoch', ['valid/gap_mean']);
  return (epoch.at(-1) ?? NaN) / Number(run.summary.settings['training.epochs']);
}

function processors(run: StudyRun): number {
  const { values } = run.series('system', ['system/cpu']);
  const measured = values['system/cpu'].filter((value) => !Number.isNaN(value));
  return measured.length > 0 ? mean(measured) : NaN;
}

function lateChange(run: StudyRun): number {
  const { x, values } = overSeconds(run, 'valid/gap_mean');
  const means = partMeans(x, values, x.at(-1) ?? 0, 10);
  return means[9] - means[8];
}
