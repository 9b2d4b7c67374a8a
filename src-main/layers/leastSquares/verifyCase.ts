import { z } from 'zod';
import { matrix, readCase, vector } from '../../modelling/caseFile';
import { init, makeLeastSquares, step, terminate } from '../../solvers/leastSquares/leastSquares';
import { QcqpResidual } from '../../solvers/leastSquares/qcqpResidual';
import { defaultLeastSquaresSettings, type LeastSquaresSettings } from '../../solvers/leastSquares/settings';
import { Comparison, type CaseVerdict } from '../convex/comparison';
import { LeastSquaresLayer, type LeastSquaresBatch } from './leastSquaresLayer';
import type { BackwardMode } from './settings';

const gradientKeys = ['anchor', 'x', 'initial', 'A', 'H', 'G', 'h'] as const;
type GradientKey = (typeof gradientKeys)[number];

const modeSchema = z.looseObject({
  iterates: z.array(matrix).optional(),
  objective: matrix.optional(),
  final: matrix.optional(),
  gradient: z.partialRecord(z.enum(gradientKeys), z.union([vector, matrix, z.array(matrix)])).optional(),
});
type ExpectedMode = z.infer<typeof modeSchema>;

/** A case of the format `nlls/1`. */
const caseSchema = z.looseObject({
  name: z.string().optional(),
  n: z.number().int().positive(),
  batch: z.number().int().positive(),
  residual: z.looseObject({
    type: z.literal('linear-relu'),
    anchorWeight: z.number(),
    anchor: matrix,
    A: matrix.default([]),
    x: matrix,
    H: z.union([matrix, z.array(matrix)]).default([]),
    G: matrix.default([]),
    h: vector.default([]),
  }),
  initial: matrix,
  method: z.looseObject({
    name: z.enum(['gauss-newton', 'levenberg-marquardt']),
    iterations: z.number().int().min(1),
    stepSize: z.number().default(1),
    damping: z.number().default(0),
    adaptive: z.literal(false).default(false),
  }),
  cotangent: matrix,
  expected: z.looseObject({
    digits: z.number().default(15),
    unroll: modeSchema.optional(),
    implicit: modeSchema.optional(),
    truncated: modeSchema.extend({ lastIterations: z.number().int().default(3) }).optional(),
    dlm: modeSchema.extend({ epsilon: z.number().positive().default(1e-2) }).optional(),
  }),
});
type Case = z.infer<typeof caseSchema>;

/**
 * Allowed errors relative to the largest entry: of iterates, objectives and gradients, and of the gradients of DLM, which divides
 * differences by ε. `expected` itself is known to `digits` digits.
 */
const allowedOf = ({ expected: { digits } }: Case) => {
  const known = 10 ** -digits;
  return { exact: Math.max(1e-9, known), dlm: Math.max(1e-6, known) };
};

const flat = (rows: number[][]): Float64Array => Float64Array.from(rows.flat());

/**
 * Solves a case of nonlinear least squares and compares every iterate, objective and gradient that it gives.
 *
 * @throws AdjointError `bad-request` for a file that is not of the format, expects nothing, or has shapes that disagree
 */
export function verifyLeastSquaresCase(text: string, where: string): CaseVerdict {
  const given = readCase(caseSchema, text, {
    ...{ where, format: 'nlls/1' },
    fix: 'A case of the format nlls/1 has n, batch, residual, initial, method, cotangent and expected.',
  });
  const comparison = new Comparison();
  const { exact } = allowedOf(given);
  const { unroll, implicit, truncated, dlm } = given.expected;
  if (!unroll && !implicit && !truncated && !dlm) comparison.add({ what: 'expected', actual: 'no mode' });
  if (unroll) compareMode(given, 'unroll', { kind: 'unroll' }, unroll, comparison);
  if (implicit) compareMode(given, 'implicit', { kind: 'implicit', hessian: 'gaussNewton' }, implicit, comparison);
  if (truncated)
    compareMode(given, 'truncated', { kind: 'truncated', last: truncated.lastIterations }, truncated, comparison);
  if (dlm) compareMode(given, 'dlm', { kind: 'dlm', epsilon: dlm.epsilon }, dlm, comparison);
  return {
    name: given.name ?? where,
    verdict: comparison.differs.length === 0 ? 'pass' : 'fail',
    ...{ status: 'iterated', diagnoses: [], digits: comparison.digits },
    allowed: { solution: exact, derivative: exact },
    differs: comparison.differs,
  };
}

