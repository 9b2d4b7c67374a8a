import { AdjointError } from '@shared/errors';
import {
  LeastSquaresLayer,
  type LeastSquaresDatum,
  type LeastSquaresGradients,
  type LeastSquaresResult,
} from '../../../layers/leastSquares/leastSquaresLayer';
import { isUsable } from '../../../solvers/leastSquares/leastSquares';
import type { QcqpRows } from '../../../solvers/leastSquares/qcqpResidual';
import { inequalityCount, type Qcqp } from '../../problem';
import type { NamedArrays, NamedTensors } from '../../tensors';
import { rowsOf, weightedRows, weightGradients, type RowWeights } from './rows';
import { layerSettings, type TheseusSettings } from './settings';

/** Names of the trained weights, each the logarithm of a positive number. */
export const learntNames = ['logAnchor', 'logDamping', 'logEquality', 'logInequality'] as const;
type LearntName = (typeof learntNames)[number];

/** What is trained beside the network, at its start. */
export function learntWeights(settings: TheseusSettings, problem: Qcqp): NamedArrays {
  const { anchor, solver, rowWeights } = settings;
  const filled = (length: number, value: number) => ({
    shape: [length],
    values: new Float64Array(length).fill(Math.log(value)),
  });
  return {
    ...(anchor.learnt ? { logAnchor: filled(1, anchor.weight) } : {}),
    ...(solver.kind === 'levenbergMarquardt' && solver.learnt ? { logDamping: filled(1, solver.damping) } : {}),
    ...(rowWeights.learnt && problem.e > 0 ? { logEquality: filled(problem.e, rowWeights.equality) } : {}),
    ...(rowWeights.learnt ? { logInequality: filled(inequalityCount(problem), rowWeights.inequality) } : {}),
  };
}

/** The trained weights of the technique as numbers. */
export type Learnt = Partial<Record<LearntName, Float64Array>>;

export function readLearnt(weights: NamedTensors): Learnt {
  return Object.fromEntries(
    Object.entries(weights).map(([name, tensor]) => [name, Float64Array.from(tensor.dataSync())]),
  );
}

/** One layer with numbers for all that may be learnt. */
export interface InnerProblem {
  settings: TheseusSettings;
  layer: LeastSquaresLayer;
  rows: QcqpRows;
  anchorWeight: number;
  damping: number | undefined;
  /** Null where all are 1. */
  rowWeights: RowWeights | null;
  /** What the layer solved last: it is differentiated there. */
  last: LeastSquaresResult | null;
}

const kept = new WeakMap<Qcqp, { settings: TheseusSettings; inner: InnerProblem }>();

/** The layer of these settings; where nothing of it is learnt, it is made once for a problem, with the memory that it works in. */
export function innerProblem(settings: TheseusSettings, problem: Qcqp, learnt: Learnt): InnerProblem {
  const fixed = Object.keys(learnt).length === 0;
  const before = fixed ? kept.get(problem) : undefined;
  if (before?.settings === settings) return before.inner;
  const anchorWeight = learnt.logAnchor ? Math.exp(learnt.logAnchor[0]) : settings.anchor.weight;
  const own = settings.solver.kind === 'levenbergMarquardt' ? settings.solver.damping : undefined;
  const damping = learnt.logDamping ? Math.exp(learnt.logDamping[0]) : own;
  const rowWeights = rowWeightsOf(settings, problem, learnt);
  const rows = rowWeights ? weightedRows(rowsOf(problem), rowWeights) : rowsOf(problem);
  const layer = new LeastSquaresLayer(rows, anchorWeight, layerSettings(settings, damping));
  const inner: InnerProblem = { settings, layer, rows, anchorWeight, damping, rowWeights, last: null };
  if (fixed) kept.set(problem, { settings, inner });
  return inner;
}

function rowWeightsOf({ rowWeights }: TheseusSettings, problem: Qcqp, learnt: Learnt): RowWeights | null {
  const { equality, inequality } = rowWeights;
  if (!rowWeights.learnt && equality === 1 && inequality === 1) return null;
  return {
    equality: learnt.logEquality?.map(Math.exp) ?? new Float64Array(problem.e).fill(equality),
    inequality: learnt.logInequality?.map(Math.exp) ?? new Float64Array(inequalityCount(problem)).fill(inequality),
  };
}

/** x [size, e] as the weighted rows want it. */
export function weightedX({ rowWeights }: InnerProblem, x: Float64Array): Float64Array {
  if (!rowWeights) return x;
  const { equality } = rowWeights;
  return x.map((value, i) => value * equality[i % equality.length]);
}

/** Solves a batch: raw [size, n], x [size, e] as the problem has it. */
export function solveInner(inner: InnerProblem, raw: Float64Array, x: Float64Array): LeastSquaresResult {
  const size = raw.length / inner.rows.n;
  return (inner.last = inner.layer.forward({ size, anchor: raw, x: weightedX(inner, x) }));
}

/** Derivatives of the last forward pass for ŷ and for everything that is learnt. */
export interface InnerGradients {
  raw: Float64Array;
  learnt: Learnt;
  outcome: LeastSquaresGradients;
}

export function innerGradients(
  inner: InnerProblem,
  x: Float64Array,
  cotangent: Float64Array,
  learnt: readonly string[],
): InnerGradients {
  const has = (name: LearntName) => learnt.includes(name);
  const ofRows = has('logEquality') || has('logInequality');
  const asked: LeastSquaresDatum[] = [
    ...(['anchor', 'initial'] as const),
    ...(has('logAnchor') ? (['anchorWeight'] as const) : []),
    ...(has('logDamping') ? (['damping'] as const) : []),
    ...(ofRows ? (['A', 'G', 'H', 'h', 'x'] as const) : []),
  ];
  const outcome = inner.layer.backward(cotangent, asked);
  const { anchor, initial, anchorWeight, damping, A, G, H, h, x: ofX } = outcome.gradients;
  const raw = anchor!.map((value, i) => value + initial![i]);
  const ofWeights = ofRows
    ? weightGradients(inner.rows, weightedX(inner, x), { A: A!, G: G!, H: H!, h: h!, x: ofX! })
    : null;
  return {
    raw,
    outcome,
    learnt: {
      ...(anchorWeight ? { logAnchor: anchorWeight.map((value) => value * inner.anchorWeight) } : {}),
      ...(damping ? { logDamping: damping.map((value) => value * (inner.damping ?? 0)) } : {}),
      ...(ofWeights ? { logEquality: ofWeights.equality, logInequality: ofWeights.inequality } : {}),
    },
  };
}

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

/** The error with which a run stops that is not to go on with failed instances. */
export function failedInstance(instance: string, found: Diagnosis, step: number): AdjointError {
  return new AdjointError(
    'diverged',
    `Training stopped at step ${step}: the inner solve of ${instance} ended with “${found}”.`,
    {
      where: `step ${step}, ${instance}`,
      fix: 'Raise the damping or the number of inner iterations, or let the batch go on without such instances (onFailure: continue). The run and its checkpoint from before are kept.',
    },
  );
}
