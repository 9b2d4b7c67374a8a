import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

interface EnsureBuilt {
  sourceDigest(root: string, sources: string[]): string;
  whyBuild(root: string, name: string, parts: { sources: string[]; outputs: string[] }): string | null;
}

const script = pathToFileURL(join(import.meta.dirname, 'ensureBuilt.mjs')).href;
const { sourceDigest, whyBuild } = (await import(/* @vite-ignore */ script)) as EnsureBuilt;

let root: string;
const parts = { sources: ['src', 'config.ts'], outputs: ['out/a.mjs'] };
const file = (path: string, text = 'x') => {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
};
const why = () => whyBuild(root, 'node', parts);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'adjoint-built-'));
  for (const path of ['src/a.ts', 'src/deep/b.ts', 'config.ts', 'out/a.mjs']) file(path);
  file('out/.built-node', sourceDigest(root, parts.sources));
});
afterEach(() => rmSync(root, { recursive: true }));

test('a build that is as new as its sources is kept', () => {
  expect(why()).toBeNull();
  file('src/a.test.ts');
  file('docs/page.md');
  expect(why()).toBeNull();
});

test.each([
  ['an edited file', () => file('src/deep/b.ts', 'longer')],
  ['a new file', () => file('src/c.ts')],
  ['a removed file', () => rmSync(join(root, 'src/deep/b.ts'))],
  ['an older file that was checked out', () => utimesSync(join(root, 'src/a.ts'), 1, 1)],
  ['a changed configuration', () => file('config.ts', 'longer')],
])('%s makes it stale', (_what, change) => {
  change();
  expect(why()).toBe('sources have changed');
});

test('a missing bundle is built', () => {
  rmSync(join(root, 'out/a.mjs'));
  expect(why()).toBe('not built yet');
});
