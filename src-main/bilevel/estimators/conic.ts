import { z } from 'zod';
import { QuadraticBilevel } from '../quadratic';
import type { Estimator } from './estimator';
import { implicitOracle } from './implicit';

const settings = z.strictObject({ kind: z.literal('conic') });

/** The same derivative over another solver: a check of the active-set methods. */
export const conic: Estimator<'conic', typeof settings> = {
  kind: 'conic',
  title: 'Interior point',
  summary:
    'Solves the lower level by the interior point with its certificate and differentiates through the convex layer. A check, and the way for a semidefinite Q.',
  reference: 'Agrawal et al., Differentiable Convex Optimization Layers, NeurIPS 2019',
  settings,
  refusal: (problem) =>
    problem instanceof QuadraticBilevel
      ? null
      : 'The lower level is not quadratic: the interior point does not solve it.',
  make: (problem) => implicitOracle(problem, 'conic'),
};
