import { describe, expect, it } from 'vitest';
import { bilevelExperiment } from './bilevelExperiment';
import { bilevelChoice, sourceOf } from './bilevelSource';
import { draftOf, emptyDraft, findingsByField, textOfDraft } from './bilevelText';

describe('the text of a bilevel problem', () => {
  it('becomes fields and the same file again', () => {
    expect(draftOf(textOfDraft(emptyDraft))).toEqual(emptyDraft);
    const text = textOfDraft({ ...emptyDraft, x: ' a; b ', lowerRows: 'y1 <= 1\n\n  y1 >= a\n', start: '1, no' });
    expect(JSON.parse(text)).toMatchObject({
      ...{ format: 'bilevel/1', x: ['a', 'b'], start: [1, 'no'] },
      lower: { subjectTo: ['y1 <= 1', 'y1 >= a'] },
    });
  });

  it('of another format, or no JSON, has no fields', () => {
    expect(draftOf('{"format": "hypergradient/1"}')).toBeNull();
    expect(draftOf('min x')).toBeNull();
  });

  it('has what is wrong at its field and character', () => {
    const draft = { ...emptyDraft, upper: 'x1 + z', lowerRows: 'y1 <= 1\n\ny2 < 3' };
    const found = findingsByField(draft, [
      { path: 'upper.minimize', message: '“z” is no variable', column: 6 },
      { path: 'lower.subjectTo[1]', message: 'no relation', column: 4 },
      { path: 'start', message: 'has 3 entries' },
      { path: 'format', message: 'other' },
    ]);
    expect(found).toEqual({
      upper: [{ message: '“z” is no variable', at: { line: 'x1 + z', column: 5 } }],
      lowerRows: [{ message: 'y2 < 3: no relation', at: { line: 'y2 < 3', column: 3 } }],
      start: [{ message: 'has 3 entries', at: null }],
    });
  });
});

it('an address names its source, and an experiment the problem', () => {
  const address = { name: 'V1', settings: { d: 3 }, path: '/tmp/a b.json', text: null, title: 'Mine' };
  expect(sourceOf('family', address)).toEqual({ kind: 'family', family: 'V1', settings: { d: 3 } });
  expect(sourceOf('file', { ...address, path: '' })).toBeNull();
  expect(sourceOf('text', address)).toBeNull();
  const choice = bilevelChoice('family', address)!;
  const yaml = bilevelExperiment(choice, { kind: 'dsigd', title: 'DSIGD' });
  expect(yaml).toContain('problem: { kind: V1, d: 3 }');
  expect(yaml).toContain('algorithm: { kind: dsigd, iterations: 1000 }');
  expect(yaml).toContain('name: "DSIGD on Mine"');
  expect(bilevelChoice('case', address)!.problem).toEqual({ kind: 'file', path: 'bilevel/V1.json' });
  const written = bilevelChoice('text', { ...address, text: textOfDraft(emptyDraft) })!;
  expect(bilevelExperiment(written, { kind: 'dsigd', title: 'DSIGD' })).toContain(
    'problem:\n  kind: text\n  text: |\n    {\n     "format": "bilevel/1",',
  );
});
