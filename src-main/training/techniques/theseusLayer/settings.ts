import { z } from 'zod';
import { AdjointError } from '@shared/errors';
import { preflightLeastSquares } from '../../../layers/leastSquares/preflight';
import {
  checkLayerSettings,
  type BackwardMode,
  type LeastSquaresLayerSettings,
} from '../../../layers/leastSquares/settings';
import { gainRatioSearch, type LeastSquaresSettings } from '../../../solvers/leastSquares/settings';
import { scheduled } from '../../schedules/registry';

const backward = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('unroll') }).describe('Through all iterations.'),
  z.strictObject({
    kind: z.literal('truncated'),
    last: z.int().min(0).max(1000).default(5).describe('Iterations, counted from the end, that are differentiated.'),
  }),
  z.strictObject({ kind: z.literal('implicit') }).describe('The last step alone, its matrix JᵀJ held constant.'),
  z.strictObject({ kind: z.literal('implicitNewton') }).describe('The last step alone, with the whole Hessian.'),
  z.strictObject({
    kind: z.literal('dlm'),
    epsilon: z.number().positive().max(1).default(1e-2).describe('Step ε of the perturbation.').meta({ scale: 'log' }),
  }),
]);

const solver = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('levenbergMarquardt'),
    damping: z.number().min(0).default(1e-3).describe('Damping λ, at the first iteration.').meta({ scale: 'log' }),
    adaptive: z
      .boolean()
      .default(false)
      .describe('Divides λ by 9 after a step that lowers the objective, multiplies it by 11 after one that does not.'),
    ellipsoidal: z.boolean().default(false).describe('Damps with diag(JᵀJ) in the place of the identity.'),
    learnt: z.boolean().default(false).describe('Trains ln λ along with the network.'),
  }),
  z.strictObject({
    kind: z.literal('gaussNewton'),
    lineSearch: z.boolean().default(false).describe('Halves a step until it lowers the objective (Armijo).'),
  }),
  z.strictObject({
    kind: z.literal('dogleg'),
    radius: z.number().positive().default(1).describe('Trust radius at the first iteration.').meta({ scale: 'log' }),
  }),
]);

export const theseusSettings = z
  .strictObject({
    kind: z.literal('theseusLayer'),
    mode: z
      .enum(['project', 'anchored'])
      .default('project')
      .describe(
        'anchored: what the inner solve finds, near the network’s output and not feasible. project: then steps of least norm onto the constraints until they hold.',
      ),
    backward: backward.prefault({ kind: 'unroll' }).describe('How the inner solve is differentiated.'),
    solver: solver.prefault({ kind: 'levenbergMarquardt' }).describe('The inner solver.'),
    iterations: z.int().min(1).max(1000).default(10).describe('Inner iterations.'),
    anchor: z
      .strictObject({
        weight: z
          .number()
          .min(0)
          .default(0.1)
          .describe('Weight w that holds the result near the network’s output.')
          .meta({ scale: 'log' }),
        learnt: z.boolean().default(false).describe('Trains ln w along with the network.'),
      })
      .prefault({})
      .describe('The anchor w(y − ŷ).'),
    rowWeights: z
      .strictObject({
        equality: z.number().positive().default(1).describe('Weight of the rows Ay − x.').meta({ scale: 'log' }),
        inequality: z.number().positive().default(1).describe('Weight of the rows relu(c).').meta({ scale: 'log' }),
        learnt: z
          .boolean()
          .default(false)
          .describe('Trains the logarithm of one weight a row along with the network, from these values on.'),
      })
      .prefault({})
      .describe('Weights of the constraint rows in the inner objective.'),
    loss: z
      .strictObject({
        distance: z
          .number()
          .min(0)
          .default(0)
          .describe('Weight of ‖y − ŷ‖², which keeps the network from leaving the work to the layer; 0 for f alone.'),
        lambda: scheduled(0).describe('Weight of the squared residual of the layer’s output.'),
        backboneLambda: z
          .number()
          .min(0)
          .default(0)
          .describe('Weight of the squared residual of the network’s own output, before the layer.'),
      })
      .prefault({})
      .describe('What the loss has besides the objective at the layer’s output.'),
    onFailure: z
      .enum(['continue', 'stop'])
      .default('continue')
      .describe(
        'What becomes of a batch with an instance whose inner solve fails: it goes on without its gradient, or the run stops.',
      ),
    probe: z
      .strictObject({
        instances: z
          .int()
          .min(0)
          .max(10_000)
          .default(32)
          .describe('Validation instances whose inner solves are followed to their end; 0 for none.'),
        iterations: z.int().min(1).max(500).default(50).describe('Inner iterations that are followed at most.'),
        tolerance: z
          .number()
          .positive()
          .default(1e-6)
          .describe('Largest entry of the inner gradient at which a followed solve has arrived.')
          .meta({ scale: 'log' }),
        every: z.int().min(1).default(1).describe('Validations between two looks; the last one always looks.'),
      })
      .prefault({})
      .describe('What is measured of the inner solves at validation.'),
  })
  .superRefine((settings, context) => {
    for (const { path, message } of contradictions(settings)) context.addIssue({ code: 'custom', path, message });
  });

