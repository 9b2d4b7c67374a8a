import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { verifyBilevelCase } from './verifyBilevelCase';

const folder = resolve('resources/cases/bilevel');
const read = (name: string) => readFileSync(resolve(folder, name), 'utf8');

it.each(readdirSync(folder))('%s passes, and says how', (name) => {
  const { verdict, differs, notes } = verifyBilevelCase(read(name), name);
  expect({ verdict, differs }).toEqual({ verdict: 'pass', differs: [] });
  expect(notes![0]).toMatch(/^branch and bound: F = .*proved by the bound/);
  expect(notes![1]).toMatch(/^outer algorithms that apply: /);
});

it('the outer algorithms that apply are named, and those that do not with the reason', () => {
  const notes = (name: string) => verifyBilevelCase(read(name), name).notes!;
  expect(notes('kink-1.json')[1]).toMatch(/DSIGD/);
  expect(notes('shimizu-aiyoshi-1981-1.json')).toContainEqual(expect.stringMatching(/^DSIGD does not apply: /));
});

it('a case that expects another optimum, or none, fails', () => {
  const text = read('bard-1988-1.json');
  const differs = (from: string, to: string) =>
    verifyBilevelCase(text.replace(from, to), 'x').differs.map(({ what }) => what);
  expect(differs('"F": 17', '"F": 17.0001')).toEqual(['F', 'bound']);
  expect(differs('"status": "optimal"', '"status": "infeasible"')).toEqual(['status']);
  expect(() => verifyBilevelCase(text.replace('"expected"', '"other"'), 'x')).toThrow(/does not say what it expects/);
});
