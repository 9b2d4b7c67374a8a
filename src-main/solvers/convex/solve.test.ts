import { readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AdjointError } from '@shared/errors';
import { init, makeInteriorPoint, step, terminate } from './interiorPoint';
import { parseMatrixProblem } from './matrixProblem';
import { infeasibilityMargin, isRay } from './phases';
import { convexProblem } from './problem';
import { scaleProblem, scalesOf } from './scaling';
import { defaultConvexSettings } from './settings';
import type { Diagnosis } from './solution';
import { solveConvex } from './solve';

const problemOf = (parts: object) =>
  parseMatrixProblem(JSON.stringify({ format: 'matrix-problem/1', ...parts }), 'test').problem;
const solve = (parts: object) => solveConvex(problemOf(parts));
const names = ({ findings }: { findings: { diagnosis: Diagnosis }[] }) => findings.map(({ diagnosis }) => diagnosis);
const identity = [
  [1, 0],
  [0, 1],
];

interface Case {
  expected: {
    status: string;
    objective: number;
    y: number[];
    dual: { equality?: number[]; inequality?: number[]; lower?: number[]; upper?: number[]; soc?: number[][] };
    condition: number;
  };
}

describe('agrees with 50-digit solutions', () => {
  const folder = resolve('resources/cases/layers');
  it.each(readdirSync(folder).filter((name) => !name.startsWith('degenerate')))('%s', (name) => {
    const { file, problem } = parseMatrixProblem(readFileSync(resolve(folder, name), 'utf8'), name);
    const { expected } = file as unknown as Case;
    const { status, y, objective, multipliers, certificate, findings } = solveConvex(problem);
    expect([status, findings]).toEqual(['optimal', []]);
    const close = (actual: ArrayLike<number>, wanted: ArrayLike<number>) => {
      const scale = Math.max(...Array.from(wanted, Math.abs), 1e-300);
      Array.from(wanted).forEach((value, i) => expect(Math.abs(actual[i] - value)).toBeLessThan(1e-12 * scale));
    };
    close(y, expected.y);
    expect(Math.abs(objective - expected.objective)).toBeLessThan(1e-14 * Math.abs(expected.objective));
    for (const kind of ['equality', 'inequality', 'lower', 'upper'] as const)
      if (expected.dual[kind]?.some((value) => value !== 0)) close(multipliers[kind], expected.dual[kind]);
    expected.dual.soc?.forEach((z, k) => close(multipliers.soc[k], z));
    expect(certificate.condition / expected.condition).toBeCloseTo(1, 1);
  });
});

