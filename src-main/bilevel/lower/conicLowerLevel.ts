import { AdjointError } from '@shared/errors';
import { differentiate } from '../../layers/convex/differentiate';
import type { ConvexProblem } from '../../solvers/convex/problem';
import type { Solution } from '../../solvers/convex/solution';
import { solveConvex } from '../../solvers/convex/solve';
import { denseEntries } from '../../solvers/convex/validate';
import { convexProblemAt, type QuadraticBilevel } from '../quadratic';
import {
  checkPoint,
  lowerLevelFailure,
  type LowerLevel,
  type LowerRow,
  type LowerSolution,
  type SolveOptions,
} from './lowerLevel';
import { oppositeRows } from './oppositeRows';

/** Any convex lower level, by the interior point with its polish, and the derivative of the convex layer. Nothing is warm-started. */
export class ConicLowerLevel implements LowerLevel {
  readonly method = 'interior point';
  readonly bytes: number;
  readonly #problem: QuadraticBilevel;
  readonly #opposite: Int32Array;
  #last: { convex: ConvexProblem; solution: Solution } | null = null;

  constructor(problem: QuadraticBilevel) {
    this.#problem = problem;
    this.#opposite = oppositeRows(problem);
    this.bytes = 8 * denseEntries({ n: problem.n, e: 0, m: problem.m, soc: [] });
  }

  solve(x: Float64Array, { q }: SolveOptions = {}): LowerSolution {
    checkPoint(x, this.#problem.d);
    const convex = convexProblemAt(this.#problem, x, q);
    const solution = solveConvex(convex);
    if (solution.status !== 'optimal') throw lowerLevelFailure(solution.status, x, detailOf(solution));
    this.#last = { convex, solution };
    const { y, multipliers, findings, certificate } = solution;
    const weak = findings.filter(({ diagnosis }) => diagnosis === 'zero-multiplier' || diagnosis === 'kink');
    const rows = weak.flatMap((finding): LowerRow[] => [
      ...(finding.rows ?? [])
        .filter((index) => this.#opposite[index] < 0)
        .map((index) => ({ kind: 'inequality' as const, index })),
      ...(finding.bounds ?? []).map((name) => {
        const [kind, index] = name.split(' ');
        return { kind: kind as 'lower' | 'upper', index: Number(index) };
      }),
    ]);
    const isWeak = (kind: LowerRow['kind'], index: number) =>
      rows.some((row) => row.kind === kind && row.index === index);
    const held = new Uint8Array(convex.m);
    const side = new Int8Array(convex.n);
    for (const index of certificate.active.inequality) held[index] = isWeak('inequality', index) ? 0 : 1;
    for (const index of certificate.active.lower) side[index] = isWeak('lower', index) ? 0 : -1;
    for (const index of certificate.active.upper) if (!isWeak('upper', index)) side[index] = 1;
    return { y, multipliers, held, side, weak: rows };
  }

  adjoint(v: Float64Array): { u: Float64Array; w: Float64Array } {
    if (!this.#last) throw new AdjointError('internal', 'The lower level was not solved before its derivative.');
    const { refusal, gradients } = differentiate(this.#last.convex, this.#last.solution, v, ['p', 'h']);
    if (refusal)
      throw new AdjointError('unsupported', `y*(x) has no derivative here: ${refusal.message}.`, {
        where: 'the lower level',
        fix: 'Add curvature to Q, or use one-sided derivatives.',
      });
    // On a face of the feasible set only p moves, and the rows have no rates.
    return { u: gradients.p!.map((value) => 0 - value), w: gradients.h ?? new Float64Array(this.#problem.m) };
  }

  saveWarmStart(): Float64Array {
    return new Float64Array(0);
  }

  restoreWarmStart(): void {}
}

/** The eigenvalue of a level that is not convex. */
function detailOf({ findings }: Solution): string | undefined {
  const eigenvalue = findings.find((finding) => finding.eigenvalue !== undefined)?.eigenvalue;
  return eigenvalue === undefined ? undefined : `The smallest is ${eigenvalue.toPrecision(6)}.`;
}
