import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Generator } from '@shared/random/generator';
import { parseMatrixProblem } from '../../solvers/convex/matrixProblem';
import { convexProblem, data } from '../../solvers/convex/problem';
import { solveConvex } from '../../solvers/convex/solve';
import { randomProblem } from '../../solvers/convex/fixtures/random';
import { auditGradient } from './audit';
import { differentiate } from './differentiate';
import { oneSidedDerivatives, type Nested } from './oneSided';
import { gradientAtEntry, perturb } from './perturb';
import { preflight } from './preflight';
import type { Entry } from './rates';

const problemOf = (parts: object) =>
  parseMatrixProblem(JSON.stringify({ format: 'matrix-problem/1', ...parts }), 'test').problem;
const caseOf = (name: string) => {
  const { file, problem } = parseMatrixProblem(readFileSync(resolve('resources/cases/layers', name), 'utf8'), name);
  return { problem, cotangent: Float64Array.from(file.cotangent!) };
};
const identity = [
  [1, 0],
  [0, 1],
];

describe('gradients of random problems agree with central differences, the active-set formula and the adjoint identity', () => {
  const classes = ['lp', 'qp', 'box-qp', 'equality-qp', 'semidefinite-qp', 'qcqp', 'socp'] as const;
  it.each(classes)('%s', (kind) => {
    let audited = 0;
    for (let seed = 100; seed < 106; seed++) {
      const problem = randomProblem(kind, seed);
      const solution = solveConvex(problem);
      // Near a kink differences cross it: the preflight says so, and those are not compared.
      if (solution.findings.length > 0 || solution.certificate.complementarityMargin < 1e-3) continue;
      const v = new Generator(seed).standardNormals(problem.n);
      const audit = auditGradient(problem, solution, v, { steps: [1e-4, 1e-5], maxEntries: 12 });
      expect(audit.refusal).toBe(null);
      for (const { datum, best, exact, adjointIdentity } of audit.data) {
        const where = `${kind} ${seed} ${datum}`;
        expect(Math.min(exact.relativeError, exact.error), where).toBeLessThan(1e-9);
        expect(Math.min(adjointIdentity, exact.error), where).toBeLessThan(1e-9);
        // A singular Q is indefinite after most changes: there is nothing to difference.
        if (best === null && kind === 'semidefinite-qp' && datum === 'Q') continue;
        expect(Math.min(best!.relativeError, best!.error), where).toBeLessThan(1e-5);
        audited++;
      }
    }
    expect(audited).toBeGreaterThan(4);
  });
});

it('the audit sees a wrong gradient', () => {
  const { problem, cotangent } = caseOf('unconstrained-qp.json');
  const solution = solveConvex(problem);
  // Q of another problem: its gradient needs that problem's own y*.
  const other = { ...problem, Q: { kind: 'dense' as const, values: problem.Q!.values.map((value) => 1.1 * value) } };
  const [audit] = auditGradient(other, solution, cotangent, { data: ['Q'], steps: [1e-5] }).data;
  expect(audit.best!.relativeError).toBeGreaterThan(1e-3);
});

it('data that are not asked for are not computed', () => {
  const { problem, cotangent } = caseOf('qcqp-dense.json');
  expect(Object.keys(differentiate(problem, solveConvex(problem), cotangent, ['p']).gradients)).toEqual(['p']);
});

