import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AdjointError, type Problem } from '@shared/errors';
import { bilevelPreviewSchema } from '@shared/bilevel';
import { landscapeAskSchema, landscapeSchema } from '@shared/landscape';
import { linearFamilies } from '../bilevel/familyForms';
import { regressionFamilies } from '../bilevel/regression/families';
import { bilevelCasePath, listBilevelCases } from './bilevelCases';
import type { FoundBilevel } from './bilevelSource';
import { bilevelLandscape, previewBilevel } from './bilevelViews';

const family = (kind: string, settings: Record<string, unknown> = {}): FoundBilevel => ({
  kind: 'family',
  family: kind,
  settings,
});
const resources = resolve('resources');
function problemOf(action: () => unknown): Problem {
  try {
    action();
  } catch (error) {
    if (error instanceof AdjointError) return error.problem;
    throw error;
  }
  throw new Error('nothing was refused');
}
const text = (value: unknown): FoundBilevel => ({ kind: 'text', text: JSON.stringify(value), name: 'pasted' });

describe('the preview of a bilevel problem', () => {
  it.each(linearFamilies.map(({ kind }) => kind))('%s has sizes, a lower level and a spectrum', (kind) => {
    const preview = previewBilevel(family(kind, { d: 3, n: 3 }));
    expect(bilevelPreviewSchema.parse(preview)).toEqual(preview);
    expect(preview.findings).toEqual([]);
    expect(preview.dims).toEqual({ d: 3, n: 3, m: kind === 'V1' ? 3 : 0 });
    expect(preview.spectrum).toHaveLength(3);
    expect(preview.lower!.y.every((y, j) => (preview.lower!.side[j] === 0) === Math.abs(y) < 1 || kind === 'V1')).toBe(true); // prettier-ignore
    expect(preview.lower!.gradientNorm).toBeGreaterThan(0);
  });

  it.each(regressionFamilies.map(({ kind }) => kind))('%s has what a smooth lower level has', (kind) => {
    const preview = previewBilevel(family(kind, { features: 4, samples: 12 }));
    expect(bilevelPreviewSchema.parse(preview)).toEqual(preview);
    expect(preview.dims).toEqual({ d: kind === 'hyper-cleaning' ? 12 : 2, n: 4, m: 0 });
    expect(preview.lower!.method).toBe('projected Newton');
    expect(preview.checks).toEqual([]);
  });

  it('says of V2 in plain words that its lower level does not depend on x', () => {
    const { checks } = previewBilevel(family('V2'));
    expect(checks[0]).toMatchObject({ code: 'lower-ignores-x', severity: 'meaningless' });
    expect(previewBilevel(family('coupled')).checks.map(({ code }) => code)).not.toContain('lower-ignores-x');
  });

  it('wrong settings are findings at their paths', () => {
    const wrong = (kind: string, settings: Record<string, unknown>) =>
      previewBilevel(family(kind, settings)).findings.map(({ path }) => path);
    expect(wrong('coupled', { d: 0 })).toEqual(['d']);
    expect(wrong('V3', { d: 3, n: 4 })).toEqual(['n']);
    expect(wrong('coupled', { n: 50_000 })).toEqual(['n']);
  });

  it('a lower level that has no solution at the start is shown with the reason', () => {
    const preview = previewBilevel(
      text({
        format: 'hypergradient/1',
        upper: { Qyy: [[1]] },
        lower: { Q: [[1]], A: [[1], [-1]], B: [[0], [0]], b: [-1, -1] },
        x: [2],
      }),
    );
    expect(preview.dims).toEqual({ d: 1, n: 1, m: 2 });
    expect(preview.lower).toBeNull();
    expect(preview.problem!.what).toContain('no feasible y');
    expect(preview.problem!.where).toContain('x = (2)');
  });

  it('a problem of the literature has its known optimum, and its text for an editor', () => {
    const path = bilevelCasePath(resources, 'ssigd-14');
    const preview = previewBilevel({ kind: 'file', path });
    expect(preview).toMatchObject({ name: 'ssigd-14', dims: { d: 2, n: 2, m: 0 }, optimum: -239.5 });
    expect(JSON.parse(preview.text!)).toMatchObject({ format: 'bilevel/1' });
    const ask = landscapeAskSchema.parse({ source: { kind: 'file', path }, cells: 24 });
    const { optimum, least } = [...bilevelLandscape(ask, { kind: 'file', path })].at(-1)!;
    expect(optimum).toEqual({ s: -22, t: -22, distance: 0, F: -239.5 });
    expect(least!.F).toBeGreaterThanOrEqual(-239.5);
    expect(listBilevelCases(resources).length).toBeGreaterThanOrEqual(15);
    expect(() => bilevelCasePath(resources, 'nothing')).toThrow('no case “nothing”');
  });

  it('an expression that cannot be read is named with the place of the character', () => {
    const wrong = text({
      format: 'bilevel/1',
      ...{ x: ['x'], y: ['y'], upper: { minimize: 'x^2 + y' }, lower: { minimize: 'y^2 - x*z' } },
    });
    const found = problemOf(() => previewBilevel(wrong));
    expect(found.findings).toEqual([expect.objectContaining({ path: 'lower.minimize', column: 9 })]);
  });

  it('a file that is no problem is refused by name', () => {
    expect(() => previewBilevel(text({ format: 'other' }))).toThrow('bilevel/1');
    expect(() => previewBilevel({ kind: 'file', path: '/nowhere/at/all.json' })).toThrow();
  });
});

it('a landscape is what the contract says, and wrong settings are refused', () => {
  const source = family('coupled', { d: 2, n: 2 });
  const ask = landscapeAskSchema.parse({ source, cells: 24 });
  for (const part of bilevelLandscape(ask, source)) expect(landscapeSchema.parse(part)).toEqual(part);
  expect(() => [...bilevelLandscape(ask, family('coupled', { d: -1 }))]).toThrow('make no problem');
});
