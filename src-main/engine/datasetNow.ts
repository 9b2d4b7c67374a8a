import { AdjointError } from '@shared/errors';
import type { Manifest } from '@shared/run';
import { fileSha256 } from '../store/dataset';
import { experimentKind, type Experiment } from '../experiments/experiment';
import { findDataset, type DatasetPlaces } from './datasets';
import { findProblemFile } from './problemFiles';

/**
 * What a clone of a run would be trained on, held against what the run was made with. The setting is looked up anew, as a clone does it:
 * another file of the same name counts as a change, the same bytes elsewhere do not.
 */
export async function datasetNow(
  manifest: Manifest,
  places: DatasetPlaces,
): Promise<{ dataset: string | null; state: 'same' | 'changed' | 'missing' | 'none' }> {
  const experiment = manifest.experiment as Experiment;
  const data = experimentKind(experiment.kind).data(experiment);
  if (!manifest.dataset || !data) return { dataset: null, state: 'none' };
  const { setting: dataset } = data;
  try {
    const { path } = data.form === 'dataset' ? findDataset(dataset, places) : findProblemFile(dataset, places);
    return { dataset, state: (await fileSha256(path)) === manifest.dataset.sha256 ? 'same' : 'changed' };
  } catch (error) {
    if (error instanceof AdjointError && error.code === 'not-found') return { dataset, state: 'missing' };
    throw error;
  }
}
