import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

type Packages = Record<string, Record<string, unknown>>;

let project: string;

/** Stands in for npm: notes what it was asked and pretends to install what the lock says. */
const fakeNpm = `
  const fs = require('node:fs');
  fs.writeFileSync('asked.json', JSON.stringify(process.argv.slice(2)));
  if (fs.existsSync('offline')) process.exit(1);
  const { packages } = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'));
  for (const path of Object.keys(packages)) if (path) fs.mkdirSync(path, { recursive: true });
  fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages }));
  console.log('npm talks');
`;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'adjoint-install-'));
  mkdirSync(join(project, 'scripts'));
  copyFileSync(
    fileURLToPath(new URL('./ensureInstalled.cjs', import.meta.url)),
    join(project, 'scripts', 'ensureInstalled.cjs'),
  );
  writeFileSync(join(project, 'npm.cjs'), fakeNpm);
});
afterEach(() => rmSync(project, { recursive: true }));

const lock = (packages: Packages) =>
  writeFileSync(join(project, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...packages } }));

function installed(packages: Packages): void {
  for (const path of ['node_modules', ...Object.keys(packages)]) mkdirSync(join(project, path), { recursive: true });
  writeFileSync(join(project, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }));
}

function run(): { code: number | null; stdout: string; stderr: string; asked: string[] | null } {
  const env = { ...process.env, npm_execpath: join(project, 'npm.cjs') };
  const script = join(project, 'scripts', 'ensureInstalled.cjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8', env });
  const note = join(project, 'asked.json');
  const asked = existsSync(note) ? (JSON.parse(readFileSync(note, 'utf8')) as string[]) : null;
  return { code: status, stdout, stderr, asked };
}

const vue = { 'node_modules/vue': { version: '3.0.0' } };

test('a fresh clone gets the locked packages, and standard output stays clean', () => {
  lock(vue);
  const { code, stdout, stderr, asked } = run();
  expect([code, stdout]).toEqual([0, '']);
  expect(stderr).toContain('Installing the locked packages: the packages are not installed yet.');
  expect(asked?.[0]).toBe('ci');
  expect(run().stderr).toBe('');
});

test('packages that fit are left alone, without a word', () => {
  lock(vue);
  installed(vue);
  expect(run()).toEqual({ code: 0, stdout: '', stderr: '', asked: null });
});

test('a package of another version, or one that is missing, is a reason', () => {
  lock(vue);
  installed({ 'node_modules/vue': { version: '2.9.0' } });
  expect(run().stderr).toContain('vue is 2.9.0, and package-lock.json asks for 3.0.0');
  lock({ ...vue, 'node_modules/@codemirror/lint': { version: '6.0.0' } });
  installed(vue);
  expect(run().stderr).toContain('@codemirror/lint is missing');
});

test('a package whose folder was deleted is a reason', () => {
  lock(vue);
  installed(vue);
  rmSync(join(project, 'node_modules/vue'), { recursive: true });
  expect(run().stderr).toContain('vue is missing');
});

test('optional packages of other platforms may be absent, the one of this platform may not', () => {
  const other = process.platform === 'win32' ? 'linux' : 'win32';
  const optional = { version: '1.0.0', optional: true };
  lock({
    ...vue,
    'node_modules/native-other': { ...optional, os: [other], cpu: [process.arch] },
    'node_modules/node-other': { ...optional, os: other, cpu: 'x64' },
    'node_modules/helper-of-other': optional,
    'node_modules/not-here': { ...optional, os: [`!${process.platform}`], cpu: [process.arch] },
    'node_modules/musl': { ...optional, os: [process.platform], cpu: [process.arch], libc: ['musl'] },
    'node_modules/peer': { version: '1.0.0', peer: true, optional: true },
  });
  installed(vue);
  expect(run()).toMatchObject({ code: 0, stderr: '' });
  lock({ ...vue, 'node_modules/node-here': { ...optional, os: process.platform, cpu: process.arch } });
  expect(run().stderr).toContain('node-here is missing');
});

test('a failed installation says what it needs and fails the command', () => {
  lock(vue);
  writeFileSync(join(project, 'offline'), '');
  const { code, stderr } = run();
  expect(code).toBe(1);
  expect(stderr).toContain('npm ci ended with 1');
  expect(stderr).toContain('needs a connection to the npm registry once');
});

test('packages behind a link are never touched', () => {
  lock(vue);
  const elsewhere = join(project, 'elsewhere');
  mkdirSync(elsewhere);
  symlinkSync(elsewhere, join(project, 'node_modules'), 'junction');
  const { code, stderr, asked } = run();
  expect([code, asked]).toEqual([1, null]);
  expect(stderr).toContain('It is a link, so it is left as it is.');
});

test('the check itself takes less than a tenth of a second', () => {
  const many = Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`node_modules/p${i}`, { version: '1.0.0' }]));
  lock(many);
  installed(many);
  const empty = join(project, 'empty.cjs');
  writeFileSync(empty, '');
  const time = (work: () => unknown) => {
    const times = [1, 2, 3, 4, 5].map(() => {
      const start = performance.now();
      work();
      return performance.now() - start;
    });
    return Math.min(...times);
  };
  const node = time(() => spawnSync(process.execPath, [empty]));
  expect(time(run) - node).toBeLessThan(100);
});
