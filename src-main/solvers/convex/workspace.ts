import { SimdProducts } from '../../numerics/linalg/simdProducts';
import type { ConvexProblem } from './problem';

/** A scaled problem as the interior point sees it, and everything that it allocates. */
export interface Workspace {
  problem: ConvexProblem;
  n: number;
  e: number;
  m: number;
  /** Variables with a finite lower and upper bound. */
  lowerIndex: Int32Array;
  upperIndex: Int32Array;
  /** Scalar rows: m inequality rows, then lower and upper bounds. */
  scalars: number;
  /** Entries of all cones, where each begins and its size k + 1; M [entries, n] = (c; F) and q [entries] = (d, g). */
  coneEntries: number;
  coneAt: Int32Array;
  coneSize: Int32Array;
  M: Float64Array;
  q: Float64Array;
  /** Degree of the barrier: scalar rows and cones. */
  degree: number;

  y: Float64Array;
  nu: Float64Array;
  s: Float64Array;
  lambda: Float64Array;
  sCone: Float64Array;
  zCone: Float64Array;
  dy: Float64Array;
  dNu: Float64Array;
  ds: Float64Array;
  dLambda: Float64Array;
  dsCone: Float64Array;
  dzCone: Float64Array;

  /** At y: ∇f, scalar rows c, inequality Jacobian [m, n], residuals. */
  gradient: Float64Array;
  c: Float64Array;
  jacobian: Float64Array;
  dualResidual: Float64Array;
  primalResidual: Float64Array;
  coneResidual: Float64Array;

  /** Nesterov–Todd scaling and the scaled point ζ = Wz. */
  w: Float64Array;
  eta: Float64Array;
  zeta: Float64Array;

  /** [n, n] as formed and as factored; weighted rows, transposed [n, rows]; L⁻¹Aᵀ as rows [e, n]; its Schur complement [e, e]. */
  kkt: Float64Array;
  factor: Float64Array;
  weighted: Float64Array;
  rowCount: number;
  half: Float64Array;
  schur: Float64Array;

  /** Scratch by length. */
  theta: Float64Array;
  target: Float64Array;
  curvature: Float64Array;
  weights: Float64Array;
  bend: Float64Array;
  rhs: Float64Array;
  product: Float64Array;
  solution: Float64Array;
  left: Float64Array;
  rhsNu: Float64Array;
  leftNu: Float64Array;
  coneTarget: Float64Array;
  coneWork: Float64Array;
  coneMore: Float64Array;
  simd: SimdProducts;
}

/** Numbers that a workspace for a problem of these sizes holds. */
export function workspaceEntries({ n, e, m, soc }: Pick<ConvexProblem, 'n' | 'e' | 'm' | 'soc'>): number {
  const entries = soc.reduce((sum, { k }) => sum + k + 1, 0);
  return 2 * n * n + n * (2 * m + 2 * entries + e) + e * e;
}

export function makeWorkspace(problem: ConvexProblem): Workspace {
  const { n, e, m, lower, upper, soc } = problem;
  const finite = (bounds: Float64Array) =>
    Int32Array.from([...bounds.keys()].filter((j) => Number.isFinite(bounds[j])));
  const lowerIndex = finite(lower);
  const upperIndex = finite(upper);
  const scalars = m + lowerIndex.length + upperIndex.length;
  const coneSize = Int32Array.from(soc, ({ k }) => k + 1);
  const coneAt = new Int32Array(soc.length);
  let coneEntries = 0;
  coneSize.forEach((size, i) => {
    coneAt[i] = coneEntries;
    coneEntries += size;
  });
  const M = new Float64Array(coneEntries * n);
  const q = new Float64Array(coneEntries);
  soc.forEach(({ F, g, c, d }, i) => {
    M.set(c, coneAt[i] * n);
    M.set(F, (coneAt[i] + 1) * n);
    q[coneAt[i]] = d;
    q.set(g, coneAt[i] + 1);
  });
  const rowCount = m + coneEntries;
  const simd = new SimdProducts(n * n + n * rowCount + 64);
  const of = (length: number) => new Float64Array(length);
  return {
    ...{ problem, n, e, m, lowerIndex, upperIndex, scalars },
    ...{ coneEntries, coneAt, coneSize, M, q, degree: scalars + soc.length },
    ...{ y: of(n), nu: of(e), s: of(scalars), lambda: of(scalars), sCone: of(coneEntries), zCone: of(coneEntries) },
    ...{ dy: of(n), dNu: of(e), ds: of(scalars), dLambda: of(scalars) },
    ...{ dsCone: of(coneEntries), dzCone: of(coneEntries) },
    ...{ gradient: of(n), c: of(scalars), jacobian: problem.G.slice(), dualResidual: of(n) },
    ...{ primalResidual: of(e), coneResidual: of(coneEntries) },
    ...{ w: of(coneEntries), eta: of(soc.length), zeta: of(coneEntries) },
    ...{ kkt: simd.allocate(n * n), factor: of(n * n), weighted: simd.allocate(n * rowCount), rowCount },
    ...{ half: of(e * n), schur: of(e * e) },
    ...{ theta: of(scalars), target: of(scalars), curvature: of(scalars), weights: of(scalars) },
    ...{ bend: of(n), rhs: of(n), product: of(n), solution: of(n), left: of(n), rhsNu: of(e), leftNu: of(e) },
    ...{ coneTarget: of(coneEntries), coneWork: of(coneEntries), coneMore: of(coneEntries), simd },
  };
}