describe('degenerate optima are named by their cause', () => {
  const two = { n: 2, Q: identity };
  it.each<[string, object, Diagnosis[], number[]]>([
    [
      'qp_duplicate_row',
      {
        ...two,
        p: [-4, 0],
        G: [
          [1, 0],
          [2, 0],
        ],
        h: [1, 2],
      },
      ['duplicate-constraint', 'licq-failure'],
      [1, 0],
    ],
    [
      'qp_vertex_of_three_rows',
      {
        ...two,
        p: [-5, -4],
        G: [
          [1, 0],
          [0, 1],
          [1, 1],
        ],
        h: [1, 1, 2],
      },
      ['licq-failure'],
      [1, 1],
    ],
    [
      'qp_redundant_equality',
      {
        ...two,
        p: [1, 0],
        A: [
          [1, 1],
          [2, 2],
        ],
        b: [1, 2],
      },
      ['redundant-equality'],
      [0, 1],
    ],
    ['qp_row_with_multiplier_0', { ...two, p: [-1, 0], G: [[1, 0]], h: [1] }, ['zero-multiplier'], [1, 0]],
    ['qp_bound_at_0_with_multiplier_0', { ...two, p: [0, 1], lower: [0, 0] }, ['kink'], [0, 0]],
    ['qp_fixed_variable', { ...two, p: [0, 1], lower: [1, null], upper: [1, null] }, ['duplicate-constraint'], [1, -1]],
    [
      'qp_weak_rows_that_make_it_unique',
      {
        n: 2,
        Q: [1, 0],
        G: [
          [-1, 1],
          [-1, -1],
        ],
        h: [0, 0],
      },
      ['zero-multiplier'],
      [0, 0],
    ],
    [
      'socp_boundary_with_multiplier_0',
      { ...two, p: [-3, -4], soc: [{ F: identity, g: [0, 0], c: [0, 0], d: 5 }] },
      ['kink'],
      [3, 4],
    ],
    ['socp_apex', { n: 2, p: [1, 0], soc: [{ F: [[0, 1]], g: [0], c: [1, 0], d: 0 }] }, [], [0, 0]],
    [
      'socp_apex_with_multiplier_on_the_cone',
      {
        n: 3,
        Q: [1, 1, 1],
        p: [1, 1, 0],
        soc: [
          {
            F: [
              [0, 1, 0],
              [0, 0, 1],
            ],
            g: [0, 0],
            c: [1, 0, 0],
            d: 0,
          },
        ],
      },
      ['kink'],
      [0, 0, 0],
    ],
    [
      'qcqp_one_feasible_point',
      {
        n: 2,
        p: [0, 1],
        G: [
          [-2, 0],
          [2, 0],
        ],
        H: [
          [1, 1],
          [1, 1],
        ],
        h: [0, 0],
      },
      ['no-multiplier'],
      [0, 0],
    ],
    ['qcqp_square_at_most_0', { n: 1, p: [1], G: [[0]], H: [[1]], h: [0] }, ['no-multiplier'], [0]],
    [
      'two_findings_at_once',
      {
        n: 3,
        Q: [1, 1, 1],
        p: [-4, -1, 0],
        G: [
          [1, 0, 0],
          [1, 0, 0],
          [0, 1, 0],
        ],
        h: [1, 1, 1],
      },
      ['duplicate-constraint', 'licq-failure', 'zero-multiplier'],
      [1, 1, 0],
    ],
  ])('%s', (_, parts, expected, y) => {
    const solution = solve(parts);
    expect(solution.status).toBe('optimal');
    expect(names(solution)).toEqual(expected);
    y.forEach((value, j) => expect(solution.y[j]).toBeCloseTo(value, 10));
  });

  it('qp_singular_on_the_rows: the optimum is not unique, and the direction is said', () => {
    const solution = solve({
      n: 2,
      Q: [
        [1, 1],
        [1, 1],
      ],
      p: [-1, -1],
    });
    expect(names(solution)).toEqual(['not-unique']);
    expect(solution.y[0] + solution.y[1]).toBeCloseTo(1, 10);
    expect(solution.objective).toBeCloseTo(-0.5, 10);
  });

  it('qcqp_no_interior_but_multipliers: reports them, with the face that the solution lives on', () => {
    const solution = solve({
      n: 2,
      Q: identity,
      p: [0.3, 0],
      G: [
        [-2, 0],
        [2, 0],
      ],
      H: [
        [1, 1],
        [1, 1],
      ],
      h: [0, 0],
    });
    expect(names(solution)).toContain('licq-failure');
    const [first, second] = solution.multipliers.inequality;
    expect(first - second).toBeCloseTo(0.15, 10);
    expect(solution.face?.problem.e).toBeGreaterThan(0);
  });
});

describe('no optimum, with proof', () => {
  it.each<[string, object]>([
    [
      'qp_contradictory_equalities',
      {
        n: 2,
        Q: identity,
        A: [
          [1, 1],
          [2, 2],
        ],
        b: [1, 3],
      },
    ],
    [
      'qp_contradictory_rows',
      {
        n: 2,
        Q: identity,
        G: [
          [1, 1],
          [-1, -1],
        ],
        h: [1, -2],
      },
    ],
    ['lp_bounds_against_a_row', { n: 2, G: [[1, 1]], h: [1], lower: [1, 1], upper: [3, null] }],
    ['qp_contradictory_bounds', { n: 1, Q: [1], lower: [2], upper: [1] }],
    [
      'qcqp_two_balls_apart',
      {
        n: 2,
        p: [1, 1],
        G: [
          [-6, 0],
          [6, 0],
        ],
        H: [
          [1, 1],
          [1, 1],
        ],
        h: [-8, -8],
      },
    ],
    ['qcqp_ball_and_plane', { n: 2, p: [1, 1], A: [[1, 1]], b: [5], G: [[0, 0]], H: [[1, 1]], h: [1] }],
    [
      'socp_two_balls_apart',
      { n: 2, p: [1, 1], soc: [0, 3].map((g) => ({ F: identity, g: [g, 0], c: [0, 0], d: 1 })) },
    ],
    [
      'infeasible_and_unbounded',
      {
        n: 2,
        p: [0, -1],
        A: [
          [1, 0],
          [1, 0],
        ],
        b: [0, 1],
      },
    ],
  ])('%s_primal_infeasible', (_, parts) => {
    const solution = solve(parts);
    expect(solution.status).toBe('primal infeasible');
    expect(infeasibilityMargin(problemOf(parts), solution.infeasibility!)).toBeGreaterThan(1e-3);
  });

  it.each<[string, object]>([
    ['lp', { n: 2, p: [-1, -1], lower: [0, 0], G: [[1, -1]], h: [1] }],
    ['qp_without_rows', { n: 3, Q: [1, 0, 0], p: [1, 1, 0] }],
    ['socp', { n: 2, p: [-1, 0], soc: [{ F: [[0, 1]], g: [0], c: [1, 0], d: 0 }] }],
    ['qcqp', { n: 2, p: [0, -1], G: [[0, -1]], H: [[1, 0]], h: [0] }],
  ])('%s_dual_infeasible', (_, parts) => {
    const solution = solve(parts);
    expect(solution.status).toBe('dual infeasible');
    expect(isRay(problemOf(parts), solution.ray!)).toBe(true);
  });

  it('qcqp_unbounded_along_a_parabola: says so although no straight ray shows it', () => {
    const solution = solve({ n: 2, p: [-1, 0], G: [[0, -1]], H: [[1, 0]], h: [0] });
    expect([solution.status, solution.ray, names(solution)]).toEqual(['dual infeasible', null, ['unbounded']]);
  });

  it('a certificate that proves nothing has no margin', () => {
    const problem = problemOf({ n: 1, Q: [1], G: [[1], [-1]], h: [1, 1] });
    const proof = solve({ n: 1, Q: [1], G: [[1], [-1]], h: [1, -2] }).infeasibility!;
    expect(infeasibilityMargin(problem, proof)).toBeLessThan(0);
  });
});

