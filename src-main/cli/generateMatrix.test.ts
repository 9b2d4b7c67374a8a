import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readDataset } from '../store/dataset';

const bundle = resolve('out/node/adjoint.mjs');
const folder = mkdtempSync(join(tmpdir(), 'adjoint-matrix-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const problem = join(folder, 'problem.json');
writeFileSync(
  problem,
  JSON.stringify({
    ...{ format: 'matrix-problem/1', n: 2, Q: [2, 1], p: [1, -1], A: [[1, 1]], b: [0.4], G: [[1, 0]], h: [0.3] },
  }),
);

function generate(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [bundle, 'generate', 'matrix', '--json', '--workspace', folder, ...args],
    { encoding: 'utf8', cwd: folder },
  );
  return { code: status, text: stdout + stderr };
}

it('adjoint generate matrix makes a labelled dataset of a problem file', () => {
  const out = join(folder, 'mine.npz');
  const { code, text } = generate(problem, '--vary', 'b', '--spread', '0.1', '--instances', '30', '--out', out);
  expect(code, text).toBe(0);
  const { n, m, e, N, X, Y, provenance } = readDataset(out);
  expect({ n, m, e, N }).toEqual({ n: 2, m: 1, e: 1, N: 30 });
  expect(provenance?.settings).toMatchObject({ vary: 'b', entries: '0', law: 'uniform', spread: 0.1 });
  for (let i = 0; i < N; i++) {
    expect(Math.abs(X[i] - 0.4)).toBeLessThanOrEqual(0.1);
    // min y₁² + ½y₂² + y₁ − y₂ with y₁ + y₂ = x: y₁ = (x − 2)/3, which is below 0.3.
    expect(Math.abs(Y[2 * i] - (X[i] - 2) / 3)).toBeLessThan(1e-10);
  }
});

it.each([
  ['a file that is not there', [join(folder, 'none.json')], 'No such file'],
  ['an entry that is not there', [problem, '--entries', '3'], 'b has no entry 3'],
  ['a datum that cannot vary', [problem, '--vary', 'p'], 'Allowed choices are b, h'],
  ['a spread that is no number', [problem, '--spread', 'wide'], 'spread'],
])('%s is refused with exit code 2', (_, args, message) => {
  const { code, text } = generate(...args);
  expect(text).toContain(message);
  expect(code).toBe(2);
});
