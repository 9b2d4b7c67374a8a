import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AdjointError, type Problem } from '@shared/errors';
import { solveReportSchema, type SolveReport, type SolveRun } from '@shared/solve';
import { perturb } from '../layers/convex/perturb';
import { parseMatrixProblem } from '../solvers/convex/matrixProblem';
import { solveConvex } from '../solvers/convex/solve';
import { casePath, listCases, type FoundSource } from './solveSource';
import { auditReport, solveReport } from './solveViews';

const resources = resolve('resources');
const caseOf = (name: string): FoundSource => ({ kind: 'case', name, path: casePath(resources, name) });
const solved = (name: string, change: Partial<SolveRun> = {}): SolveReport =>
  solveReport({ cotangent: 'file', plane: 'path', gridSize: 41, ...change }, caseOf(name));
const text = (value: object): FoundSource => ({ kind: 'text', name: 'pasted', text: JSON.stringify(value) });

function refusal(action: () => unknown): Problem {
  try {
    action();
  } catch (error) {
    if (error instanceof AdjointError) return error.problem;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the report of a solve', () => {
  it('agrees with what the case expects, rows by name and active ones first', () => {
    const report = solved('inequality-qp');
    const { file } = parseMatrixProblem(readFileSync(casePath(resources, 'inequality-qp'), 'utf8'), '');
    const expected = file.expected as { y: number[]; dual: { inequality: number[] }; vjp: { p: number[] } };
    expect(report.status).toBe('optimal');
    expected.y.forEach((value, j) => expect(report.y![j]).toBeCloseTo(value, 9));
    expected.vjp.p.forEach((value, j) => expect(report.sensitivity.gradients.p![j]).toBeCloseTo(value, 9));
    for (const { kind, index, multiplier, state } of report.rows)
      if (kind === 'inequality') {
        expect(multiplier).toBeCloseTo(expected.dual.inequality[index], 9);
        expect(state === 'active').toBe(expected.dual.inequality[index] > 1e-9);
      }
    const states = report.rows.map(({ state }) => state);
    expect(states.lastIndexOf('active')).toBeLessThan(states.indexOf('inactive'));
  });

  it('traces the interior point down to where the polish takes over', () => {
    const { trace, iterations } = solved('qcqp-dense');
    expect(trace!.iterations).toHaveLength(iterations + 1);
    expect(trace!.iterations[0].gap).toBeGreaterThan(1e-3);
    expect(trace!.iterations.at(-1)!.gap).toBeLessThan(1e-7);
    expect(trace!.polish!.dual).toBeLessThan(1e-12);
  });

  it('shows the path in a slice through the optimum that holds its start', () => {
    const { slice, path } = solved('qcqp-dense');
    const [s, t] = path.at(-1)!;
    expect(Math.hypot(s, t)).toBeLessThan(1e-5);
    expect(path[0][2]).toBeLessThan(1e-8 * Math.hypot(path[0][0], path[0][1]) + 1e-8);
    expect(slice!.size).toBe(41);
    expect(solved('socp-rows')).toMatchObject({ slice: null, notes: [expect.stringContaining('second-order cones')] });
  });

  it.each(['p', 'b', 'h'] as const)('has a Jacobian ∂y/∂%s that is what re-solved problems say', (datum) => {
    const name = 'inequality-qp';
    const { problem } = parseMatrixProblem(readFileSync(casePath(resources, name), 'utf8'), '');
    const { values, entries } = solved(name, { jacobian: datum }).sensitivity.jacobian!;
    const step = 1e-6;
    entries.forEach((i, k) => {
      const at = (amount: number) => solveConvex(perturb(problem, { datum, i, j: 0 }, amount)).y;
      const [plus, minus] = [at(step), at(-step)];
      for (let j = 0; j < problem.n; j++)
        expect(values[j * entries.length + k]).toBeCloseTo((plus[j] - minus[j]) / (2 * step), 6);
    });
  });

  it('has the gradient of one variable where that is asked for', () => {
    const { sensitivity } = solved('inequality-qp', { cotangent: { variable: 2 }, jacobian: 'p' });
    expect(sensitivity.cotangent).toEqual([0, 0, 1, 0, 0]);
    sensitivity.gradients.p!.forEach((value, k) =>
      expect(sensitivity.jacobian!.values[2 * 5 + k]).toBeCloseTo(value, 12),
    );
    expect(refusal(() => solved('inequality-qp', { cotangent: { variable: 5 } }))).toMatchObject({
      code: 'bad-request',
    });
  });

  it('at a kink has both one-sided derivatives and marks the row', () => {
    const { rows, sensitivity, findings, warnings } = solved('degenerate-kink');
    expect(findings[0].diagnosis).toBe('kink');
    // Its chosen element is 0, but to the left y* follows its bound.
    expect(warnings.find(({ code }) => code === 'does-not-move')?.message).not.toContain('upper');
    expect(rows[0]).toMatchObject({ kind: 'upper', index: 0, state: 'weak', multiplier: 0 });
    const p = sensitivity.oneSided.find(({ datum }) => datum === 'p')!;
    expect(p.plus).toBeCloseTo(-1, 9);
    expect(p.minus).toBeCloseTo(0, 9);
  });

  it('proves infeasibility by multipliers and unboundedness by a ray', () => {
    const infeasible = solved('degenerate-infeasible');
    expect(infeasible).toMatchObject({ status: 'primal infeasible', y: null, certificate: null, slice: null });
    expect(infeasible.infeasibility!.length).toBeGreaterThan(0);
    const unbounded = solved('degenerate-unbounded');
    expect(unbounded).toMatchObject({ status: 'dual infeasible', y: null });
    expect(unbounded.ray).toHaveLength(2);
    expect(unbounded.sensitivity.refusal).toContain('no optimum');
  });

  it.each(listCases(resources).cases.map(({ name }) => name))(
    'is what the contract says, after travelling as JSON, for the case %s',
    (name) => {
      // What is not finite would be null, which the schema does not take.
      const sent = solveReportSchema.safeParse(JSON.parse(JSON.stringify(solved(name))));
      expect(sent.error).toBeUndefined();
    },
  );

  it('refuses what is no problem, naming what and where, and what is too large', () => {
    expect(
      refusal(() =>
        solveReport({ cotangent: 'file', plane: 'path', gridSize: 41 }, { kind: 'text', name: 'mine.json', text: '{' }),
      ),
    ).toMatchObject({ code: 'bad-request', where: 'mine.json' });
    const wrong = text({ format: 'matrix-problem/1', n: 2, p: [1] });
    expect(refusal(() => auditReport({ cotangent: 'file' }, wrong)).findings).toEqual([
      { path: 'p', message: 'has 1 entries; there should be 2' },
    ]);
    const large = text({ format: 'matrix-problem/1', n: 2000, G: [new Array(2000).fill(1)], h: [1] });
    expect(refusal(() => auditReport({ cotangent: 'file' }, large))).toMatchObject({
      code: 'unsupported',
      what: expect.stringContaining('2000 variables'),
    });
  });
});

describe('the audit', () => {
  it('finds the gradient right within the noise of differences, which is least at a step in the middle', () => {
    const { data, noise } = auditReport({ cotangent: 'file' }, caseOf('inequality-qp'));
    expect(data.map(({ datum }) => datum)).toEqual(['Q', 'p', 'A', 'b', 'G', 'h']);
    for (const { exact, adjointIdentity, sweep } of data) {
      expect(Math.min(...sweep.map(({ relativeError }) => relativeError!))).toBeLessThan(1e-7);
      expect(exact).toBeLessThan(1e-12);
      expect(adjointIdentity).toBeLessThan(1e-12);
      expect(sweep.map(({ step }) => step)).toEqual([1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9]);
    }
    expect(noise!.step).toBeGreaterThan(1e-6);
  });

  it('says why there is none where y* is not unique', () => {
    const { refusal: why, data } = auditReport({ cotangent: 'file' }, caseOf('degenerate-not-unique'));
    expect(why).toContain('singular');
    expect(data).toEqual([]);
  });
});
