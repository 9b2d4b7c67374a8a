import { describe, expect, it } from 'vitest';
import { AdjointError } from '@shared/errors';
import { writeNpz } from '../store/npz';
import { drawBilevel } from './families';
import { randomBilevel } from './fixtures/random';
import { problemTextOf, readProblemFile } from './problemFile';
import { QuadraticBilevel } from './quadratic';

const array = (data: Float64Array, ...shape: number[]) => ({ dtype: 'float64', shape, data });

const findingsOf = (run: () => unknown): string[] => {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(AdjointError);
    return ((error as AdjointError).problem.findings ?? []).map(({ path, message }) => `${path} ${message}`);
  }
  return [];
};

describe('a .npz file of arrays', () => {
  const { problem, x } = randomBilevel({ d: 3, n: 5, m: 2, box: true }, 4);
  const { upper, lower } = problem;
  const arrays = new Map([
    ...(['Qxx', 'Qyy', 'Qxy'] as const).map((name) => [name, array(upper[name], name === 'Qyy' ? 5 : 3, name === 'Qxx' ? 3 : 5)] as const), // prettier-ignore
    ...(['cx', 'cy'] as const).map((name) => [name, array(upper[name], upper[name].length)] as const),
    ['constant', array(Float64Array.of(upper.constant))] as const,
    ...([['Q', 5, 5], ['P', 3, 5], ['A', 2, 5], ['B', 2, 3]] as const).map(([name, ...shape]) => [name, array(lower[name], ...shape)] as const), // prettier-ignore
    ...(['c', 'q', 'b', 'lower', 'upper'] as const).map((name) => [name, array(lower[name], lower[name].length)] as const), // prettier-ignore
    ['x', array(x, 3)] as const,
    ['xUpper', array(Float64Array.of(1, Infinity, 2), 3)] as const,
  ]);

  it('is the problem, to the last bit', () => {
    const read = readProblemFile(problemTextOf(writeNpz(arrays), 'x.npz'), 'x.npz');
    expect(read.start).toEqual(x);
    expect(read.problem).toBeInstanceOf(QuadraticBilevel);
    const { upper: ofUpper, lower: ofLower, domain } = read.problem as QuadraticBilevel;
    expect(ofLower).toEqual(lower);
    expect(ofUpper).toEqual({ ...upper, domain });
    expect([...domain.lower, ...domain.upper]).toEqual([-Infinity, -Infinity, -Infinity, 1, Infinity, 2]);
  });

  it('arrays that are missing, unknown, not numbers or of another shape are named', () => {
    const broken = new Map([
      ...arrays,
      ['q', array(Float64Array.of(1, 2, NaN, 4, 5), 5)] as const,
      ['P', array(lower.P, 15)] as const,
      ['Z', array(lower.P, 15)] as const,
    ]);
    broken.delete('Q');
    expect(findingsOf(() => problemTextOf(writeNpz(broken), 'x.npz')).sort()).toEqual([
      'P has 1 dimensions; there should be 2',
      'Q is missing',
      'Z is no part of a bilevel problem',
      'q holds NaN',
    ]);
  });
});

describe('a file of a family', () => {
  const read = (file: object) => readProblemFile(JSON.stringify({ format: 'bilevel-family/1', ...file }), 'a/b.json');

  it('is what the family draws with these settings', () => {
    const { problem, start, name } = read({ family: 'coupled', settings: { d: 3, n: 4 } });
    const drawn = drawBilevel('coupled', { d: 3, n: 4 });
    expect([name, start]).toEqual(['b', drawn.x]);
    expect((problem as QuadraticBilevel).lower).toEqual(drawn.problem.lower);
    expect(read({ family: 'hyper-cleaning', settings: { samples: 7 } }).problem.d).toBe(7);
  });

  it('a family or a setting that there is not is named', () => {
    expect(() => read({ family: 'other' })).toThrow(/no family of bilevel problems “other”/);
    expect(findingsOf(() => read({ family: 'ridge', settings: { features: 0 } }))[0]).toMatch(/^settings\.features /);
  });
});

it('another format is refused with the names of those that there are', () => {
  expect(() => readProblemFile('{"format":"other/1"}', 'x')).toThrow(/bilevel\/1.*hypergradient\/1.*bilevel-family\/1/);
});
