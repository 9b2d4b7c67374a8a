import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AdjointError } from '@shared/errors';
import { Generator } from '@shared/random/generator';
import { dot } from '../../numerics/linalg/products';
import { parseBilevelFile } from '../file/bilevelFile';
import { makeLowerLevel } from '../lower/makeLowerLevel';
import { bilevelProblem, type QuadraticBilevel } from '../quadratic';
import { verifyBilevelCase } from '../verifyBilevelCase';
import { solveGlobally } from './solveGlobally';

const folder = resolve('resources/cases/bilevelGlobal');
const read = (name: string) => readFileSync(resolve(folder, name), 'utf8');

/** F by the lower level's own solver, Infinity where that has no answer or a row of the upper level is violated. */
function sampler(problem: QuadraticBilevel): (x: Float64Array) => number {
  const level = makeLowerLevel(problem);
  const { d, n, upperRows } = problem;
  const { C, D, e } = upperRows;
  return (x) => {
    try {
      const { y } = level.solve(x);
      const holds = e.every((limit, r) => dot(d, C, r * d, x, 0) + dot(n, D, r * n, y, 0) <= limit + 1e-9);
      return holds ? problem.upperValue(x, y) : Infinity;
    } catch (error) {
      if (error instanceof AdjointError) return Infinity;
      throw error;
    }
  };
}

/** The least F over a grid of the box, refined around the best point. */
function sampled(problem: QuadraticBilevel, box: number[][], points: number): number {
  const F = sampler(problem);
  let [ranges, best] = [box, Infinity];
  for (let round = 0; round < 5; round++) {
    const axes = ranges.map(([low, high]) =>
      Array.from({ length: points + 1 }, (_, k) => low + ((high - low) * k) / points),
    );
    const grid = axes.reduce<number[][]>((rows, axis) => rows.flatMap((row) => axis.map((v) => [...row, v])), [[]]);
    let at = grid[0];
    for (const x of grid) {
      const value = F(Float64Array.from(x));
      if (value < best) [best, at] = [value, x];
    }
    ranges = at.map((value, i) => {
      const step = (2 * (ranges[i][1] - ranges[i][0])) / points;
      return [Math.max(box[i][0], value - step), Math.min(box[i][1], value + step)];
    });
  }
  return best;
}

describe('problems of the literature, and others made to be awkward', () => {
  it.each(readdirSync(folder))('%s', (name) => {
    expect(verifyBilevelCase(read(name), name)).toMatchObject({ verdict: 'pass', differs: [] });
    const { problem, file } = parseBilevelFile(read(name), name);
    const box = file.sample as number[][] | undefined;
    if (!box) return;
    const { F } = file.expected as { F: number };
    const best = sampled(problem, box, problem.d === 1 ? 60 : 12);
    expect(best).toBeGreaterThan(F - 1e-7 * Math.max(1, Math.abs(F)));
    expect(best).toBeLessThan(F + 5e-2 * Math.max(1, Math.abs(F)));
  });
});

/** Small integers throughout, so that ties, dependent rows and kinks are common; f need not be convex. */
function draw(seed: number): QuadraticBilevel {
  const generator = new Generator(seed);
  const integer = (low: number, high: number) => low + Math.floor(generator.random() * (high - low + 1));
  const integers = (count: number, size = 3) => Float64Array.from({ length: count }, () => integer(-size, size));
  const [d, n, m, k] = [integer(1, 2), integer(1, 3), integer(0, 4), integer(0, 2)];
  const W = integers(n * n, 2);
  const Q = Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return dot(n, W, i * n, W, j * n) + (i === j ? 1 : 0);
  });
  const symmetric = (size: number) => {
    const V = integers(size * size, 2);
    return V.map((value, at) => value + V[(at % size) * size + Math.floor(at / size)]);
  };
  return bilevelProblem(
    d,
    n,
    {
      ...{ Qxx: symmetric(d), cx: integers(d), Qyy: symmetric(n), cy: integers(n), Qxy: integers(d * n) },
      domain: { lower: new Float64Array(d).fill(-2), upper: new Float64Array(d).fill(3) },
      rows: { C: integers(k * d, 2), D: integers(k * n, 2), e: Float64Array.from({ length: k }, () => integer(1, 6)) },
    },
    {
      ...{ Q, c: integers(n), P: integers(d * n), A: integers(m * n, 2), B: integers(m * d, 2) },
      b: Float64Array.from({ length: m }, () => integer(0, 5)),
      ...{ lower: new Float64Array(n).fill(-2), upper: new Float64Array(n).fill(2) },
    },
  );
}

it('no sampled point of thirty random problems is better than the optimum that is proved', () => {
  for (let seed = 0; seed < 30; seed++) {
    const problem = draw(seed);
    const { status, best, bound, lowerGap } = solveGlobally(problem);
    const least = sampled(
      problem,
      Array.from({ length: problem.d }, () => [-2, 3]),
      problem.d === 1 ? 100 : 20,
    );
    if (status === 'infeasible') {
      expect([seed, least]).toEqual([seed, Infinity]);
      continue;
    }
    const { F } = best!;
    const size = Math.max(1, Math.abs(F));
    expect([seed, status]).toEqual([seed, 'optimal']);
    expect(Math.abs(bound - F)).toBeLessThan(1e-8 * size);
    expect(Math.abs(lowerGap)).toBeLessThan(1e-8 * size);
    expect(least).toBeGreaterThan(F - 1e-7 * size);
    expect(least).toBeLessThan(F + 0.1 * size);
  }
});
