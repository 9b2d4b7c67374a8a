import { describe, expect, it } from 'vitest';
import { Generator } from '@shared/random/generator';
import { convexProblem, type ConvexProblem } from './problem';
import { solveConvex } from './solve';
import type { Solution } from './solution';

/** The largest failure of stationarity, feasibility, signs and complementarity, relative to the size of the multipliers. */
function kktError({ n, e, m, Q, p, A, b, G, h }: ConvexProblem, { y, multipliers }: Solution): number {
  if (Q?.kind !== 'dense') throw new Error('Q is dense here');
  const { equality, inequality } = multipliers;
  const rows = (M: Float64Array, i: number) => y!.reduce((sum, value, j) => sum + M[i * n + j] * value, 0);
  const size = 1 + Math.max(...equality.map(Math.abs), ...inequality.map(Math.abs), ...y!.map(Math.abs));
  let worst = 0;
  for (let j = 0; j < n; j++) {
    let slope = p[j] + rows(Q.values, j);
    for (let i = 0; i < e; i++) slope += equality[i] * A[i * n + j];
    for (let i = 0; i < m; i++) slope += inequality[i] * G[i * n + j];
    worst = Math.max(worst, Math.abs(slope));
  }
  for (let i = 0; i < e; i++) worst = Math.max(worst, Math.abs(rows(A, i) - b[i]));
  for (let i = 0; i < m; i++) {
    const slack = h[i] - rows(G, i);
    worst = Math.max(worst, -slack, -inequality[i], Math.min(Math.abs(slack), inequality[i]));
  }
  return worst / size;
}

function randomQp(n: number, e: number, m: number, generator: Generator): ConvexProblem {
  const F = generator.standardNormals(n * n);
  const values = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < n; k++) values[i * n + j] += (F[i * n + k] * F[j * n + k]) / n;
      if (i === j) values[i * n + j] += 0.1;
    }
  const inside = generator.standardNormals(n).map((value) => 5 * value);
  const A = generator.standardNormals(e * n);
  // Some equalities fix a variable, as bounds written as rows do.
  for (let i = 1; i < e; i++)
    if (generator.random() < 0.5)
      A.subarray(i * n, (i + 1) * n)
        .fill(0)
        .fill(1, i, i + 1);
  const G = generator.standardNormals(m * n);
  const at = (M: Float64Array, count: number) =>
    Float64Array.from({ length: count }, (_, i) => inside.reduce((sum, value, j) => sum + M[i * n + j] * value, 0));
  return convexProblem(n, {
    Q: { kind: 'dense', values },
    p: generator.standardNormals(n),
    ...{ A, b: at(A, e), G },
    h: at(G, m).map((value) => value + (generator.random() < 0.5 ? 0 : generator.random())),
  });
}

describe('problems whose equalities leave hardly any freedom', () => {
  it('multipliers at a vertex do not keep the rounding of where they came from', () => {
    // Found in a scan: the interior point stalls with ν about 1e22, and y is at the vertex already.
    const problem = convexProblem(5, {
      Q: {
        kind: 'dense',
        values: Float64Array.of(
          ...[1.1443492256116117, -0.41564824643680326, 0.2506219197689029, 0.9704679468283377, -0.20606390682515985],
          ...[-0.41564824643680326, 0.720050005430934, -0.45498045778639085, -0.301710200730378, -0.08705976615],
          ...[0.2506219197689029, -0.45498045778639085, 0.8088135179951561, 0.34703641628445936, 0.3105950013355057],
          ...[0.9704679468283377, -0.301710200730378, 0.34703641628445936, 1.7419679534799153, -0.42645643845761394],
          ...[-0.20606390682515985, -0.08705976615, 0.3105950013355057, -0.42645643845761394, 1.0659821913416976],
        ),
      },
      p: Float64Array.of(-0.09069685839470129, -0.7007059929674445, -1.4378266643427289, 1.5623375141682525, 1.433833),
      A: Float64Array.of(
        ...[1.3556001985174029, 0.40296004179724604, -0.3489557561691953, 0.5779352329817399, 0.5794493270108907],
        ...[0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, -1],
      ),
      b: Float64Array.of(0.5476267493721365, 0, 0, 0),
      G: Float64Array.of(
        0.06610786185667628,
        -0.6986229664146689,
        -0.17757895665,
        0.2655081054164276,
        -1.1554281129521764,
      ),
      h: Float64Array.of(-3.6416815662057453),
    });
    const solution = solveConvex(problem);
    expect(solution.status).toBe('optimal');
    // Along (1, 0, 0, −a₀/a₃, 0), the one direction that the equalities leave.
    const [a0, a3] = [1.3556001985174029, 0.5779352329817399];
    const y = solution.y!;
    const values = (problem.Q as { values: Float64Array }).values;
    const slope = (j: number) => problem.p[j] + y.reduce((sum, value, k) => sum + values[5 * j + k] * value, 0);
    const lambda = (slope(0) - (a0 / a3) * slope(3)) / (0.2655081054164276 * (a0 / a3) - 0.06610786185667628);
    expect(Math.abs(solution.multipliers.inequality[0] / lambda - 1)).toBeLessThan(1e-12);
    expect(kktError(problem, solution)).toBeLessThan(1e-13);
  });

  it('are solved, 400 of them', () => {
    const generator = new Generator(17);
    const failed: string[] = [];
    for (let trial = 0; trial < 400; trial++) {
      const n = 2 + (trial % 5);
      const e = Math.max(0, n - (trial % 3));
      const problem = randomQp(n, e, 1 + (trial % 6), generator);
      const solution = solveConvex(problem);
      const error = solution.status === 'optimal' ? kktError(problem, solution) : Infinity;
      if (!(error < 1e-9)) failed.push(`${trial}: n=${n} e=${e} ${solution.status} ${error.toExponential(1)}`);
    }
    expect(failed).toEqual([]);
  });
});