describe('what can fail is named', () => {
  const v = Float64Array.of(1, 2);
  const refusal = (parts: object) => {
    const problem = problemOf(parts);
    return differentiate(problem, solveConvex(problem), v).refusal?.reason;
  };
  it('no optimum, an optimum that is not unique, and one that only weak rows make unique', () => {
    expect(
      refusal({
        n: 2,
        Q: identity,
        G: [
          [1, 0],
          [-1, 0],
        ],
        h: [1, -2],
      }),
    ).toBe('no-optimum');
    expect(refusal({ n: 2, p: [-1, 0], lower: [0, 0] })).toBe('no-optimum');
    expect(
      refusal({
        n: 2,
        Q: [
          [1, 1],
          [1, 1],
        ],
        p: [-1, -1],
      }),
    ).toBe('reduced-hessian-singular');
    expect(
      refusal({
        n: 2,
        Q: [1, 0],
        G: [
          [-1, 1],
          [-1, -1],
        ],
        h: [0, 0],
      }),
    ).toBe('reduced-hessian-singular');
  });

  it('dependent rows: the derivative by p exists, that by the rows is one-sided', () => {
    const { problem, cotangent } = caseOf('degenerate-duplicate-row.json');
    const { gradients, oneSidedOnly } = differentiate(problem, solveConvex(problem), cotangent);
    expect(gradients.p![0]).toBeCloseTo(1 / 3, 12);
    expect(oneSidedOnly).toEqual(['G', 'h', 'H']);
  });

  it('no multipliers: y moves with p on the face that is left, and with nothing else', () => {
    const parts = {
      n: 3,
      Q: [1, 1, 1],
      p: [0.3, 1, 2],
      G: [
        [-2, 0, 0],
        [2, 0, 0],
      ],
      H: [
        [1, 1, 0],
        [1, 1, 0],
      ],
      h: [0, 0],
    };
    const problem = problemOf(parts);
    const solution = solveConvex(problem);
    expect(solution.findings.map(({ diagnosis }) => diagnosis)).toContain('no-multiplier');
    const { gradients, oneSidedOnly } = differentiate(problem, solution, Float64Array.of(1, 1, 1));
    [0, 0, -1].forEach((value, j) => expect(gradients.p![j]).toBeCloseTo(value, 9));
    expect(oneSidedOnly).toContain('h');
  });

  it('a fixed variable moves with its two bounds together', () => {
    const problem = problemOf({
      n: 2,
      Q: [
        [2, 1],
        [1, 2],
      ],
      p: [-1, -1],
      lower: [1, null],
      upper: [1, null],
    });
    const solution = solveConvex(problem);
    const { gradients, oneSidedOnly } = differentiate(problem, solution, Float64Array.of(0, 1));
    expect(gradients.lower![0] + gradients.upper![0]).toBeCloseTo(-0.5, 12);
    expect(oneSidedOnly).toEqual(['lower', 'upper']);
  });
});

describe('one-sided derivatives agree with differences to either side', () => {
  const sides = (parts: object, entry: Entry, v: number[]) => {
    const problem = problemOf(parts);
    const value = (amount: number) => {
      const { status, y } = solveConvex(perturb(problem, entry, amount));
      return status === 'optimal' ? y.reduce((sum, yj, j) => sum + yj * v[j], 0) : null;
    };
    const here = value(0)!;
    const step = 1e-6;
    const difference = (sign: 1 | -1) => {
      const there = value(sign * step);
      return there === null ? null : (sign * (there - here)) / step;
    };
    const derivative = oneSidedDerivatives(problem, solveConvex(problem), Float64Array.from(v), [entry.datum])[
      entry.datum
    ]!;
    const at = (nested: Nested): number | null => {
      const child = (value: Nested, key: number | string): Nested => (value as Record<string | number, Nested>)[key];
      if (entry.datum === 'soc') return child(child(nested, entry.row), entry.part) as number | null;
      if (entry.datum === 'H') return child(child(nested, entry.row), entry.i) as number | null;
      const row = child(nested, entry.i);
      return (entry.datum === 'G' || entry.datum === 'A' ? child(row, entry.j) : row) as number | null;
    };
    return { exact: [at(derivative.plus), at(derivative.minus)], numeric: [difference(1), difference(-1)] };
  };
  const two = {
    n: 2,
    Q: [
      [2, 1],
      [1, 2],
    ],
  };
  it.each<[string, object, Entry]>([
    ['a weak row, by p', { ...two, p: [-2, -1], G: [[1, 0]], h: [1] }, { datum: 'p', i: 0, j: 0 }],
    ['a weak row, by its own G', { ...two, p: [-2, -1], G: [[1, 0]], h: [1] }, { datum: 'G', i: 0, j: 1 }],
    [
      'a duplicate row, by h',
      {
        ...two,
        p: [-5, -1],
        G: [
          [1, 1],
          [2, 2],
        ],
        h: [1, 2],
      },
      { datum: 'h', i: 1, j: 0 },
    ],
    [
      'a vertex of three rows, by G',
      {
        ...two,
        p: [-9, -8],
        G: [
          [1, 0],
          [0, 1],
          [1, 1],
        ],
        h: [1, 1, 2],
      },
      { datum: 'G', i: 2, j: 0 },
    ],
    [
      'a redundant equality, by b',
      {
        ...two,
        p: [-1, 0],
        A: [
          [1, 1],
          [2, 2],
        ],
        b: [1, 2],
      },
      { datum: 'b', i: 0, j: 0 },
    ],
    [
      'a cone of multiplier 0, by d',
      { n: 2, Q: identity, p: [-3, -4], soc: [{ F: identity, g: [0, 0], c: [0, 0], d: 5 }] },
      { datum: 'soc', row: 0, part: 'd', i: 0, j: 0 },
    ],
    [
      'a weak apex, by p',
      { n: 2, Q: [1, 1], p: [1, 1], soc: [{ F: [[0, 1]], g: [0], c: [1, 0], d: 0 }] },
      { datum: 'p', i: 1, j: 0 },
    ],
    [
      'a weak apex, by d',
      { n: 2, Q: [1, 1], p: [1, 1], soc: [{ F: [[0, 1]], g: [0], c: [1, 0], d: 0 }] },
      { datum: 'soc', row: 0, part: 'd', i: 0, j: 0 },
    ],
    [
      'a weak curved row, by H',
      { n: 2, Q: identity, p: [-1, 0], G: [[0, 0]], H: [[1, 1]], h: [1] },
      { datum: 'H', row: 0, i: 0, j: 0 },
    ],
    [
      'one that only weak rows make unique, by p',
      {
        n: 2,
        Q: [1, 0],
        G: [
          [-1, 1],
          [-1, -1],
        ],
        h: [0, 0],
      },
      { datum: 'p', i: 1, j: 0 },
    ],
  ])('%s', (_, parts, entry) => {
    const { exact, numeric } = sides(parts, entry, [1, 2]);
    exact.forEach((value, side) => {
      if (value === null || numeric[side] === null) expect(value).toBe(numeric[side]);
      else expect(value).toBeCloseTo(numeric[side], 4);
    });
  });
});

