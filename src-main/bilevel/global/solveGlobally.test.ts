import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { parseBilevelFile } from '../file/bilevelFile';
import { solveGlobally } from './solveGlobally';

const folder = resolve('resources/cases/bilevel');
const read = (name: string) => readFileSync(resolve(folder, name), 'utf8');

it.each(readdirSync(folder))('%s: the global optimum, with a bound that proves it', (name) => {
  const { problem, file } = parseBilevelFile(read(name), name);
  const { F } = file.expected as { F: number };
  const solution = solveGlobally(problem);
  const allowed = 1e-8 * Math.max(1, Math.abs(F));
  expect(solution.status).toBe('optimal');
  expect(Math.abs(solution.best!.F - F)).toBeLessThan(allowed);
  expect(Math.abs(solution.bound - F)).toBeLessThan(allowed);
  expect(Math.abs(solution.lowerGap)).toBeLessThan(allowed);
});