export type TheseusSettings = z.output<typeof theseusSettings>;

const fromKinds = {
  'backward.kind': ['backward', 'kind'],
  'backward.hessian': ['backward', 'kind'],
  'backward.epsilon': ['backward', 'epsilon'],
  'backward.last': ['backward', 'last'],
} as Record<string, string[]>;

/** What cannot be differentiated, or would give the network or a learnt weight a gradient that is identically zero. */
function contradictions(settings: TheseusSettings): { path: string[]; message: string }[] {
  const { mode, backward, solver, anchor, rowWeights } = settings;
  const found: { path: string[]; message: string }[] = [];
  const layer = layerSettings(settings);
  try {
    checkLayerSettings(layer);
  } catch (error) {
    if (!(error instanceof AdjointError)) throw error;
    const { what, where = '', fix = '' } = error.problem;
    found.push({ path: fromKinds[where] ?? ['backward', 'kind'], message: `${what} ${fix}`.trim() });
  }
  for (const { severity, message } of preflightLeastSquares(layer, anchor.weight))
    if (severity === 'meaningless') found.push({ path: ['anchor', 'weight'], message });
  if (anchor.weight === 0 && solver.kind !== 'levenbergMarquardt')
    found.push({
      path: ['anchor', 'weight'],
      message: `with weight 0 the normal matrix of ${solver.kind} is singular: use a weight above 0 or levenbergMarquardt`,
    });
  if (anchor.weight === 0 && anchor.learnt)
    found.push({ path: ['anchor', 'learnt'], message: 'ln w is learnt from w on: give a weight above 0' });
  if (solver.kind === 'levenbergMarquardt' && solver.learnt) {
    if (solver.damping === 0)
      found.push({ path: ['solver', 'learnt'], message: 'ln λ is learnt from λ on: give a damping above 0' });
    if (backward.kind !== 'unroll' && backward.kind !== 'truncated')
      found.push({
        path: ['solver', 'learnt'],
        message: `the derivative of ${backward.kind} for λ is identically zero, since the minimiser does not depend on it: use unroll or truncated`,
      });
  }
  if (mode === 'project' && backward.kind === 'implicit')
    for (const [name, { learnt }] of Object.entries({ anchor, rowWeights }))
      if (learnt)
        found.push({
          path: [name, 'learnt'],
          message:
            'the implicit derivative of the mode project is the limit of a vanishing anchor, which no weight changes: use unroll',
        });
  return found;
}

/** Settings of the layer for those of the technique. */
export function layerSettings(settings: TheseusSettings): LeastSquaresLayerSettings {
  return {
    mode: settings.mode,
    backward: backwardMode(settings.backward),
    solver: innerSolver(settings),
    restoration: { maxIterations: 50, tolerance: restorationTolerance(settings) },
    onFailure: 'continue',
    trace: false,
  };
}

/** 1e-9 on the rows as they are, whatever they are multiplied by. */
const restorationTolerance = ({ rowWeights: { equality, inequality } }: TheseusSettings): number =>
  1e-9 * Math.min(1, equality, inequality);

function backwardMode(mode: TheseusSettings['backward']): BackwardMode {
  if (mode.kind === 'implicit') return { kind: 'implicit', hessian: 'gaussNewton' };
  if (mode.kind === 'implicitNewton') return { kind: 'implicit', hessian: 'newton' };
  return mode;
}

function innerSolver({ solver, iterations }: TheseusSettings): LeastSquaresSettings {
  const rest = { maxIterations: iterations, gradientTolerance: 0, stepTolerance: 0, divergence: 1e12 };
  const fixed = { kind: 'fixedStep', stepSize: 1 } as const;
  if (solver.kind === 'gaussNewton') {
    const search = solver.lineSearch ? ({ kind: 'armijo', shrink: 0.5, sufficient: 1e-4, trials: 30 } as const) : fixed;
    return { descent: { kind: 'gaussNewton' }, search, ...rest };
  }
  if (solver.kind === 'dogleg')
    return { descent: { kind: 'dogleg', radius: solver.radius }, search: gainRatioSearch, ...rest };
  return {
    descent: { kind: 'levenbergMarquardt', damping: solver.damping, ellipsoidal: solver.ellipsoidal },
    search: solver.adaptive ? gainRatioSearch : fixed,
    ...rest,
  };
}