describe('preflight', () => {
  const codes = (parts: object) => {
    const problem = problemOf(parts);
    return preflight(problem, solveConvex(problem)).warnings.map(({ code }) => code);
  };
  it('says that y* does not move, that a kink is there or near, that rows depend, that there is no derivative', () => {
    expect(codes({ n: 2, p: [1, 1], lower: [0, 0] })).toContain('does-not-move');
    expect(codes({ n: 1, Q: [1], p: [-1], upper: [1] })).toContain('kink');
    expect(codes({ n: 1, Q: [1], p: [-1.00001], upper: [1] })).toContain('kink-nearby');
    expect(
      codes({
        n: 2,
        Q: identity,
        p: [-4, 0],
        G: [
          [1, 0],
          [2, 0],
        ],
        h: [1, 2],
      }),
    ).toContain('licq-failure');
    expect(
      codes({
        n: 2,
        Q: [
          [1, 1],
          [1, 1],
        ],
        p: [-1, -1],
      }),
    ).toEqual(['no-derivative']);
    expect(
      codes({
        n: 2,
        Q: [
          [1, 1],
          [1, 1.000000001],
        ],
        p: [-1, -1],
      }),
    ).toContain('not-strongly-convex');
  });

  it('has nothing to say about a plain problem', () => {
    const problem = randomProblem('equality-qp', 3);
    const { warnings, differences } = preflight(problem, solveConvex(problem));
    expect(warnings).toEqual([]);
    expect(differences!.error).toBeLessThan(1e-8);
  });
});

it('10,000 separable variables are differentiated', () => {
  const n = 10_000;
  const p = Float64Array.from({ length: n }, (_, j) => Math.sin(j) * 3);
  const problem = convexProblem(n, {
    Q: { kind: 'diagonal', values: new Float64Array(n).fill(2) },
    p,
    lower: new Float64Array(n).fill(-1),
  });
  const { gradients } = differentiate(problem, solveConvex(problem), new Float64Array(n).fill(1), data);
  p.forEach((value, j) => {
    expect(gradientAtEntry(n, gradients, { datum: 'p', i: j, j: 0 })).toBe(-value / 2 > -1 ? -0.5 : 0);
    expect(gradients.lower![j]).toBe(-value / 2 > -1 ? 0 : 1);
  });
});
