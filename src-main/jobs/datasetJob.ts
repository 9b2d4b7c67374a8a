import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AdjointError } from '@shared/errors';
import { formatBytes } from '@shared/format';
import { datasetExperimentSchema, type DatasetExperiment } from '../modelling/datasetExperiment';
import { fileBytes, generateInstances } from '../modelling/families/family';
import { keptProblems } from '../modelling/families/matrixSettings';
import { LabelPool } from '../solvers/qcqp/labelPool';
import { identityOf, Labelling, refuseUnlabelled } from '../solvers/qcqp/labelling';
import { openFamilyOf } from '../solvers/qcqp/ownProblem';
import type { Checkpoint } from '../store/checkpoint';
import { inspectDataset, writeDataset } from '../store/dataset';
import { catalogueColumns } from './columns';
import type { Job, JobContext, JobKind, Recorder } from './job';

/** Runs of kind `dataset`: draw a family, label its instances, write the file. */
export const datasetJob: JobKind = {
  kind: 'dataset',
  device: () => null,
  checkpoints: (experiment) => ({ seconds: datasetExperimentSchema.parse(experiment).checkpointSeconds, keep: 2 }),
  async create(context: JobContext, checkpoint: Checkpoint | null): Promise<Job> {
    const experiment = datasetExperimentSchema.parse(context.manifest.experiment);
    const path = datasetPath(experiment, context);
    const ours = existsSync(path) && inspectDataset(path).provenance?.run === context.manifest.id;
    if (!ours) refuseTaken(path);
    const { family, settings } = openFamilyOf(experiment, keptProblems(workspaceOf(context)));
    const began = performance.now();
    const labelling = new Labelling(generateInstances(family, settings), context.threads);
    const { n, m, e } = settings;
    context.log(
      `${family.title}: n = ${n}, m = ${m}, e = ${e}, ${settings.instances} instances, seed ${settings.seed}, ` +
        `about ${formatBytes(fileBytes(family, settings))}; drawn in ${((performance.now() - began) / 1000).toFixed(1)} s.`,
    );
    const identity = identityOf(family, settings);
    if (checkpoint) {
      labelling.restore(checkpoint, identity);
      context.log(`${labelling.done} labels are there already.`);
    }
    const pool = new LabelPool(context.labelsEntry, context.threads);
    // Its process may have died between the last rename and its last word.
    let written = ours;
    let seconds = (performance.now() - began) / 1000;
    return {
      columns: { step: catalogueColumns('step', (key) => key.startsWith('labels/')) },
      total: labelling.total,
      unit: 'labels',
      position: () => ({ step: labelling.done, epoch: labelling.done / labelling.total }),
      finished: () => written,
      async advance(record: Recorder) {
        const start = performance.now();
        if (labelling.done < labelling.total) {
          const batch = (await labelling.advance(pool))!;
          const failed = labelling.failed(batch.from, batch.to);
          if (experiment.failures === 'refuse') refuseUnlabelled(labelling, failed);
          const { violation, gap } = labelling.worst(batch.from, batch.to);
          const elapsed = (performance.now() - start) / 1000;
          seconds += elapsed;
          record('step', {
            'labels/violation_max': violation,
            'labels/gap_max': gap,
            'labels/failed': failed.length,
            'labels/seconds': elapsed / (batch.to - batch.from),
          });
          return;
        }
        const { id, code } = context.manifest;
        const origin = { code, run: id, seconds, threads: pool.threads };
        const dataset = labelling.dataset(family, settings, experiment.failures, origin);
        refuseTaken(path);
        mkdirSync(dirname(path), { recursive: true });
        writeDataset(path, dataset);
        written = true;
      },
      save: (activeSeconds) => Promise.resolve(labelling.save(identity, activeSeconds)),
      conclusion() {
        const { violation, gap } = labelling.worst();
        const leftOut = labelling.failed().length;
        return (
          `${path}, largest violation ${violation.toExponential(1)}, largest relative gap ${gap.toExponential(1)}, ` +
          `mean optimum ${labelling.meanObjective().toPrecision(6)}` +
          (leftOut > 0 ? `, ${leftOut} instances left out` : '')
        );
      },
      dispose: () => void pool.close(),
    };
  },
};

const datasetPath = ({ name, format }: DatasetExperiment, context: JobContext): string =>
  join(workspaceOf(context), 'datasets', `${name}.${format}`);

function workspaceOf({ workspace }: JobContext): string {
  if (workspace !== undefined) return workspace;
  throw new AdjointError('bad-request', 'A dataset is written into a workspace, and this run has none.', {
    fix: 'Set ADJOINT_WORKSPACE.',
  });
}

/** @throws AdjointError `conflict`: labels are kept, so that the run can be resumed once the name is free */
function refuseTaken(path: string): void {
  if (!existsSync(path)) return;
  throw new AdjointError('conflict', 'There is a dataset of this name already.', {
    where: path,
    fix: 'Move that file away, then resume this run; or generate under another name.',
  });
}
