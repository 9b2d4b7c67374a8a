import { AdjointError } from '@shared/errors';
import type { Manifest } from '@shared/run';
import type { ExperimentData } from '../modelling/experimentKind';
import { fileSha256, inspectDataset } from '../store/dataset';
import { RunDirectory } from '../store/runDirectory';
import type { Workspace } from '../store/workspace';
import { experimentKind, parseExperiment, type Experiment } from '../experiments/experiment';
import { build } from './build';
import { requireGenerable } from './datasetRuns';
import { findDataset, type DatasetPlaces } from './datasets';
import { unfitFinding } from './fit';
import { requireProblemFile } from './problemFiles';

export interface CreateRun {
  yaml: string;
  name?: string;
  clonedFrom?: string;
  launch: Manifest['launch'];
  /** Folder that relative dataset paths start from. */
  baseDirectory?: string;
}

/** @throws AdjointError `invalid-experiment` with every finding at its line. */
export function requireExperiment(yaml: string): Experiment {
  const { experiment, findings } = parseExperiment(yaml);
  if (experiment) return experiment;
  throw new AdjointError('invalid-experiment', 'The experiment is not valid.', {
    findings,
    fix: 'Correct the lines named above.',
  });
}

/** The file that an experiment reads, with its checksum. @throws AdjointError `not-found`, `invalid-dataset`, `bad-request` */
export function requireData(
  { form, setting }: ExperimentData,
  places: DatasetPlaces,
  baseDirectory?: string,
): Promise<NonNullable<Manifest['dataset']>> {
  return form === 'dataset'
    ? requireDataset(setting, places, baseDirectory)
    : requireProblemFile(setting, places, baseDirectory);
}

/**
 * The dataset that a setting means, with its checksum: it is whole, and has something to train and to validate on.
 * @throws AdjointError `not-found` or `invalid-dataset`.
 */
async function requireDataset(
  setting: string,
  places: DatasetPlaces,
  baseDirectory?: string,
): Promise<NonNullable<Manifest['dataset']>> {
  const found = findDataset(setting, places, baseDirectory);
  const { problem, splits } = inspectDataset(found.path);
  if (problem) throw new AdjointError(problem.code, problem.what, { ...problem, where: problem.where ?? found.path });
  const empty = (['train', 'valid'] as const).find((name) => splits[name] === 0);
  if (empty)
    throw new AdjointError('invalid-dataset', `The split “${empty}” has no instances.`, {
      where: found.path,
      fix: 'Give train and valid at least one instance each; without splits a dataset needs three instances.',
    });
  return { ...found, sha256: await fileSha256(found.path) };
}

/**
 * Makes the directory of a new run. Everything that can be refused is refused here, before anything is written.
 * @throws AdjointError `invalid-experiment`, `not-found`, `invalid-dataset`, `bad-request` or `conflict`.
 */
export async function createRun(workspace: Workspace, resources: string, request: CreateRun): Promise<RunDirectory> {
  const experiment = requireExperiment(request.yaml);
  const places = { workspace: workspace.path, resources };
  const name = request.name ?? experiment.name;
  const { yaml: source, launch, clonedFrom = null } = request;
  const kind = experimentKind(experiment.kind);
  const rest = { source, launch, clonedFrom, sweep: null, seed: kind.seed(experiment) };
  if (experiment.kind === 'dataset') {
    requireGenerable(experiment, places);
    // The name of a dataset is that of its file, whatever the run is called.
    return writeRun(workspace, { name, experiment, dataset: null, ...rest });
  }
  const data = kind.data(experiment);
  const dataset = data && (await requireData(data, places, request.baseDirectory));
  const unfit = dataset && unfitFinding(experiment, dataset.path, source);
  if (unfit)
    throw new AdjointError('invalid-experiment', 'The experiment does not fit its dataset.', {
      findings: [unfit],
      fix: 'Choose another technique or another dataset.',
    });
  return writeRun(workspace, { name, experiment: { ...experiment, name }, dataset, ...rest });
}

type Checked = Pick<Manifest, 'name' | 'seed' | 'source' | 'dataset' | 'launch' | 'clonedFrom' | 'sweep'> & {
  experiment: Experiment;
};

/** Writes the directory of a run that has been checked. @throws AdjointError `disk-full`, `not-writable` */
export function writeRun(workspace: Workspace, checked: Checked): RunDirectory {
  const { kind, tags, notes } = checked.experiment;
  const now = new Date();
  const id = workspace.newRunId(checked.name, now);
  const run = RunDirectory.create(workspace.runPath(id), {
    format: 'adjoint-run/1',
    id,
    kind,
    createdAt: now.toISOString(),
    code: build,
    ...checked,
  });
  if (tags.length > 0 || notes) run.annotate({ tags, notes });
  return run;
}
