import { statSync } from 'node:fs';
import { AdjointError, type Finding } from '@shared/errors';
import { experimentKind, placeFinding, type Experiment } from '../experiments/experiment';
import { traitsOf, type ProblemTraits } from '../modelling/traits';
import { readDataset } from '../store/dataset';
import { findDataset, type DatasetPlaces } from './datasets';

/** Traits by path and state of the file: whoever edits an experiment asks again at every pause. */
const known = new Map<string, ProblemTraits>();
const mostKnown = 32;

/** @throws AdjointError `not-found`, `invalid-dataset` */
function traitsOfFile(path: string): ProblemTraits {
  const key = stateOf(path);
  return known.get(key) ?? remember(key, traitsOf(readDataset(path)));
}

/** The same without holding up the engine: what is not known is left to `compute`. */
export async function traitsThrough(path: string, compute: () => Promise<ProblemTraits>): Promise<ProblemTraits> {
  const key = stateOf(path);
  return known.get(key) ?? remember(key, await compute());
}

function stateOf(path: string): string {
  const { size, mtimeMs } = statSync(path);
  return `${path}\n${size}\n${mtimeMs}`;
}

function remember(key: string, traits: ProblemTraits): ProblemTraits {
  if (known.size >= mostKnown) known.delete(known.keys().next().value!);
  known.set(key, traits);
  return traits;
}

/**
 * What of an experiment cannot be used on the problem of its dataset, at its place in the text; null if all can.
 *
 * @param path the file of the dataset
 * @throws AdjointError `not-found`, `invalid-dataset`
 */
export function unfitFinding(experiment: Experiment, path: string, yaml: string): Finding | null {
  const { unfit } = experimentKind(experiment.kind);
  const found = unfit?.(experiment, () => traitsOfFile(path)) ?? null;
  return found && placeFinding(yaml, found);
}

/** The same while an experiment is being written: a dataset that cannot be read is left for later. */
export function unfitHere(experiment: Experiment, places: DatasetPlaces, yaml: string): Finding | null {
  const data = experimentKind(experiment.kind).data(experiment);
  if (data?.form !== 'dataset') return null;
  try {
    return unfitFinding(experiment, findDataset(data.setting, places).path, yaml);
  } catch (error) {
    if (error instanceof AdjointError) return null;
    throw error;
  }
}
