import type { LeastSquaresLayerSettings } from './settings';

/** Something that would make training with these settings meaningless, or less than it seems. */
export interface LeastSquaresWarning {
  code: 'no-gradient' | 'not-feasible' | 'unconverged';
  severity: 'meaningless' | 'caution';
  message: string;
}

/**
 * What follows from the settings alone. In the mode anchored with w = 0 the output depends on the network through its start only, and
 * implicit, dlm and truncated (of fewer iterations than there are) treat the start as a constant: their gradient is exactly zero.
 */
export function preflightLeastSquares(
  { mode, backward, solver }: LeastSquaresLayerSettings,
  anchorWeight: number,
): LeastSquaresWarning[] {
  if (mode === 'project') return [];
  const constantStart =
    backward.kind === 'implicit' ||
    backward.kind === 'dlm' ||
    (backward.kind === 'truncated' && backward.last < solver.maxIterations);
  if (anchorWeight === 0)
    return constantStart
      ? [
          {
            ...{ code: 'no-gradient', severity: 'meaningless' },
            message:
              `With anchor weight 0 the gradient that the mode ${backward.kind} gives the network is exactly zero: the start is no ` +
              'parameter of the optimum. Use a weight above 0, the mode unroll, or the mode project.',
          },
        ]
      : [];
  return [
    {
      ...{ code: 'not-feasible', severity: 'caution' },
      message:
        `With anchor weight ${anchorWeight} the result is a compromise and violates the constraints; how much is reported for every ` +
        'instance. The mode project restores them.',
    },
  ];
}

/** Above this share the part of DLM's perturbation that is due to a point that has not converged is no small part of its gradient. */
const nearShare = 0.1;

/** What follows from a backward pass of DLM: `unconverged` of its outcome. */
export function warnUnconverged(unconverged: number): LeastSquaresWarning[] {
  if (unconverged <= nearShare) return [];
  return [
    {
      ...{ code: 'unconverged', severity: 'caution' },
      message:
        `The inner solve is ${unconverged.toPrecision(2)} times as far from its minimiser as DLM moves it: its error, divided by ε, ` +
        'is a large part of the gradient. Use more iterations, less damping, or another mode.',
    },
  ];
}
