import { AdjointError } from '@shared/errors';
import type { Dataset, SplitName } from '../store/dataset';
import { asFloats, readArrayFile } from '../store/datasetFile';
import { describeArray, type NdArray } from '../store/ndarray';
import { labelledSet, type LabelledSet, pickRows } from './labelledSet';
import { validationMetrics } from './validation';

export const evaluationSplits = ['test', 'valid', 'train', 'all'] as const;
export type EvaluationSplit = (typeof evaluationSplits)[number];

/** What predictions may be called in their file, in the order in which they are looked for. */
const names = ['predictions', 'Y'];

/**
 * Scores anyone's predictions with the metrics that runs are validated with, in float64.
 *
 * @param file .npz or .pkl with `predictions` or `Y`: [N,n] for all instances of the dataset, or [count,n] for those of the split in
 *   its order
 * @returns the number of instances, and the metrics by key
 * @throws AdjointError `bad-request` for predictions that are missing, of another shape, or not finite; `not-found`, `invalid-dataset`
 */
export function evaluatePredictions(
  dataset: Dataset,
  split: EvaluationSplit,
  file: string,
): { instances: number; metrics: Record<string, number> } {
  const set = instancesOf(dataset, split);
  const outputs = predictionsFor(dataset, split, set.count, file);
  return { instances: set.count, metrics: validationMetrics(dataset, set, outputs) };
}

/** The instances that are scored. @throws AdjointError `invalid-dataset` for a split without any */
export const instancesOf = (dataset: Dataset, split: EvaluationSplit): LabelledSet =>
  split === 'all' ? { count: dataset.N, X: dataset.X, Y: dataset.Y } : labelledSet(dataset, split);

function predictionsFor(dataset: Dataset, split: EvaluationSplit, count: number, file: string): Float64Array {
  const { name, array } = findPredictions(file);
  const { N, n } = dataset;
  const [rows, columns] = array.shape;
  const wanted =
    count === N ? `[${N}, ${n}]` : `[${N}, ${n}] for all instances, or [${count}, ${n}] for split ${split}`;
  if (array.shape.length !== 2 || columns !== n || (rows !== N && rows !== count))
    throw new AdjointError('bad-request', `${name} is ${describeArray(array)}, but the dataset asks for ${wanted}.`, {
      where: `${file}: ${name}`,
      fix: 'Save one row of n numbers for each instance, in the order of the dataset or of the split.',
    });
  const values = asFloats(array);
  const outputs = rows === count || split === 'all' ? values : pickRows(values, dataset.splits[split as SplitName], n);
  refuseNonFinite(outputs, n, name, split, file);
  return outputs;
}

function findPredictions(file: string): { name: string; array: NdArray } {
  const { arrays, others } = readArrayFile(file);
  const name = names.find((candidate) => arrays.has(candidate));
  if (name === undefined) {
    const there = [...arrays.keys(), ...others.keys()].join(', ') || 'no arrays';
    throw new AdjointError('bad-request', `The file has neither predictions nor Y; it has ${there}.`, {
      where: file,
      fix: 'Save them with numpy.savez(file, predictions=y), one row for each instance.',
    });
  }
  const array = arrays.get(name)!;
  if (array.dtype === 'str' || array.dtype === 'bytes')
    throw new AdjointError('bad-request', `${name} is ${describeArray(array)}; it must hold numbers.`, {
      where: `${file}: ${name}`,
    });
  return { name, array };
}

/** One output that is no number would make every mean NaN: it is said instead. */
function refuseNonFinite(outputs: Float64Array, n: number, name: string, split: EvaluationSplit, file: string): void {
  const first = outputs.findIndex((value) => !Number.isFinite(value));
  if (first < 0) return;
  const instances = new Set<number>();
  outputs.forEach((value, i) => {
    if (!Number.isFinite(value)) instances.add(Math.floor(i / n));
  });
  const found = Number.isNaN(outputs[first]) ? 'NaN' : String(outputs[first]);
  const of = split === 'all' ? '' : ` of split ${split}`;
  throw new AdjointError(
    'bad-request',
    `Instance ${Math.floor(first / n)}${of} has ${found} at variable ${first % n}; ` +
      `${instances.size} of ${outputs.length / n} instances are not finite.`,
    { where: `${file}: ${name}`, fix: 'Predict these instances again, or choose a split without them.' },
  );
}
