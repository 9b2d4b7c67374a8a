import type { Clock, Manifest, RunSummary } from '@shared/run';
import { AdjointError } from '@shared/errors';
import { parseFigure, type Provenance } from '@shared/figures/spec';
import type { StudyInfo, StudyResult } from '@shared/studies';
import type { SweepPreview, SweepStarted } from '@shared/sweeps';
import { readClock } from '../store/metricReader';
import type { RunDirectory } from '../store/runDirectory';
import { findStudy, studies } from '../studies/registry';
import type { LeftOut, Study, StudyRun } from '../studies/study';
import { findingsOf } from '../modelling/caseFile';
import { jsonSchema } from '../modelling/method';
import { parseSweep } from '../experiments/experiment';
import { build } from './build';
import type { DatasetPlaces } from './datasets';
import { unfitHere } from './fit';
import { type PreparedSweep, prepareSweep, type SweepPlaces } from './sweepPlan';
import type { Sweeps } from './sweeps';

/** A study by its name with the settings that differ from its defaults. */
export interface StudyAsk {
  name: string;
  settings: Record<string, unknown>;
}

export const studyInfos = (): StudyInfo[] =>
  studies.map(({ name, title, question, method, settings }) => ({
    ...{ name, title, question, method },
    settings: jsonSchema(settings),
  }));

interface AskedStudy {
  study: Study;
  settings: Record<string, unknown>;
  /** Experiment files with a sweep. */
  sweeps: string[];
  /** Sweeps that do not fit their dataset, where the study goes on without them. */
  leftOut: LeftOut[];
}

/** @throws AdjointError `not-found`; `bad-request` that names every setting that is wrong */
export function askedStudy(places: DatasetPlaces, { name, settings }: StudyAsk): AskedStudy {
  const study = findStudy(name);
  const parsed = study.settings.safeParse(settings);
  if (!parsed.success)
    throw new AdjointError('bad-request', `The settings of the study “${name}” are not valid.`, {
      findings: findingsOf(parsed.error),
      fix: 'Correct the settings named above. Nothing was started.',
    });
  const all = study.sweeps(parsed.data);
  const leftOut = study.leavesOutUnfit ? unfitSweeps(places, all) : [];
  const sweeps = all.filter((_, i) => !leftOut.some(({ sweep }) => sweep === i));
  return { study, settings: parsed.data as Record<string, unknown>, sweeps, leftOut };
}

/** Sweeps with a point that does not fit its dataset; what else may be wrong is found when they are prepared. */
function unfitSweeps(places: DatasetPlaces, sweeps: readonly string[]): LeftOut[] {
  return sweeps.flatMap((yaml, sweep) => {
    for (const { experiment } of parseSweep(yaml).plan?.runs ?? []) {
      const unfit = unfitHere(experiment, places, yaml);
      if (unfit) return [{ sweep, reason: unfit.message }];
    }
    return [];
  });
}

const placesOf = ({ workspace, resources }: SweepPlaces): DatasetPlaces => ({ workspace: workspace.path, resources });

/** What running a study would do. */
export async function previewStudy(sweeps: Sweeps, ask: StudyAsk): Promise<SweepPreview[]> {
  return Promise.all(askedStudy(placesOf(sweeps), ask).sweeps.map((yaml) => sweeps.preview({ yaml })));
}

/** Runs what is missing. @throws AdjointError `invalid-experiment` */
export async function startStudy(sweeps: Sweeps, ask: StudyAsk): Promise<SweepStarted[]> {
  const started: SweepStarted[] = [];
  for (const yaml of askedStudy(placesOf(sweeps), ask).sweeps) started.push(await sweeps.start({ yaml }));
  return started;
}

/**
 * What the finished runs of a study say, as far as there are any.
 * @param runs every run of the workspace, with all aggregates
 * @throws AdjointError `bad-request` for wrong settings, `invalid-experiment` for a dataset that is not there
 */
export async function studyResult(
  places: SweepPlaces,
  runs: readonly RunSummary[],
  ask: StudyAsk,
): Promise<StudyResult> {
  const { study, settings, sweeps, leftOut } = askedStudy(placesOf(places), ask);
  const steps: PreparedSweep['steps'] = [];
  for (const yaml of sweeps) {
    const { prepared, findings } = await prepareSweep(places, { yaml }, runs);
    if (!prepared)
      throw new AdjointError('invalid-experiment', `The study “${ask.name}” cannot be run with these settings.`, {
        findings,
      });
    steps.push(...prepared.steps);
  }
  const finished = steps.flatMap(({ existing, dataset }) =>
    existing?.state === 'done' ? [{ run: existing, dataset }] : [],
  );
  const found =
    finished.length > 0
      ? study.analyse(
          settings,
          finished.map(({ run }) => studyRun(run, places.workspace.run(run.id))),
          leftOut,
        )
      : { reading: [], warnings: [], tables: [], figures: [] };
  const missing = steps.length - finished.length;
  const createdAt = new Date().toISOString();
  const provenance: Provenance = {
    adjoint: build.version,
    commit: build.commit,
    created: createdAt,
    runs: finished.map(({ run: { id, name, seed } }) => ({ id, name, seed })),
    datasets: datasetsOf(finished),
    notes: [`Study “${study.name}” with ${JSON.stringify(settings)}.`],
  };
  return {
    study: study.name,
    settings,
    createdAt,
    runs: finished.map(({ run }) => run.id),
    missing,
    reading: found.reading,
    warnings: [
      ...(missing > 0 && finished.length > 0
        ? [`${missing} of ${steps.length} runs are not finished: what is read off the others may change.`]
        : []),
      ...found.warnings,
    ],
    tables: found.tables,
    figures: found.figures.map(({ name, caption, figure }) => ({
      name,
      caption,
      figure: parseFigure({ ...figure, caption, provenance }),
    })),
    ...{ experiments: sweeps, provenance },
  };
}

/** Reads metrics of a clock when they are asked for, those of one call at once, and keeps them: studies look at the same series more than once. */
function studyRun(summary: RunSummary, directory: RunDirectory): StudyRun {
  const known = new Map<string, { epoch: Float64Array; values: Float64Array }>();
  const keyOf = (clock: Clock, metric: string) => `${clock} ${metric}`;
  const read = (clock: Clock, metrics: readonly string[]) => {
    if (metrics.length === 0) return;
    const table = readClock(directory, clock, metrics);
    for (const metric of metrics) {
      const column = table.columns.get(metric);
      const values = column
        ? column.values.map((value, row) => (column.valid[row] ? value : NaN))
        : new Float64Array(table.rows).fill(NaN);
      known.set(keyOf(clock, metric), { epoch: table.index.epoch, values });
    }
  };
  return {
    summary,
    series(clock, metrics) {
      read(
        clock,
        metrics.filter((metric) => !known.has(keyOf(clock, metric))),
      );
      const all = metrics.map((metric) => [metric, known.get(keyOf(clock, metric))!] as const);
      return {
        epoch: all[0]?.[1].epoch ?? new Float64Array(0),
        values: Object.fromEntries(all.map(([metric, { values }]) => [metric, values])),
      };
    },
  };
}

/** Every dataset once, by its content. */
const datasetsOf = (finished: readonly { dataset: Manifest['dataset'] }[]): Provenance['datasets'] => [
  ...new Map(
    finished.flatMap(({ dataset }) =>
      dataset ? [[dataset.sha256, { name: dataset.name, sha256: dataset.sha256 }] as const] : [],
    ),
  ).values(),
];
