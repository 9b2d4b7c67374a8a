import { describe, expect, it } from 'vitest';
import type { MethodInfo } from '@shared/contract';
import { cardsOf, cardWords, concerns } from '../../components/schemaForm/cards';
import { partsOf, type Section } from '../../components/schemaForm/fields';
import { experimentForm, settingsOfText, withSetting } from './experimentText';

const text = `# A first try.
kind: bilevel
problem: { kind: coupled } # the smallest
algorithm:
  kind: ssigd
  iterations: 500 # enough
seed: 0
`;

describe('settings in the text of an experiment', () => {
  it('are read without the sweep, and not at all where the text is no YAML', () => {
    expect(settingsOfText(`${text}sweep: { repeats: 3 }\n`)).toEqual({
      kind: 'bilevel',
      problem: { kind: 'coupled' },
      algorithm: { kind: 'ssigd', iterations: 500 },
      seed: 0,
    });
    expect(settingsOfText('kind: [')).toBeNull();
    expect(settingsOfText('- a list')).toBeNull();
    expect(settingsOfText('')).toEqual(null);
    expect(settingsOfText('a: &x { b: *x }')).toEqual(expect.anything());
  });

  it('change one by one; comments, order and all else stay', () => {
    const changed = withSetting(withSetting(text, 'algorithm.iterations', 900), 'problem.d', 4);
    expect(changed).toContain('iterations: 900 # enough');
    expect(changed).toContain('problem: { kind: coupled, d: 4 } # the smallest');
    expect(changed.startsWith('# A first try.\n')).toBe(true);
    expect(settingsOfText(changed)).toMatchObject({ algorithm: { kind: 'ssigd', iterations: 900 }, seed: 0 });
  });

  it('make groups as they need them, and take those that become empty with them', () => {
    const grown = withSetting(text, 'measures.moreau.mu', 0.5);
    expect(grown).toContain('measures: { moreau: { mu: 0.5 } }');
    expect(withSetting(grown, 'measures.moreau.mu', undefined)).not.toContain('measures');
    expect(withSetting(text, 'fallBack.step', undefined)).toBe(text);
    expect(withSetting('kind: [', 'seed', 1)).toBe('kind: [');
  });

  it('of another kind are put in place of the old ones, a text of several lines as a block', () => {
    const other = withSetting(text, 'algorithm', { kind: 'dsigd', iterations: 500 });
    expect(settingsOfText(other)).toMatchObject({ algorithm: { kind: 'dsigd', iterations: 500 } });
    const written = withSetting(text, 'notes', 'one\ntwo\n');
    expect(written).toContain('notes: |\n  one\n  two\n');
  });
});

const method = (family: string, kind: string, title: string, settings: object = {}): MethodInfo => ({
  ...{ family, kind, title, summary: `What ${title} does.`, reference: null, metrics: [] },
  settings: settings as MethodInfo['settings'],
});
const member = (kind: string, properties: object = {}) => ({ properties: { kind: { const: kind }, ...properties } });
const iterations = { iterations: { type: 'integer', default: 1000, description: 'Steps T.' } };
const methods = [
  method('experiment', 'bilevel', 'Bilevel', {
    properties: {
      kind: { const: 'bilevel' },
      name: { type: 'string', default: 'Bilevel' },
      algorithm: { oneOf: [member('dsigd', iterations), member('ssigd', iterations)], default: { kind: 'ssigd' } },
      start: { oneOf: [member('problem'), member('draw')] },
      tags: { type: 'array', items: { type: 'string' }, default: [] },
    },
  }),
  method('outerAlgorithm', 'dsigd', 'DSIGD'),
  method('outerAlgorithm', 'ssigd', 'SSIGD'),
];

describe('the form of an experiment', () => {
  const cards = cardsOf(partsOf(experimentForm('bilevel', methods)!), 'Run');

  it('calls choices by the titles of their methods, and begins with the default', () => {
    const { variants } = cards[0].parts[0] as Section;
    expect(variants!.options.map(({ label, help }) => `${label}: ${help}`)).toEqual([
      'DSIGD: What DSIGD does.',
      'SSIGD: What SSIGD does.',
    ]);
    expect(variants!.default.value).toBe('ssigd');
    const start = cards[1].parts[0] as Section;
    expect(start.variants!.options.map(({ label }) => label)).toEqual(['problem', 'draw']);
    expect(experimentForm('other', methods)).toBeNull();
  });

  it('has a card for each section and one for the rest, each with its choices in few words', () => {
    expect(cards.map(({ title }) => title)).toEqual(['Algorithm', 'Start', 'Run']);
    const settings = { name: 'Mine', algorithm: { kind: 'dsigd', iterations: 20 }, tags: ['a', 'b'] };
    expect(cards.map((card) => cardWords(card, settings))).toEqual([
      'DSIGD, Iterations 20',
      'problem',
      'Name Mine, Tags a, b',
    ]);
    expect(cardWords(cards[0], {})).toBe('SSIGD');
    expect(concerns(cards[0], 'algorithm.iterations')).toBe(true);
    expect(concerns(cards[0], 'algorithms')).toBe(false);
  });
});
