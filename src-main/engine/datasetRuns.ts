import { copyFileSync, constants, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { stringify } from 'yaml';
import { datasetName, type GenerateDataset } from '@shared/datasets';
import { AdjointError } from '@shared/errors';
import { isFinalState, type RunSummary } from '@shared/run';
import { familyOf, isMatrixFamily, type DatasetExperiment } from '../modelling/datasetExperiment';
import { checkSettings } from '../modelling/families/family';
import { matrixSettings } from '../modelling/families/matrixSettings';
import { findFamily, requireSettings } from '../modelling/families/registry';
import { storeError, syncDirectory } from '../store/atomic';
import { refuseTakenName, type DatasetPlaces } from './datasets';
import type { Previewer } from './previewer';

/** The experiment file that a request to generate means. @throws AdjointError `conflict` while a run is making a dataset of this name */
export function generationText(request: GenerateDataset, runs: readonly RunSummary[]): string {
  const { family, settings, ...rest } = request;
  const making = runs.find(
    (run) => run.kind === 'dataset' && run.settings.name === request.name && !isFinalState(run.state),
  );
  if (making)
    throw new AdjointError('conflict', `A run is making a dataset “${request.name}” already.`, {
      where: making.id,
      fix: 'Choose another name, or cancel that run first.',
    });
  // Wrong settings are named as the form has them, without the experiment around.
  const filled = requireSettings(family === 'matrix' ? { settings: matrixSettings } : findFamily(family), settings);
  return stringify({ kind: 'dataset', family: { kind: family, ...filled }, ...rest });
}

/**
 * Whether a dataset can be generated, before anything is allocated or written.
 *
 * @throws AdjointError `bad-request` for settings that contradict each other or do not fit into memory, `conflict` for a taken name
 */
export function requireGenerable(experiment: DatasetExperiment, places: DatasetPlaces): void {
  refuseTakenName(experiment.name, places);
  // What a file of one's own makes is checked by whoever reads it.
  if (isMatrixFamily(experiment.family)) return;
  const { family, settings } = familyOf(experiment);
  const findings = checkSettings(family, settings, process.availableMemory());
  if (findings.length > 0)
    throw new AdjointError('bad-request', `${findings[0].message}.`, {
      where: findings[0].path,
      fix: 'Change the settings that are named.',
      findings,
    });
}

/**
 * Checks a file and copies it into the workspace, whole or not at all.
 *
 * @throws AdjointError `invalid-dataset` or what else is wrong with the file, `conflict`, `disk-full`, `not-writable`
 */
export async function importDataset(
  places: DatasetPlaces,
  previewer: Previewer,
  from: string,
  wanted?: string,
): Promise<{ name: string; path: string }> {
  const kind = extname(from).toLowerCase();
  if (kind !== '.npz' && kind !== '.pkl' && kind !== '.pickle')
    throw new AdjointError('bad-request', 'Datasets are .npz or .pkl files.', {
      where: from,
      fix: 'Save the arrays with numpy.savez, or a dict of them with pickle.',
    });
  const parsed = datasetName.safeParse(wanted ?? basename(from, extname(from)));
  if (!parsed.success)
    throw new AdjointError('bad-request', `“${basename(from, extname(from))}” cannot name a dataset.`, {
      where: from,
      fix: `Give it a name of ${parsed.error.issues[0].message}.`,
    });
  const name = parsed.data;
  refuseTakenName(name, places);
  const { problem } = await previewer.run({ kind: 'inspect', path: from });
  if (problem) throw new AdjointError(problem.code, problem.what, problem);
  const path = join(places.workspace, 'datasets', `${name}${kind === '.npz' ? '.npz' : '.pkl'}`);
  const temporary = `${path}.tmp-${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(from, temporary, constants.COPYFILE_EXCL);
    renameSync(temporary, path);
    syncDirectory(dirname(path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw storeError(error, path);
  }
  return { name, path };
}
