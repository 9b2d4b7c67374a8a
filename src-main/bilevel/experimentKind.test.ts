import { describe, expect, it } from 'vitest';
import { bilevelKind } from './experimentKind';
import { bilevelExperimentSchema, resolveBilevel } from './experimentSchema';

describe('a bilevel experiment', () => {
  it('names the settings that differ from the defaults of what is chosen, and a given problem and start as a whole', () => {
    const changed = (change: object) => bilevelKind.changed(resolveBilevel({ name: 'x', ...change }));
    expect(changed({})).toEqual([]);
    expect(changed({ algorithm: { kind: 'dsigd', scale: 2 }, problem: { kind: 'V1', d: 3 } })).toEqual([
      'problem.kind',
      'problem.d',
      'algorithm.kind',
      'algorithm.scale',
    ]);
    const given = { problem: { kind: 'file', path: 'a.json' }, start: { kind: 'point', x: [1, 2] } };
    expect(changed(given)).toEqual(['problem.kind', 'problem.path', 'start.kind', 'start.x']);
    const vacuous = { problem: { kind: 'V2' }, estimator: { kind: 'aid' }, allowVacuous: true };
    expect(changed(vacuous)).toEqual(['problem.kind', 'estimator.kind', 'allowVacuous']);
  });

  const issues = (experiment: object) =>
    bilevelExperimentSchema.safeParse(experiment).error?.issues.map(({ path, message }) => [path.join('.'), message]);

  it.each([[{ estimator: { kind: 'differences' } }], [{ useLayer: false }]])(
    'with %j on V2 is refused, in words, unless it is allowed',
    (change) => {
      const vacuous = { problem: { kind: 'V2' }, ...change };
      expect(issues(vacuous)).toEqual([['problem.kind', expect.stringContaining('dy*/dx = 0')]]);
      expect(issues({ ...vacuous, allowVacuous: true })).toBeUndefined();
      expect(issues({ problem: { kind: 'V2' } })).toBeUndefined();
    },
  );

  it('says what does not fit together', () => {
    expect(issues({ problem: { kind: 'V3', d: 3, n: 4 } })).toEqual([
      ['problem.n', expect.stringContaining('must be equal')],
    ]);
    expect(issues({ problem: { kind: 'V1', d: 3 }, start: { kind: 'point', x: [1] } })).toEqual([
      ['start.x', 'has 1 numbers; x has 3 entries'],
    ]);
    expect(issues({ problem: { kind: 'file' } })![0]).toEqual(['problem.path', 'is missing: name a problem file']);
  });
});
