import { Generator } from '@shared/random/generator';
import { exact } from '../estimators/exact';
import type { QuadraticBilevel } from '../quadratic';
import { GeneralLevel } from './generalLevel';

/** The ways to a hypergradient that are compared. */
export const contestantNames = ['direct', 'implicit', 'layer'] as const;
export type ContestantName = (typeof contestantNames)[number];

export interface Answer {
  /** ∂F/∂x_i at the coordinates asked for, in their order; at all without any. Overwritten by the next call. */
  gradient: Float64Array;
  /** Lower levels solved. */
  solves: number;
  /** The method itself says that there is no gradient here, or that it took one of several. */
  refused: boolean;
}

export interface Ask {
  /** [n] */
  q: Float64Array;
  /** Go on from the last solution, where the method can. */
  warm?: boolean;
  /** Of coordinates of x; what costs the same for all of them answers with all and is picked from. */
  coordinates?: Int32Array;
  /** Where the solver starts: a random point within the bounds, by this seed. */
  startSeed?: number;
}

/** A way to a hypergradient with its solver. */
export interface Contestant {
  name: ContestantName;
  /** @throws AdjointError `bad-request` where a lower level is not solved */
  at(x: Float64Array, ask: Ask): Answer;
}

export interface GeneralSettings {
  tolerance: number;
  threshold: number;
  differenceStep: number;
}

/**
 * - `direct`: the published baseline. The lower level is solved again at x moved along every coordinate, by a general solver, and y*
 *   is differenced: ∂F_i = ∇_x f_i + (∇_y f)ᵀ(y*(x + s e_i) − y*(x))/s.
 * - `implicit`: one solve by the same solver, its active bounds by a distance, and one linear system.
 * - `layer`: ours, the active-set method and the derivative of its active set.
 */
export function makeContestants(
  problem: QuadraticBilevel,
  settings: GeneralSettings,
): Record<ContestantName, Contestant> {
  return {
    direct: makeDirect(problem, settings),
    implicit: makeImplicit(problem, settings),
    layer: makeLayer(problem),
  };
}

function makeDirect(problem: QuadraticBilevel, settings: GeneralSettings): Contestant {
  const { d, n } = problem;
  const level = new GeneralLevel(problem, settings);
  const [centre, inY] = [new Float64Array(n), new Float64Array(n)];
  const [direct, moved] = [new Float64Array(d), new Float64Array(d)];
  return {
    name: 'direct',
    at(x, { q, coordinates, startSeed }) {
      const start = startSeed === undefined ? undefined : startWithin(problem, startSeed);
      centre.set(level.solve(x, q, start));
      problem.upperGradientX(x, centre, direct);
      problem.upperGradientY(x, centre, inY);
      moved.set(x);
      const gradient = Float64Array.from(coordinates ?? x.keys(), (i) => {
        moved[i] = x[i] + settings.differenceStep;
        const ahead = moved[i] - x[i];
        const y = level.solve(moved, q, start);
        moved[i] = x[i];
        let through = 0;
        for (let j = 0; j < n; j++) through += inY[j] * (y[j] - centre[j]);
        return direct[i] + through / ahead;
      });
      return { gradient, solves: gradient.length + 1, refused: false };
    },
  };
}

function makeImplicit(problem: QuadraticBilevel, settings: GeneralSettings): Contestant {
  const { d, n } = problem;
  const level = new GeneralLevel(problem, settings);
  const inY = new Float64Array(n);
  const [gradient, through] = [new Float64Array(d), new Float64Array(d)];
  return {
    name: 'implicit',
    at(x, { q, coordinates, startSeed }) {
      const y = level.solve(x, q, startSeed === undefined ? undefined : startWithin(problem, startSeed));
      problem.upperGradientX(x, y, gradient);
      problem.upperGradientY(x, y, inY);
      problem.lowerCrossProduct(x, y, level.adjoint(y, inY), through);
      for (let i = 0; i < d; i++) gradient[i] -= through[i];
      return { gradient: picked(gradient, coordinates), solves: 1, refused: false };
    },
  };
}

function makeLayer(problem: QuadraticBilevel): Contestant {
  const oracle = exact.make(problem, { kind: 'exact' });
  return {
    name: 'layer',
    at(x, { q, warm = false, coordinates, startSeed }) {
      // An active-set method starts from an active set: that of another point.
      if (startSeed !== undefined) oracle.at(new Generator(startSeed).standardNormals(problem.d), { q });
      const { gradient, weak } = oracle.at(x, { q, warm: warm || startSeed !== undefined });
      return { gradient: picked(gradient, coordinates), solves: 1, refused: weak.length > 0 };
    },
  };
}

const picked = (values: Float64Array, coordinates: Int32Array | undefined): Float64Array =>
  coordinates ? Float64Array.from(coordinates, (i) => values[i]) : values;

function startWithin({ bounds }: QuadraticBilevel, seed: number): Float64Array {
  const generator = new Generator(seed);
  return bounds.lower.map((lower, j) => lower + generator.random() * (bounds.upper[j] - lower));
}
