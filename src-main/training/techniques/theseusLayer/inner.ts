import { AdjointError } from '@shared/errors';
import { diagnose } from '../../../layers/leastSquares/diagnosis';
import type { LeastSquaresBatch, LeastSquaresResult } from '../../../layers/leastSquares/leastSquaresLayer';
import { LeastSquaresPool } from '../../../layers/leastSquares/pool';
import { isUsable } from '../../../solvers/leastSquares/leastSquares';
import type { QcqpRows } from '../../../solvers/leastSquares/qcqpResidual';
import { rowCount, type Qcqp } from '../../problem';
import type { NamedArrays, NamedTensors } from '../../tensors';
import { rowsOf } from './rows';
import { layerSettings, type TheseusSettings } from './settings';

/** Weights that are trained beside the network, by what they are: `log` of it is what the optimiser moves. */
type LearntName = 'anchorWeight' | 'rowWeights' | 'damping';
const logOf = (name: LearntName): string => `log/${name}`;

/** What is trained beside the network, at its start. */
export function learntWeights(settings: TheseusSettings, problem: Qcqp): NamedArrays {
  const { anchor, solver, rowWeights } = settings;
  const number = (value: number) => ({ shape: [], values: [Math.log(value)] });
  const weights = rowWeightsOf(settings, problem)?.map(Math.log) ?? new Float64Array(rowCount(problem));
  return {
    ...(anchor.learnt ? { [logOf('anchorWeight')]: number(anchor.weight) } : {}),
    ...(solver.kind === 'levenbergMarquardt' && solver.learnt ? { [logOf('damping')]: number(solver.damping) } : {}),
    ...(rowWeights.learnt ? { [logOf('rowWeights')]: { shape: [weights.length], values: weights } } : {}),
  };
}

/** The weights of the settings, equalities first, [e + r]; null where all are 1. */
export function rowWeightsOf({ rowWeights }: TheseusSettings, problem: Qcqp): Float64Array | null {
  const { equality, inequality } = rowWeights;
  if (equality === 1 && inequality === 1) return null;
  return new Float64Array(rowCount(problem)).fill(inequality).fill(equality, 0, problem.e);
}

/** What is learnt, as tensors that are differentiated. */
export function learntTensors(
  tf: { exp(tensor: NamedTensors[string]): NamedTensors[string] },
  weights: NamedTensors,
): Partial<Record<LearntName, NamedTensors[string]>> {
  return Object.fromEntries(
    Object.entries(weights).map(([name, tensor]) => [name.slice(name.indexOf('/') + 1), tf.exp(tensor)]),
  );
}

/** Weights and damping of the inner problem as they are now. */
export interface InnerWeights {
  anchorWeight: number;
  /** Of Levenberg–Marquardt. */
  damping?: number;
  /** [e + r]; absent where all are 1. */
  rowWeights?: Float64Array;
}

export function innerWeights(settings: TheseusSettings, problem: Qcqp, weights: NamedTensors): InnerWeights {
  const learnt = (name: LearntName) =>
    (weights[logOf(name)] as NamedTensors[string] | undefined) &&
    Float64Array.from(weights[logOf(name)].dataSync(), Math.exp);
  const { solver, anchor } = settings;
  const damping = learnt('damping')?.[0] ?? (solver.kind === 'levenbergMarquardt' ? solver.damping : undefined);
  const rowWeights = learnt('rowWeights') ?? rowWeightsOf(settings, problem);
  return {
    anchorWeight: learnt('anchorWeight')?.[0] ?? anchor.weight,
    ...(damping === undefined ? {} : { damping }),
    ...(rowWeights ? { rowWeights } : {}),
  };
}

/** The layer of a problem, the memory that it works in included. */
export interface InnerProblem {
  settings: TheseusSettings;
  layer: LeastSquaresPool;
  rows: QcqpRows;
}

const kept = new WeakMap<Qcqp, InnerProblem>();

/** Made once for a problem and its settings. What is learnt goes with every batch. */
export function innerProblem(settings: TheseusSettings, problem: Qcqp, threads: number): InnerProblem {
  const before = kept.get(problem);
  if (before?.settings === settings) return before;
  before?.layer.dispose();
  const rows = rowsOf(problem);
  const layer = new LeastSquaresPool(rows, settings.anchor.weight, layerSettings(settings), threads);
  const inner = { settings, rows, layer };
  kept.set(problem, inner);
  return inner;
}

/** Instances on the host: ŷ [size, n] and x [size, e]. */
export const batchOf = ({ n }: Qcqp, weights: InnerWeights, raw: Float64Array, x: Float64Array): LeastSquaresBatch => ({
  size: raw.length / n,
  anchor: raw,
  x,
  ...weights,
});

/** Why an instance has no y to go on with, or one that project has not brought onto the constraints; null for a good one. */
export function diagnosis(result: LeastSquaresResult, i: number): Diagnosis | null {
  const { [i]: status } = result.status;
  const { [i]: restored } = result.restorationStatus;
  if (!isUsable(status)) return status as Diagnosis;
  return restored === null || restored === 'converged' ? null : `restoration: ${restored}`;
}

/** In the order of the entries of the metric `inner/failures`. */
export const diagnoses = [
  'singular normal matrix',
  'diverged',
  'NaN',
  'restoration: iteration limit',
  'restoration: singular rows',
  'restoration: stalled',
  'restoration: NaN',
] as const;
export type Diagnosis = (typeof diagnoses)[number];

/** The error with which a run stops that is not to go on with a failed instance. */
export function failedInstance(result: LeastSquaresResult, i: number, name: string, step: number): AdjointError {
  return new AdjointError(
    'diverged',
    `Training stopped at step ${step}: the inner solve of ${name} failed: ${diagnose(result, i)}`,
    {
      where: `step ${step}, ${name}`,
      fix: 'Raise the damping or the number of inner iterations, or let the batch go on without such instances (onFailure: continue). The run and its checkpoint from before are kept.',
    },
  );
}
