import { readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { verifyLeastSquaresCase } from './verifyCase';

const folder = resolve('resources/cases/nlls');
const read = (name: string) => readFileSync(resolve(folder, name), 'utf8');

it.each(readdirSync(folder))('%s passes', (name) => {
  const verdict = verifyLeastSquaresCase(read(name), name);
  expect(verdict).toMatchObject({ verdict: 'pass', differs: [] });
});

const peers = resolve('src-main/layers/leastSquares/fixtures/cases');

it.each(readdirSync(peers))('%s, computed with Theseus, passes', (name) => {
  const verdict = verifyLeastSquaresCase(readFileSync(resolve(peers, name), 'utf8'), name);
  expect(verdict).toMatchObject({ verdict: 'pass', differs: [] });
});

interface Expected {
  iterates: number[][][];
  objective: number[][];
  gradient: Record<string, number[][]>;
}

it.each<[string, (expected: Record<string, Expected>) => void]>([
  ['unroll.iterates', ({ unroll }) => void (unroll.iterates[1][0][0] += 1e-8)],
  ['unroll.objective[3]', ({ unroll }) => void (unroll.objective[3][1] *= 1 + 1e-8)],
  ['implicit.final', ({ implicit }) => void ((implicit as unknown as { final: number[][] }).final[0][0] += 1e-8)],
  ['unroll.gradient.H', ({ unroll }) => void (unroll.gradient.H[1][0] += 1e-6)],
  ['truncated.gradient.initial', ({ truncated }) => void (truncated.gradient.initial[0][0] = 1e-6)],
  ['dlm.gradient.anchor', ({ dlm }) => void (dlm.gradient.anchor[0][0] += 1e-4)],
])('a case with another %s fails, and says so', (what, change) => {
  const file = JSON.parse(read('lm-n4.json')) as { expected: Record<string, Expected> };
  change(file.expected);
  const { verdict, differs } = verifyLeastSquaresCase(JSON.stringify(file), 'changed');
  expect(verdict).toBe('fail');
  expect(differs.map((difference) => difference.what)).toEqual([what]);
});

it('a file that is no such case is refused with what is wrong', () => {
  expect(() => verifyLeastSquaresCase('{"format":"nlls/1","n":2}', 'x')).toThrow(/not a file of the format nlls/);
});
