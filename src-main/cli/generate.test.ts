import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Problem } from '@shared/errors';
import { readDataset } from '../store/dataset';

const bundle = resolve('out/node/adjoint.mjs');
const small = ['--n', '20', '--m', '10', '--e', '10', '--instances', '200'];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'adjoint-generate-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));

function generate(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [bundle, 'generate', 'qcqp', '--json', '--workspace', folder, ...args],
    { encoding: 'utf8', cwd: folder },
  );
  const lines = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code: status, last: lines.at(-1) ?? {}, problem: lines.at(-1)?.error as Problem, err: stderr };
}

describe('adjoint generate qcqp', () => {
  it.each(['npz', 'pkl'])('writes the stored dataset again, with multipliers, as .%s', (kind) => {
    const out = join(folder, `made.${kind}`);
    const { code, last, err } = generate(...small, '--out', out);
    expect(code, err).toBe(0);
    expect(last).toMatchObject({ event: 'end', path: out, dims: { n: 20, m: 10, e: 10, N: 200 } });
    expect(last.maxViolation).toBeLessThan(1e-10);
    expect(last.maxGap).toBeLessThan(1e-9);
    const made = readDataset(out);
    const stored = readDataset(resolve('resources/datasets/qcqp-n20.npz'));
    expect(made.X).toEqual(stored.X);
    expect(Math.max(...made.Y.map((value, i) => Math.abs(value - stored.Y[i])))).toBeLessThan(1e-9);
    // The stored file rounds 8.3 % down; the generator's splits are by order and cover everything.
    const { train, valid, test } = made.splits;
    expect([...train, ...valid, ...test]).toEqual(Array.from({ length: 200 }, (_, i) => i));
    // Stationarity of instance 3 from the multipliers of the file: Qy + p + Σλ_i(2H_iy + G_i) + Aᵀν = 0.
    const { n, m, e } = made;
    for (let j = 0; j < n; j++) {
      const y = made.Y[3 * n + j];
      let sum = made.Q[j * n + j] * y + made.p[j];
      for (let i = 0; i < m; i++)
        sum += made.multipliers.inequality![3 * m + i] * (2 * made.H[i * n + j] * y + made.G[i * n + j]);
      for (let i = 0; i < e; i++) sum += made.multipliers.equality![3 * e + i] * made.A[i * n + j];
      expect(Math.abs(sum)).toBeLessThan(1e-12);
    }
  });

  it('goes into the workspace under a telling name, and does not replace what is there', () => {
    const { last } = generate(...small, '--instances', '12');
    expect(last.path).toBe(join(folder, 'datasets', 'qcqp-n20-m10-e10-N12-seed2025.npz'));
    expect(readDataset(last.path as string).N).toBe(12);
    const again = generate(...small, '--instances', '12');
    expect(again).toMatchObject({ code: 2, problem: { code: 'conflict' } });
    expect(generate(...small, '--instances', '12', '--force').code).toBe(0);
  });

  it.each([
    [['--e', '21'], 'bad-request', /only 20 variables/],
    [['--n', 'twenty'], 'bad-request', /settings/],
    [['--suite', 'n1'], 'bad-request', /no size "n1"/],
    [['--e', '19', '--tightness', '1000'], 'bad-request', /primal infeasible/],
    [['--n', '1000000', '--e', '1'], 'bad-request', /takes .* are available/],
    [['--out', 'labels.csv'], 'bad-request', /\.csv/],
  ])('refuses %j in words and leaves nothing behind', (args, code, what) => {
    const result = generate(...small, ...args);
    expect(result.code).toBe(2);
    expect(result.problem.code).toBe(code);
    expect(result.problem.what).toMatch(what);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('says where when the folder cannot be made', () => {
    writeFileSync(join(folder, 'datasets'), '');
    const { code, problem } = generate(...small);
    expect(code).toBe(2);
    expect(problem).toMatchObject({ code: 'not-writable', where: join(folder, 'datasets') });
  });

  it('Ctrl-C leaves nothing half written', async () => {
    const out = join(folder, 'never.npz');
    const child = spawn(process.execPath, [bundle, 'generate', 'qcqp', '--json', '--out', out], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exited = new Promise<number | null>((done) => child.once('exit', done));
    const events: { event: string }[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      events.push(JSON.parse(line) as { event: string });
      if (events.length === 1) child.kill('SIGINT');
    }
    expect(await exited).toBe(1);
    expect(events.at(-1)).toEqual({ event: 'cancelled' });
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });
});
