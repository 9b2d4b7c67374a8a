import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifyHypergradientCase } from './verifyCase';

const folder = resolve('resources/cases/hypergradient');
const read = (name: string) => readFileSync(resolve(folder, name), 'utf8');

it.each(readdirSync(folder))('%s passes', (name) => {
  expect(verifyHypergradientCase(read(name), name)).toMatchObject({ verdict: 'pass', differs: [] });
});

describe('a case that expects something else fails, and says what', () => {
  type Expected = Record<string, never>;
  const changed = (name: string, change: (expected: Expected) => void) => {
    const file = JSON.parse(read(name)) as { expected: Expected };
    change(file.expected);
    return verifyHypergradientCase(JSON.stringify(file), name);
  };
  const add = (key: string, entry: number, amount: number) => (expected: Expected) =>
    void ((expected[key] as number[])[entry] += amount);
  it.each<[string, string, (expected: Expected) => void]>([
    ['y', 'v1-n5.json', add('y', 2, 1e-7)],
    ['F', 'coupled-n5.json', (e) => void ((e.F as number) *= 1 + 1e-7)],
    ['gradient', 'coupled-n20.json', add('gradient', 3, 1e-5)],
    ['directPart', 'v3-n10.json', add('directPart', 0, 1e-5)],
    ['lowerValue', 'v1-n5.json', (e) => void ((e.lowerValue as number) *= 1 + 1e-7)],
    ['lowerValueGradient', 'v1-n5.json', add('lowerValueGradient', 4, 1e-6)],
    ['dual.inequality', 'v1-n5.json', (e) => void ((e.dual as { inequality: number[] }).inequality[2] += 1e-3)],
    ['jacobian', 'v1-n5.json', (e) => void ((e.jacobian as number[][])[1][0] += 1e-6)],
    ['oneSided.minus', 'kink-n1.json', (e) => void ((e.oneSided as { minus: number[] }).minus[0] = 0.1)],
    ['status', 'v2-n5.json', (e) => Object.assign(e, { status: 'degenerate' })],
    ['preflight.lowerDependsOnX', 'v2-n5.json', (e) => Object.assign(e.preflight, { lowerDependsOnX: true })],
    ['preflight.active.upper', 'v2-n5.json', (e) => Object.assign(e.preflight, { active: { upper: [0] } })],
    ['preflight.activeRank', 'v1-n5.json', (e) => Object.assign(e.preflight, { activeRank: 1 })],
    ['preflight.kktCondition', 'v1-n5.json', (e) => Object.assign(e.preflight, { kktCondition: 1480 })],
    ['preflight.bounds', 'kink-n1.json', (e) => Object.assign(e.preflight, { bounds: ['lower 0'] })],
  ])('%s of %s', (what, name, change) => {
    const { verdict, differs } = changed(name, change);
    expect(verdict).toBe('fail');
    expect(differs.map((difference) => difference.what)).toContain(what);
  });

  it('a file without expectations is refused', () => {
    expect(() =>
      verifyHypergradientCase('{"format":"hypergradient/1","x":[1],"upper":{},"lower":{"Q":[[1]]}}', 'x'),
    ).toThrow(/does not say what it expects/);
  });
});
