import { readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allowances } from './comparison';
import { verifyCase } from './verifyCase';

const folder = resolve('resources/cases/layers');
const read = (name: string) => readFileSync(resolve(folder, name), 'utf8');

it.each(readdirSync(folder))('%s passes', (name) => {
  expect(verifyCase(read(name), name)).toMatchObject({ verdict: 'pass', differs: [] });
});

describe('a case that expects something else fails, and says what', () => {
  const changed = (name: string, change: (expected: Record<string, never>) => void) => {
    const file = JSON.parse(read(name)) as { expected: Record<string, never> };
    change(file.expected);
    return verifyCase(JSON.stringify(file), name);
  };
  it.each<[string, string, (expected: Record<string, never>) => void]>([
    ['y', 'box-qp.json', (e) => void ((e.y as number[])[0] += 1e-7)],
    ['dual.inequality', 'lp-vertex.json', (e) => void ((e.dual as { inequality: number[] }).inequality[5] *= 1 + 1e-6)],
    ['vjp.p', 'qcqp-dense.json', (e) => void ((e.vjp as { p: number[] }).p[1] *= 1.00001)],
    ['vjp.soc', 'socp-rows.json', (e) => void ((e.vjp as { soc: { d: number }[] }).soc[0].d *= 1.00001)],
    ['status', 'box-qp.json', (e) => Object.assign(e, { status: 'infeasible' })],
    ['diagnosis', 'degenerate-kink.json', (e) => Object.assign(e, { diagnosis: 'licq-failure' })],
    [
      'oneSided.h.minus',
      'degenerate-zero-multiplier.json',
      (e) => void ((e.oneSided as { h: { minus: number[] } }).h.minus[1] = 0),
    ],
    ['certificate', 'degenerate-infeasible.json', (e) => Object.assign(e, { certificate: { equality: [1, -1] } })],
    ['ray', 'degenerate-unbounded.json', (e) => Object.assign(e, { ray: [1, 0] })],
    ['solutionSet', 'degenerate-not-unique.json', (e) => Object.assign(e, { solutionSet: { vertices: [[0.5, 0.2]] } })],
    ['active.upper', 'box-qp.json', (e) => Object.assign(e, { active: { upper: [] } })],
  ])('%s of %s', (what, name, change) => {
    const { verdict, differs } = changed(name, change);
    expect(verdict).toBe('fail');
    expect(differs.map((difference) => difference.what)).toContain(what);
  });

  it('a file without expectations is refused', () => {
    expect(() => verifyCase('{"format":"matrix-problem/1","n":1,"Q":[1]}', 'x')).toThrow(
      /does not say what it expects/,
    );
  });
});

it('more is allowed only where condition or digits ask for it', () => {
  expect(allowances(1e3)).toEqual({ solution: 1e-9, derivative: 1e-8 });
  expect(allowances(1e9).derivative).toBeCloseTo(64 * 2 ** -52 * 1e9, 12);
  expect(allowances(1, 6).solution).toBe(1e-6);
});
