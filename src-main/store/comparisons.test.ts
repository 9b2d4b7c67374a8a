import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { comparisonSpecSchema } from '@shared/comparisons';
import { ComparisonStore } from './comparisons';
import { temporaryDirectory } from './fixtures/examples';
import { openWorkspace } from './workspace';

let directory: ReturnType<typeof temporaryDirectory>;
let store: ComparisonStore;
const spec = comparisonSpecSchema.parse({ runs: ['a', 'b'], groupBy: 'setting:technique.weight', baseline: 'a' });

beforeEach(() => {
  directory = temporaryDirectory();
  store = new ComparisonStore(openWorkspace(directory.path, { create: true }));
});
afterEach(() => directory.remove());

describe('saved comparisons', () => {
  it('come back as they were saved, under an id made of their name', () => {
    const { id } = store.save({ name: 'λ: loose, tight', spec });
    expect(id).toMatch(/^loose-tight-[0-9a-f]{4}$/);
    expect(store.get(id)).toMatchObject({ name: 'λ: loose, tight', spec });
    expect(store.list()).toMatchObject([{ id, name: 'λ: loose, tight', problem: null }]);
  });

  it('are saved anew and renamed under the same id', () => {
    const first = store.save({ name: 'first', spec });
    store.save({ id: first.id, name: 'first', spec: { ...spec, layout: 'columns' } });
    store.rename(first.id, 'second');
    expect(store.get(first.id)).toMatchObject({
      name: 'second',
      createdAt: first.createdAt,
      spec: { layout: 'columns' },
    });
    expect(readdirSync(join(directory.path, 'comparisons'))).toEqual([`${first.id}.json`]);
  });

  it('take their defaults where an older file says nothing', () => {
    const old = { format: 'adjoint-comparison/1', id: 'old', name: 'old', createdAt: '', updatedAt: '', spec: {} };
    writeFileSync(join(directory.path, 'comparisons', 'old.json'), JSON.stringify(old));
    expect(store.get('old').spec).toMatchObject({ runs: [], groupBy: 'none', layout: 'overlay' });
  });

  it('that are damaged list with their problem and do not hide the others', () => {
    const { id } = store.save({ name: 'sound', spec });
    writeFileSync(join(directory.path, 'comparisons', 'torn.json'), '{"format":');
    const [sound, torn] = store.list();
    expect(sound).toMatchObject({ id, problem: null });
    expect(torn).toMatchObject({ id: 'torn', problem: { code: 'corrupt' } });
  });

  it('are refused by name when they are not there', () => {
    for (const id of ['gone', '../runs', '']) expect(() => store.get(id)).toThrow(`no saved comparison "${id}"`);
    expect(() => store.remove('gone')).toThrow('no saved comparison');
    expect(() => store.save({ id: 'gone', name: 'x', spec })).toThrow('no saved comparison');
    const { id } = store.save({ name: 'x', spec });
    store.remove(id);
    expect(store.list()).toEqual([]);
  });
});