function rowsOf({ n, residual: { A, G, H, h } }: Case) {
  return { n, A: flat(A), G: flat(G), H: Float64Array.from(H.flat(2)), h: Float64Array.from(h) };
}

function settingsOf({ method: { name, iterations, stepSize, damping } }: Case): LeastSquaresSettings {
  return {
    ...defaultLeastSquaresSettings,
    descent:
      name === 'gauss-newton' ? { kind: 'gaussNewton' } : { kind: 'levenbergMarquardt', damping, ellipsoidal: false },
    search: { kind: 'fixedStep', stepSize },
    maxIterations: iterations,
    divergence: Infinity,
  };
}

function batchOf({ batch, initial, residual: { anchor, x } }: Case): LeastSquaresBatch & { initial: Float64Array } {
  return { size: batch, anchor: flat(anchor), x: flat(x), initial: flat(initial) };
}

function compareMode(
  given: Case,
  name: string,
  backward: BackwardMode,
  expected: ExpectedMode,
  comparison: Comparison,
): void {
  const allowed = allowedOf(given);
  const batch = batchOf(given);
  const solver = settingsOf(given);
  const layer = new LeastSquaresLayer(rowsOf(given), given.residual.anchorWeight, {
    ...{ mode: 'anchored', backward, solver },
  });
  const result = layer.forward(batch);
  for (const i of result.reported)
    comparison.add({ what: `${name}, instance ${i}`, expected: 'iteration limit', actual: result.status[i] });
  const y = [...result.y];
  const size = (values: readonly number[]) => values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const rounding = 64 * Number.EPSILON * Math.max(1, size(y));
  if (expected.final) comparison.close(`${name}.final`, expected.final, y, allowed.exact, rounding);
  if (expected.iterates || expected.objective) {
    const path = iterate(given, batch, solver);
    if (backward.kind === 'implicit') {
      path.iterates[solver.maxIterations] = y;
      path.objective[solver.maxIterations] = [...result.objective];
    }
    if (expected.iterates)
      comparison.close(`${name}.iterates`, expected.iterates, path.iterates, allowed.exact, rounding);
    // Objectives fall by orders of magnitude: each iteration is compared by its own size.
    expected.objective?.forEach((values, k) =>
      comparison.close(`${name}.objective[${k}]`, values, path.objective[k], allowed.exact, rounding),
    );
    if (expected.objective && expected.objective.length !== path.objective.length)
      comparison.add({ what: `${name}.objective`, expected: expected.objective.length, actual: path.objective.length });
  }
  const wanted = Object.keys(expected.gradient ?? {}) as GradientKey[];
  const cotangent = flat(given.cotangent);
  const { gradients } = layer.backward(cotangent, wanted);
  // What cancels is 0 to the rounding of the largest number around.
  const floor =
    256 *
    Number.EPSILON *
    size(
      Object.values(gradients)
        .flatMap((part) => [...part])
        .concat(...cotangent),
    );
  for (const key of wanted)
    comparison.close(
      `${name}.gradient.${key}`,
      expected.gradient![key]!,
      [...(gradients[key] ?? [])],
      backward.kind === 'dlm' ? allowed.dlm : allowed.exact,
      floor,
    );
}

/** Every iterate [k + 1][batch·n] and objective [k + 1][batch], the start included. */
function iterate(given: Case, batch: LeastSquaresBatch & { initial: Float64Array }, settings: LeastSquaresSettings) {
  const model = new QcqpResidual(rowsOf(given), given.residual.anchorWeight);
  const state = makeLeastSquares(model, settings);
  const iterates: number[][] = Array.from({ length: settings.maxIterations + 1 }, () => []);
  const objective: number[][] = iterates.map(() => []);
  for (let i = 0; i < batch.size; i++) {
    model.setInstance(batch.anchor, i * model.n, batch.x, i * model.e);
    init(state, batch.initial, i * model.n);
    for (;;) {
      iterates[state.iteration].push(...state.y);
      objective[state.iteration].push(state.objective);
      if (terminate(state)) break;
      step(state);
    }
  }
  return { iterates, objective };
}
