import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseFigure } from '@shared/figures/spec';
import { FigureStore } from './figures';
import { temporaryDirectory } from './fixtures/examples';
import { openWorkspace } from './workspace';

let directory: ReturnType<typeof temporaryDirectory>;
let store: FigureStore;
const figure = parseFigure({
  format: 'adjoint-figure',
  version: 1,
  title: 'Loss, $\\mathcal L$',
  panels: [{ series: [{ mark: 'line', label: 'a', x: [0, 1, 2], y: [1, 'NaN', null] }] }],
});

beforeEach(() => {
  directory = temporaryDirectory();
  store = new FigureStore(openWorkspace(directory.path, { create: true }));
});
afterEach(() => directory.remove());

describe('saved figures', () => {
  it('come back as they were saved, with their drawing and data beside them', () => {
    const { id, files } = store.save({ name: 'Training loss', figure });
    expect(id).toBe('training-loss');
    expect(store.get(id)).toEqual(figure);
    expect(readFileSync(files[0], 'utf8')).toContain('<svg ');
    expect(readFileSync(files[1], 'utf8')).toContain(',1,NaN,');
    expect(store.list()).toMatchObject([{ id, title: 'Loss, ℒ', panels: 1, problem: null }]);
  });

  it('never replace one another unless that is said', () => {
    store.save({ name: 'loss', figure });
    expect(store.save({ name: 'loss', figure }).id).toBe('loss-2');
    store.save({ id: 'loss', name: 'loss', figure: { ...figure, caption: 'new' } });
    expect(store.get('loss').caption).toBe('new');
    expect(readdirSync(join(directory.path, 'figures'))).toHaveLength(6);
  });

  it('that are damaged list with their problem and do not hide the others', () => {
    store.save({ name: 'sound', figure });
    writeFileSync(join(directory.path, 'figures', 'torn.json'), '{"format":');
    expect(store.list()).toMatchObject([{ id: 'sound' }, { id: 'torn', problem: { code: 'corrupt' } }]);
  });

  it('are refused by name when they are not there, and removed with all their files', () => {
    for (const id of ['gone', '../runs', '']) expect(() => store.get(id)).toThrow(`no saved figure "${id}"`);
    expect(() => store.save({ id: 'gone', name: 'x', figure })).toThrow('no saved figure');
    store.remove(store.save({ name: 'x', figure }).id);
    expect(readdirSync(join(directory.path, 'figures'))).toEqual([]);
    expect(() => store.remove('x')).toThrow('no saved figure');
  });
});
