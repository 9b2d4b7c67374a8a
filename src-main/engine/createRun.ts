import { AdjointError } from '@shared/errors';
import type { Manifest } from '@shared/run';
import { fileSha256, inspectDataset } from '../store/dataset';
import { RunDirectory } from '../store/runDirectory';
import type { Workspace } from '../store/workspace';
import { parseExperiment, type Experiment } from '../training/experiment';
import { build } from './build';
import { findDataset } from './datasets';

export interface CreateRun {
  yaml: string;
  name?: string;
  clonedFrom?: string;
  sweep?: Manifest['sweep'];
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

/**
 * Makes the directory of a new run. Everything that can be refused is refused here, before anything is written.
 * @throws AdjointError `invalid-experiment`, `not-found` or `invalid-dataset`.
 */
export async function createRun(workspace: Workspace, resources: string, request: CreateRun): Promise<RunDirectory> {
  const experiment = requireExperiment(request.yaml);
  const found = findDataset(experiment.dataset, { workspace: workspace.path, resources }, request.baseDirectory);
  const { problem, splits } = inspectDataset(found.path);
  if (problem) throw new AdjointError(problem.code, problem.what, { ...problem, where: problem.where ?? found.path });
  const empty = (['train', 'valid'] as const).find((name) => splits[name] === 0);
  if (empty)
    throw new AdjointError('invalid-dataset', `The split “${empty}” has no instances.`, {
      where: found.path,
      fix: 'Give train and valid at least one instance each; without splits a dataset needs three instances.',
    });

  const name = request.name ?? experiment.name;
  const now = new Date();
  const id = workspace.newRunId(name, now);
  const run = RunDirectory.create(workspace.runPath(id), {
    format: 'adjoint-run/1',
    id,
    name,
    kind: experiment.kind,
    createdAt: now.toISOString(),
    experiment: { ...experiment, name },
    source: request.yaml,
    seed: experiment.seed,
    dataset: { ...found, sha256: await fileSha256(found.path) },
    code: build,
    launch: request.launch,
    clonedFrom: request.clonedFrom ?? null,
    sweep: request.sweep ?? null,
  });
  if (experiment.tags.length > 0 || experiment.notes) run.annotate({ tags: experiment.tags, notes: experiment.notes });
  return run;
}
