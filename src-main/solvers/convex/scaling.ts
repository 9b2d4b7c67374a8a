import type { ConvexProblem, SymmetricMatrix } from './problem';
import { noMultipliers } from './kktRows';
import type { Multipliers } from './solution';

/**
 * Ruiz equilibration (D. Ruiz, *A scaling algorithm to equilibrate both rows and columns norms in matrices*, RAL-TR-2001-034) with
 * scales rounded to powers of two, so that no datum is rounded: y = Dŷ, row i is multiplied by its scale, the objective by another.
 */
export interface Scaling {
  /** D [n]; the scales of the objective, of equality, inequality and second-order rows. */
  variables: Float64Array;
  objective: number;
  equality: Float64Array;
  inequality: Float64Array;
  soc: Float64Array;
}

const sweeps = 10;
const powerOfTwo = (value: number): number => 2 ** Math.max(-400, Math.min(400, Math.round(Math.log2(value))));

/** The scales of a problem. */
export function scalesOf(problem: ConvexProblem): Scaling {
  const { n, e, m, Q, p, A, G, H, soc } = problem;
  const d = new Float64Array(n).fill(1);
  const equality = new Float64Array(e).fill(1);
  const inequality = new Float64Array(m).fill(1);
  const cones = new Float64Array(soc.length).fill(1);
  let objective = 1;
  const most = new Float64Array(n);
  const linear = (row: Float64Array, at: number, scale: number): number => {
    let largest = 0;
    for (let j = 0; j < n; j++) {
      const value = scale * Math.abs(row[at + j]) * d[j];
      if (value > most[j]) most[j] = value;
      if (value > largest) largest = value;
    }
    return largest;
  };
  const quadratic = (matrix: SymmetricMatrix, scale: number): number => {
    if (matrix === null) return 0;
    let largest = 0;
    const entry = (value: number, i: number) => {
      if (value > most[i]) most[i] = value;
      if (value > largest) largest = value;
    };
    if (matrix.kind === 'diagonal')
      for (let j = 0; j < n; j++) entry(scale * Math.abs(matrix.values[j]) * d[j] * d[j], j);
    else
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) entry(scale * Math.abs(matrix.values[i * n + j]) * d[i] * d[j], i);
    return largest;
  };
  for (let sweep = 0; sweep < sweeps; sweep++) {
    most.fill(0);
    const curved = quadratic(Q, objective);
    for (let i = 0; i < e; i++) equality[i] = shrink(equality[i], linear(A, i * n, equality[i]));
    for (let i = 0; i < m; i++)
      inequality[i] = shrink(inequality[i], Math.max(linear(G, i * n, inequality[i]), quadratic(H[i], inequality[i])));
    soc.forEach(({ F, c, k }, i) => {
      let largest = linear(c, 0, cones[i]);
      for (let q = 0; q < k; q++) largest = Math.max(largest, linear(F, q * n, cones[i]));
      cones[i] = shrink(cones[i], largest);
    });
    // A linear objective counts by its size, and only towards its own scale.
    let slope = 0;
    for (let j = 0; j < n; j++) slope = Math.max(slope, objective * Math.abs(p[j]) * d[j]);
    objective = shrink(objective, Math.max(curved, slope));
    for (let j = 0; j < n; j++) d[j] = shrink(d[j], most[j]);
  }
  return {
    variables: d.map(powerOfTwo),
    objective: powerOfTwo(objective),
    equality: equality.map(powerOfTwo),
    inequality: inequality.map(powerOfTwo),
    soc: cones.map(powerOfTwo),
  };
}

/** What |y_j| is measured against: itself, or where it is smaller the scale of its column. */
export function typicalSizes(
  problem: ConvexProblem,
  y: Float64Array,
  { variables }: Scaling = scalesOf(problem),
): Float64Array {
  return y.map((value, j) => Math.max(Math.abs(value), variables[j]));
}

const shrink = (scale: number, largest: number): number =>
  largest > 0 ? Math.min(1e100, Math.max(1e-100, scale / Math.sqrt(largest))) : scale;

/** The problem in ŷ. */
export function scaleProblem(problem: ConvexProblem, scaling: Scaling): ConvexProblem {
  const { n, e, m, Q, p, A, b, G, h, H, lower, upper, soc } = problem;
  const { variables: d, objective, equality, inequality } = scaling;
  const rows = (matrix: Float64Array, count: number, scale: (i: number) => number): Float64Array =>
    Float64Array.from({ length: count * n }, (_, at) => {
      const i = Math.floor(at / n);
      return scale(i) * matrix[at] * d[at - i * n];
    });
  const symmetric = (matrix: SymmetricMatrix, scale: number): SymmetricMatrix => {
    if (matrix === null) return null;
    const { kind, values } = matrix;
    if (kind === 'diagonal') return { kind, values: values.map((value, j) => scale * value * d[j] * d[j]) };
    return {
      kind,
      values: values.map((value, at) => scale * value * d[Math.floor(at / n)] * d[at % n]),
    };
  };
  return {
    ...{ n, e, m },
    Q: symmetric(Q, objective),
    p: p.map((value, j) => objective * value * d[j]),
    A: rows(A, e, (i) => equality[i]),
    b: b.map((value, i) => value * equality[i]),
    G: rows(G, m, (i) => inequality[i]),
    h: h.map((value, i) => value * inequality[i]),
    H: H.map((matrix, i) => symmetric(matrix, inequality[i])),
    lower: lower.map((value, j) => value / d[j]),
    upper: upper.map((value, j) => value / d[j]),
    soc: soc.map(({ k, F, g, c, d: constant }, i) => ({
      k,
      F: rows(F, k, () => scaling.soc[i]),
      g: g.map((value) => value * scaling.soc[i]),
      c: rows(c, 1, () => scaling.soc[i]),
      d: constant * scaling.soc[i],
    })),
  };
}

/** The original problem's multipliers from the scaled one's. */
export function unscaleMultipliers(problem: ConvexProblem, scaling: Scaling, scaled: Multipliers): Multipliers {
  const result = noMultipliers(problem);
  const { variables, objective, equality, inequality, soc } = scaling;
  const unscale = (to: Float64Array, from: Float64Array, scale: (i: number) => number) => {
    for (let i = 0; i < to.length; i++) to[i] = (from[i] * scale(i)) / objective;
  };
  unscale(result.equality, scaled.equality, (i) => equality[i]);
  unscale(result.inequality, scaled.inequality, (i) => inequality[i]);
  unscale(result.lower, scaled.lower, (j) => 1 / variables[j]);
  unscale(result.upper, scaled.upper, (j) => 1 / variables[j]);
  result.soc.forEach((z, i) => unscale(z, scaled.soc[i], () => soc[i]));
  return result;
}
