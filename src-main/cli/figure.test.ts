import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FigureStore } from '../store/figures';
import { openWorkspace } from '../store/workspace';
import { parseFigure } from '@shared/figures/spec';

const bundle = resolve('out/node/adjoint.mjs');
const specification = {
  format: 'adjoint-figure',
  version: 1,
  panels: [{ y: { label: '$\\lambda$' }, series: [{ mark: 'line', label: 'a', x: [0, 1], y: [1, 2] }] }],
};

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'adjoint-figure-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function figure(...args: string[]): { code: number | null; err: string } {
  const { status, stderr } = spawnSync(process.execPath, [bundle, 'figure', ...args, '-w', join(folder, 'ws')], {
    encoding: 'utf8',
    cwd: folder,
  });
  return { code: status, err: stderr };
}
const read = (name: string) => readFileSync(join(folder, name), 'latin1');

it('a specification is drawn again in every format, at the size asked for', () => {
  writeFileSync(join(folder, 'spec.json'), JSON.stringify(specification));
  expect(figure('spec.json', '--out', 'f.svg', 'f.pdf', 'f.csv', '--width', '178', '--font-size', '9').code).toBe(0);
  expect(read('f.svg')).toContain('width="178mm"');
  expect(read('f.pdf')).toMatch(/^%PDF-[^]*FontFile2/);
  expect(read('f.csv')).toContain('panel,series,mark');
});

it('a figure of the workspace goes by its name', () => {
  new FigureStore(openWorkspace(join(folder, 'ws'), { create: true })).save({
    name: 'Loss',
    figure: parseFigure(specification),
  });
  expect(figure('loss', '-o', 'loss.svg').code).toBe(0);
  expect(figure('gone', '-o', 'gone.svg')).toMatchObject({
    code: 2,
    err: expect.stringContaining('no saved figure "gone"'),
  });
});

it('what is wrong is said, and nothing is overwritten', () => {
  writeFileSync(join(folder, 'spec.json'), JSON.stringify({ ...specification, panels: [] }));
  expect(figure('spec.json', '-o', 'f.svg')).toMatchObject({ code: 2, err: expect.stringContaining('panels') });
  writeFileSync(join(folder, 'text.json'), 'not json');
  expect(figure('text.json', '-o', 'f.svg').err).toContain('not JSON');
  expect(figure('spec.json', '-o', 'f.gif').err).toContain('cannot be written as ".gif"');
  writeFileSync(join(folder, 'kept.svg'), 'mine');
  expect(figure('spec.json', '-o', 'kept.svg').err).toContain('exists already');
  expect(read('kept.svg')).toBe('mine');
});