describe('bad input', () => {
  it.each<[string, Parameters<typeof convexProblem>[1], string]>([
    ['an asymmetric Q', { Q: { kind: 'dense', values: Float64Array.of(1, 0.5, 0, 1) } }, 'Q'],
    ['NaN', { p: Float64Array.of(0, NaN) }, 'p[1]'],
    ['Infinity in a row', { G: Float64Array.of(1, Infinity), h: Float64Array.of(1) }, 'G[0, 1]'],
    ['a wrong shape', { p: Float64Array.of(1) }, 'p'],
    ['a bound that nothing can satisfy', { lower: Float64Array.of(Infinity, 0) }, 'lower[0]'],
  ])('%s is refused by name', (_, parts, path) => {
    const problem = convexProblem(2, parts);
    expect(() => solveConvex(problem)).toThrow(AdjointError);
    try {
      solveConvex(problem);
    } catch (error) {
      expect((error as AdjointError).problem.findings?.map((finding) => finding.path)).toContain(path);
    }
  });

  it('an indefinite Q or H is named with its eigenvalue', () => {
    const objective = solve({
      n: 2,
      Q: [
        [1, 2],
        [2, 1],
      ],
      p: [1, 0],
    });
    expect([objective.status, objective.findings[0].eigenvalue]).toEqual(['not convex', expect.closeTo(-1, 12)]);
    const row = solve({ n: 2, Q: identity, G: [[0, 0]], h: [1], H: [[1, -1]] });
    expect([row.status, row.findings[0].rows]).toEqual(['not convex', [0]]);
  });

  it('no variables, and more than fit into memory, are refused', () => {
    expect(() => solveConvex(convexProblem(0, {}))).toThrow(/no variables/);
    const large = convexProblem(10_000, { G: new Float64Array(10_000).fill(1), h: Float64Array.of(1) });
    expect(() => solveConvex(large)).toThrow(/dense matrices/);
  });

  it('10,000 variables with bounds and a diagonal Q are solved', () => {
    const n = 10_000;
    const p = Float64Array.from({ length: n }, (_, j) => Math.sin(j) * 3);
    const { status, y } = solveConvex(
      convexProblem(n, {
        Q: { kind: 'diagonal', values: new Float64Array(n).fill(2) },
        p,
        lower: new Float64Array(n).fill(-1),
      }),
    );
    expect(status).toBe('optimal');
    y.forEach((value, j) => expect(value).toBeCloseTo(Math.max(-1, -p[j] / 2), 14));
  });

  it('one variable, no rows', () => {
    expect(solve({ n: 1, Q: [2], p: [-4] }).y[0]).toBe(2);
  });
});

it('the interior point allocates nothing while it iterates', () => {
  const text = readFileSync(resolve('resources/cases/layers/socp-rows.json'), 'utf8');
  const { problem } = parseMatrixProblem(text, 'socp-rows');
  const state = makeInteriorPoint(scaleProblem(problem, scalesOf(problem)));
  const run = () => {
    init(state);
    while (!terminate(state, { ...defaultConvexSettings, tolerance: 1e-9 })) step(state);
  };
  for (let i = 0; i < 20; i++) run();
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 200; i++) run();
  // Some 2,400 iterations: one array of 5 numbers in each would be 96 kB.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1000);
});
