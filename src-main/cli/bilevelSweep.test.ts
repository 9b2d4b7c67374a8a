import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { RunComparison } from '../engine/compareRuns';

const bundle = resolve('out/node/adjoint.mjs');
const folder = mkdtempSync(join(tmpdir(), 'adjoint-bilevel-sweep-'));
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));

function adjoint(...args: string[]) {
  const env = { ...process.env, ADJOINT_WORKSPACE: join(folder, 'workspace') };
  const { status, stdout, stderr } = spawnSync(process.execPath, [bundle, ...args], {
    encoding: 'utf8',
    cwd: folder,
    env,
  });
  return { code: status, out: stdout, err: stderr };
}

it('a sweep of bilevel runs has a grid and seeds, and its own metrics are listed and compared', () => {
  writeFileSync(
    join(folder, 'sweep.yaml'),
    `kind: bilevel
name: steps
problem: { kind: coupled, d: 2, n: 3 }
algorithm: { kind: ssigd, iterations: 50 }
sweep:
  axes: { algorithm.beta: [0.01, 0.1] }
  repeats: 2
`,
  );
  const { code, out, err } = adjoint('sweep', 'sweep.yaml');
  expect(code, err).toBe(0);
  expect(out).toMatch(/algorithm\.beta +seed +state +F +gradient norm +lower solves/);
  const compared = JSON.parse(adjoint('runs', 'compare', 'steps', '--json').out) as RunComparison;
  expect(compared.settings).toEqual(['algorithm.beta', 'seed']);
  expect(compared.metrics).toEqual(['bilevel/F', 'bilevel/gradient_norm', 'bilevel/lower_solves']);
  const values = compared.rows.map(({ metrics }) => metrics['bilevel/F'].last);
  expect(new Set(values).size).toBe(4);
  expect(compared.rows.map(({ metrics }) => metrics['bilevel/lower_solves'].last)).toEqual([50, 50, 50, 50]);
  expect(adjoint('sweep', 'sweep.yaml', '--dry-run').out).toContain('0 to run, 4 there already');
}, 120_000);

it('a run on a problem file knows the file by its content, and names what is wrong with one', () => {
  const file = (objective: string) =>
    writeFileSync(
      join(folder, 'problem.json'),
      JSON.stringify({
        format: 'bilevel/1',
        ...{ x: ['x'], y: ['y'], upper: { minimize: '0.5*(y - 2)^2 + 0.05*x^2' } },
        lower: { minimize: objective, subjectTo: ['y <= 1', 'y >= -1'] },
        expected: { F: 0.55 },
      }),
    );
  writeFileSync(
    join(folder, 'run.yaml'),
    'kind: bilevel\nproblem: { kind: file, path: problem.json }\nalgorithm: { kind: dsigd, iterations: 5 }\n',
  );
  file('y^2 - x*z');
  const wrong = adjoint('run', 'run.yaml');
  expect(wrong.code).toBe(2);
  expect(wrong.err).toContain('lower.minimize');
  file('0.5*y^2 - x*y');
  const { code, out, err } = adjoint('run', 'run.yaml', '--name', 'kink');
  expect(code, err).toBe(0);
  expect(out).toMatch(/bilevel\/gap +\S/);
  const { manifest } = JSON.parse(adjoint('runs', 'show', 'kink', '--json').out) as {
    manifest: { dataset: { name: string; sha256: string } };
  };
  expect(manifest.dataset).toMatchObject({ name: 'problem', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
}, 60_000);
