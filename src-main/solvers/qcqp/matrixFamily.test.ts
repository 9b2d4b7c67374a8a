import { describe, expect, it } from 'vitest';
import type { AdjointError } from '@shared/errors';
import { requireSettings } from '../../modelling/families/registry';
import { generateInstances } from '../../modelling/families/family';
import { parseMatrixProblem } from '../convex/matrixProblem';
import { solveConvex } from '../convex/solve';
import { makeSolver } from './bounds';
import { matrixFamily, type Variation } from './matrixFamily';

const file = {
  format: 'matrix-problem/1',
  name: 'Three variables',
  n: 3,
  Q: [2, 1, 1],
  p: [1, -1, 0.5],
  A: [[1, 1, 1]],
  b: [0.4],
  G: [
    [1, 0, -1],
    [0, 1, 0],
  ],
  h: [0.3, 0.2],
  H: [
    [
      [0.5, 0.1, 0],
      [0.1, 0.4, 0],
      [0, 0, 0.2],
    ],
    null,
  ],
  lower: [-2, null, -2],
};
const text = JSON.stringify(file);
const make = (variation: Variation, given: object = {}, from: string = text) => {
  const family = matrixFamily(from, 'problem.json', variation);
  const settings = requireSettings(family, { instances: 12, spread: 0.3, ...given });
  return { family, settings, drawn: generateInstances(family, settings) };
};

/** y* of the file with another datum, by the general solver. */
function directly(change: object): Float64Array {
  const { problem } = parseMatrixProblem(JSON.stringify({ ...file, ...change }), 'problem.json');
  return solveConvex(problem).y;
}

it.each(['b', 'h'] as const)('instances with another %s have the optima of the file with that datum', (datum) => {
  const { drawn } = make({ datum });
  const solver = makeSolver(drawn.family);
  const { e } = drawn.family;
  const own = e - (datum === 'h' ? 2 : 0);
  const seen = new Set<number>();
  for (let i = 0; i < drawn.N; i++) {
    const x = drawn.X.subarray(i * e, (i + 1) * e);
    const result = solver.solve(drawn.X, i * e);
    expect(result.status).toBe('optimal');
    const expected = directly(datum === 'b' ? { b: [...x] } : { h: [...x.subarray(own)] });
    expected.forEach((value, j) => expect(Math.abs(result.y[j] - value)).toBeLessThan(1e-7));
    if (datum === 'h') expect(x[0]).toBe(0.4);
    seen.add(x[e - 1]);
  }
  expect(seen.size).toBe(drawn.N);
});

it('only the named entries vary, within the spread, and the same settings give the same instances', () => {
  const { drawn } = make({ datum: 'h', entries: [1] });
  expect(drawn.family).toMatchObject({ n: 4, m: 2, e: 2 });
  for (let i = 0; i < drawn.N; i++) {
    expect(drawn.X[2 * i]).toBe(0.4);
    expect(Math.abs(drawn.X[2 * i + 1] - 0.2)).toBeLessThanOrEqual(0.3);
  }
  expect(make({ datum: 'h', entries: [1] }).drawn.X).toEqual(drawn.X);
  expect(make({ datum: 'h', entries: [1] }, { law: 'normal' }).drawn.X).not.toEqual(drawn.X);
});

it('what the dataset is of is among its settings: the file’s checksum, what varies and which entries', () => {
  const { settings } = make({ datum: 'h', entries: [1] });
  expect(settings).toMatchObject({ vary: 'h', entries: '1', n: 4, m: 2, e: 2 });
  expect(settings.file).toMatch(/^[0-9a-f]{64}$/);
  expect(make({ datum: 'h', entries: [1] }, {}, text.replace('0.5', '0.6')).settings.file).not.toBe(settings.file);
});

describe('a file that cannot become a dataset is refused with the reason', () => {
  it.each([
    [
      'second-order rows',
      { soc: [{ F: [[1, 0, 0]], g: [0], c: [0, 0, 0], d: 1 }] },
      { datum: 'b' },
      '1 second-order rows',
    ],
    ['an objective that is not convex', { Q: [2, -1, 1] }, { datum: 'b' }, 'Q has the eigenvalue -1'],
    ['no equality rows', { A: undefined, b: undefined }, { datum: 'b' }, 'no equality rows'],
    ['an entry that is not there', {}, { datum: 'h', entries: [0, 5] }, 'h has no entry 5; it has 2'],
    ['dependent rows', { A: [[1, 1, 1], [2, 2, 2]], b: [0, 0] }, { datum: 'b' }, 'only rank 1'], // prettier-ignore
  ] as [string, object, Variation, string][])('%s', (_, change, variation, message) => {
    const problem = () => make(variation, {}, JSON.stringify({ ...file, ...change }));
    expect(problem).toThrow(message);
    try {
      problem();
    } catch (error) {
      expect(['unsupported', 'bad-request']).toContain((error as AdjointError).problem.code);
    }
  });
});
