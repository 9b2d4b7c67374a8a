import { mount } from '@vue/test-utils';
import { describe, expect, it } from 'vitest';
import { labelOf, partsOf, type Field } from './fields';
import SchemaForm from './SchemaForm.vue';
import { findingFor, rangeOf, readValue, stepped, valueAt, withValue } from './values';

const schema = {
  type: 'object',
  properties: {
    kind: { const: 'qcqp' },
    n: { type: 'integer', exclusiveMinimum: 0, maximum: 1000, default: 100, description: 'Variables.' },
    condition: { anyOf: [{ type: 'number', minimum: 1 }, { type: 'null' }], default: null, scale: 'log' },
    hessians: { type: 'string', enum: ['diagonal', 'dense'], default: 'diagonal' },
    shuffle: { type: 'boolean', default: true },
    hidden: { type: 'array', items: { type: 'integer' }, default: [200, 200] },
    every: { type: 'number', default: 5, unit: 's' },
    name: { type: 'string' },
    optimizer: {
      description: 'How weights change.',
      oneOf: [
        {
          type: 'object',
          properties: { kind: { const: 'adam', description: 'Adam' }, beta1: { type: 'number', default: 0.9 } },
        },
        { type: 'object', properties: { kind: { const: 'sgd', description: 'SGD' }, momentum: { type: 'number', default: 0 } } },
      ],
    },
  },
}; // prettier-ignore
const parts = partsOf(schema);
const field = (path: string) => parts.find((part) => part.path === path) as Field;

describe('fields of a schema', () => {
  it('have a type, a range and a default; constants are left out', () => {
    expect(parts.map(({ path }) => path)).toEqual(['n', 'condition', 'hessians', 'shuffle', 'hidden', 'every', 'name', 'optimizer']);
    expect(field('n')).toMatchObject({ type: 'integer', default: 100, help: 'Variables.', nullable: false });
    expect(rangeOf(field('n'))).toBe('at least 1 and at most 1 000');
    expect(field('condition')).toMatchObject({ type: 'number', nullable: true, log: true, min: { value: 1, exclusive: false } });
    expect(field('hessians')).toMatchObject({ type: 'choice', choices: ['diagonal', 'dense'] });
    expect(field('hidden')).toMatchObject({ type: 'list', default: [200, 200] });
    expect(field('every').unit).toBe('s');
    expect(labelOf('learningRate')).toBe('Learning rate');
  });

  it('do not name the limits of what a number can hold', () => {
    const [seed] = partsOf({ properties: { seed: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } } });
    expect(rangeOf(seed as Field)).toBe('at least 0');
  });

  it('of a union are those of each variant', () => {
    const section = parts.at(-1)!;
    expect(section).toMatchObject({ part: 'section', variants: { key: 'kind' } });
    if (section.part !== 'section') throw new Error('a section');
    expect(section.variants?.options.map(({ value, parts: inner }) => [value, inner[0].path])).toEqual([
      ['adam', 'optimizer.beta1'],
      ['sgd', 'optimizer.momentum'],
    ]);
  });
}); // prettier-ignore

describe('values', () => {
  it('are read as numbers, and stay text where they are none', () => {
    expect(readValue(field('n'), ' 50 ')).toBe(50);
    expect(readValue(field('condition'), '1e3')).toBe(1000);
    expect(readValue(field('n'), 'many')).toBe('many');
    expect(readValue(field('n'), '')).toBeUndefined();
    expect(readValue(field('hidden'), '64, 32 16')).toEqual([64, 32, 16]);
  });

  it('are checked at once', () => {
    expect(findingFor(field('n'), undefined)).toBeNull();
    expect(findingFor(field('n'), 0)).toBe('Must be at least 1');
    expect(findingFor(field('n'), 2.5)).toBe('A whole number');
    expect(findingFor(field('n'), 'many')).toBe('A whole number');
    expect(findingFor(field('condition'), null)).toBeNull();
    expect(findingFor(field('hidden'), [64, 'x'])).toContain('commas');
    expect(findingFor(field('name'), undefined)).toBe('Needs a value');
  });

  it('step by arrow keys within their range, by 1, 2, 5 on a logarithmic setting', () => {
    expect(stepped(field('n'), 100, 1, true)).toBe(110);
    expect(stepped(field('n'), 1, -1, false)).toBe(1);
    expect([1, 2, 5, 10].map((value) => stepped(field('condition'), value, 1, false))).toEqual([2, 5, 10, 20]);
    expect([100, 50, 20, 1].map((value) => stepped(field('condition'), value, -1, false))).toEqual([50, 20, 10, 1]);
  });

  it('lie at paths, and an emptied group goes', () => {
    const given = withValue({}, 'optimizer.beta1', 0.5);
    expect(given).toEqual({ optimizer: { beta1: 0.5 } });
    expect(valueAt(given, 'optimizer.beta1')).toBe(0.5);
    expect(withValue(given, 'optimizer.beta1', undefined)).toEqual({});
  });
});

describe('the form', () => {
  const show = (modelValue: Record<string, unknown>, findings: { path: string; message: string }[] = []) =>
    mount(SchemaForm, { props: { schema, modelValue, findings } });
  const last = (form: ReturnType<typeof show>) => form.emitted('update:modelValue')?.at(-1)?.[0];

  it('shows defaults as placeholders and marks what was changed', async () => {
    const form = show({ n: 50 });
    const n = form.find('[data-setting="n"]');
    expect(n.find('input').element.value).toBe('50');
    expect(n.classes()).toContain('changed');
    expect(form.find('[data-setting="every"] input').attributes('placeholder')).toBe('5');
    expect(form.find('[data-setting="every"]').classes()).not.toContain('changed');
    await n.find('button').trigger('click');
    expect(last(form)).toEqual({});
  });

  it('puts findings beside the field that they name, its own before those of others', () => {
    const form = show({ n: 2000, every: 4 }, [
      { path: 'n', message: 'from the engine' },
      { path: 'every', message: 'too often' },
    ]);
    expect(form.find('[data-setting="n"] .finding').text()).toContain('at most 1 000');
    expect(form.find('[data-setting="every"] .finding').text()).toBe('too often');
    expect(form.find('[data-setting="every"] input').attributes('aria-invalid')).toBe('true');
  });

  it('emits what is written, and what arrow keys step to', async () => {
    const form = show({});
    await form.find('[data-setting="n"] input').setValue('64');
    expect(last(form)).toEqual({ n: 64 });
    await form.find('[data-setting="n"] input').trigger('keydown', { key: 'ArrowUp' });
    expect(last(form)).toEqual({ n: 101 });
    await form.find('[data-setting="shuffle"] input').setValue(false);
    expect(last(form)).toEqual({ shuffle: false });
    await form.findAll('[data-setting="hessians"] [role="radio"]')[1].trigger('click');
    expect(last(form)).toEqual({ hessians: 'dense' });
  });

  it('shows the fields of the variant that is chosen', () => {
    expect(show({}).find('[data-setting="optimizer.beta1"]').exists()).toBe(true);
    const sgd = show({ optimizer: { kind: 'sgd' } });
    expect(sgd.find('[data-setting="optimizer.momentum"]').exists()).toBe(true);
    expect(sgd.find('[data-setting="optimizer.beta1"]').exists()).toBe(false);
  });
});
