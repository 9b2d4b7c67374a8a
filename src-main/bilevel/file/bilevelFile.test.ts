import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { AdjointError } from '@shared/errors';
import { rowValues } from '../problem';
import { parseBilevelFile } from './bilevelFile';

const folder = resolve('resources/cases/bilevel');
const read = (name: string) => readFileSync(resolve(folder, name), 'utf8');

interface Expected {
  F: number;
  solutions: { x: number[]; y: number[]; f: number }[];
}

it.each(readdirSync(folder))(
  '%s has the objectives that are expected at its solutions, which satisfy all rows',
  (name) => {
    const { problem, file } = parseBilevelFile(read(name), name);
    const { F, solutions } = file.expected as Expected;
    for (const solution of solutions) {
      const [x, y] = [Float64Array.from(solution.x), Float64Array.from(solution.y)];
      expect(Math.abs(problem.upperValue(x, y) - F)).toBeLessThan(1e-12 * Math.max(1, Math.abs(F)));
      expect(Math.abs(problem.lowerValue(x, y) - solution.f)).toBeLessThan(1e-11 * Math.max(1, Math.abs(solution.f)));
      const rows = new Float64Array(problem.m);
      rowValues(problem, x, y, rows);
      for (const value of rows) expect(value).toBeLessThan(1e-9);
      y.forEach((value, j) => {
        expect(value).toBeGreaterThanOrEqual(problem.bounds.lower[j]);
        expect(value).toBeLessThanOrEqual(problem.bounds.upper[j]);
      });
    }
  },
);

const file = (parts: { upper?: object; lower?: object } & Record<string, unknown> = {}) =>
  JSON.stringify({
    ...{ format: 'bilevel/1', x: ['x1', 'x2'], y: ['y1'] },
    ...parts,
    upper: { minimize: 'x1^2 + y1', subjectTo: [], ...parts.upper },
    lower: { minimize: '(y1 - x1)^2', subjectTo: [], ...parts.lower },
  });

it('constraints go where they belong: the box of x, rows of the upper level, bounds of y, rows of the lower level', () => {
  const { problem } = parseBilevelFile(
    file({
      upper: { subjectTo: ['x1 >= 0', '2*x1 <= 8', 'x1 + x2 <= 1', 'y1 <= x2'] },
      lower: { subjectTo: ['y1 <= 3', '2*y1 <= 4', '-y1 <= 1', 'x1 + y1 >= 0', 'x2 <= 5', '1 <= 2', 'y1 = x1'] },
    }),
    'test',
  );
  expect([...problem.domain.lower]).toEqual([0, -Infinity]);
  expect([...problem.domain.upper]).toEqual([4, 5]);
  expect(problem.upperRows).toEqual({
    ...{ C: Float64Array.of(1, 1, 0, -1), D: Float64Array.of(0, 1), e: Float64Array.of(1, 0) },
  });
  expect([...problem.bounds.lower, ...problem.bounds.upper]).toEqual([-1, 2]);
  expect([...problem.rows.A]).toEqual([-1, 1, -1]);
  expect([...problem.rows.B]).toEqual([-1, 0, -1, 0, 1, 0]);
});

const findingsOf = (text: string) => {
  try {
    parseBilevelFile(text, 'test');
  } catch (error) {
    expect(error).toBeInstanceOf(AdjointError);
    return (error as AdjointError).problem.findings ?? [];
  }
  return [];
};

it.each<[string, string, RegExp, number | undefined]>([
  [file({ lower: { minimize: 'x1*y1^2' } }), 'lower.minimize', /term x1\*y1\^2 has degree 3/, 3],
  [file({ lower: { minimize: 'x1*y1 - y1^2' } }), 'lower.minimize', /not convex in y.*eigenvalue -2/, undefined],
  [file({ upper: { minimize: 'x1 + $' } }), 'upper.minimize', /means nothing here/, 6],
  [file({ upper: { subjectTo: ['x1 <= 1', 'x1^2 <= 1'] } }), 'upper.subjectTo[1]', /x1\^2 has degree 2.*affine/, 3],
  [file({ lower: { subjectTo: ['y1 <= z'] } }), 'lower.subjectTo[0]', /“z” is no variable/, 7],
  [file({ lower: { subjectTo: ['y1 <= 0', 'y1 >= 1'] } }), 'lower.subjectTo[1]', /contradicts/, undefined],
  [file({ lower: { subjectTo: ['2 <= 1'] } }), 'lower.subjectTo[0]', /never satisfied/, undefined],
  [file({ y: ['x1'] }), 'y', /occurs twice/, undefined],
  [file({ start: [1] }), 'start', /has 1 entries/, undefined],
  [file({ x: ['1x'] }), 'x.0', /a name is letters/, undefined],
])('%s: %s', (text, path, message, column) => {
  expect(findingsOf(text)).toContainEqual(
    expect.objectContaining({ path, message: expect.stringMatching(message) as string, ...(column ? { column } : {}) }),
  );
});
