import { z } from 'zod';
import type { Estimator } from './estimator';
import { implicitOracle } from './implicit';

const settings = z.strictObject({ kind: z.literal('exact') });

/** The layer: exact but for rounding wherever y* is differentiable. */
export const exact: Estimator<'exact', typeof settings> = {
  kind: 'exact',
  title: 'Exact active set',
  summary:
    'Solves the lower level by an active-set method and differentiates its KKT conditions: one solve, one adjoint system.',
  reference: 'Fiacco 1983; Amos & Kolter, OptNet, ICML 2017',
  settings,
  refusal: () => null,
  make: (problem) => implicitOracle(problem, 'auto'),
};
