import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
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
    [['--e', '19', '--tightness', '1000'], 'bad-request', /Instance \d+ is infeasible: .* too tight/],
    [['--n', '1000000', '--e', '1'], 'bad-request', /takes .* are available: the constant arrays alone do not fit/],
    [['--instances', '90000000'], 'bad-request', /takes .* are available: \d+ instances would fit/],
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

  it('leaves out the instances that have no label where that is asked for, and says which', () => {
    const tight = [...small, '--e', '16', '--tightness', '3', '--instances', '60', '--leave-out'];
    const { code, last, err } = generate(...tight);
    expect(code, err).toBe(0);
    const leftOut = last.leftOut as number[];
    expect(leftOut.length).toBeGreaterThan(0);
    const made = readDataset(last.path as string);
    expect(made.N).toBe(60 - leftOut.length);
    expect(made.provenance!.labels).toMatchObject({
      leftOut,
      statuses: { optimal: made.N, 'primal infeasible': leftOut.length },
    });
  });

  it('Ctrl-C keeps the labels there are, and --resume makes the file that an uninterrupted run makes', async () => {
    const out = join(folder, 'made.npz');
    const options = ['--n', '60', '--m', '30', '--e', '20', '--instances', '1500'];
    const child = spawn(process.execPath, [bundle, 'generate', 'qcqp', '--json', ...options, '--out', out], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exited = new Promise<number | null>((done) => child.once('exit', done));
    const events: { event: string; done: number }[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      events.push(JSON.parse(line) as (typeof events)[number]);
      if (events.length === 2) child.kill('SIGINT');
    }
    expect(await exited).toBe(1);
    const { event, done } = events.at(-1)!;
    expect(event).toBe('cancelled');
    expect(done).toBeGreaterThanOrEqual(events[1].done);
    expect(readdirSync(folder)).toEqual(['made.npz.partial']);

    expect(generate(...options, '--out', out)).toMatchObject({
      code: 2,
      problem: { code: 'conflict', where: `${out}.partial` },
    });
    const other = generate(...options, '--seed', '1', '--out', out, '--resume');
    expect(other.problem).toMatchObject({ code: 'conflict', what: expect.stringContaining('another dataset') });

    const resumed = generate(...options, '--out', out, '--resume');
    expect(resumed.code, resumed.err).toBe(0);
    expect(resumed.err).toContain(`${done} of 1500 labels are there already`);
    expect(readdirSync(folder)).toEqual(['made.npz']);
    const whole = join(folder, 'whole.npz');
    generate(...options, '--out', whole);
    const { provenance: first, ...arrays } = readDataset(out);
    const { provenance: second, ...others } = readDataset(whole);
    expect(first!.sha256).toBe(second!.sha256);
    expect(arrays).toEqual(others);
  }, 60_000);

  it('partial labels that were damaged are refused by name, and --force begins anew', () => {
    const out = join(folder, 'made.npz');
    writeFileSync(`${out}.partial`, 'these were labels once');
    const torn = generate(...small, '--out', out, '--resume');
    expect(torn).toMatchObject({ code: 2, problem: { code: 'corrupt', where: `${out}.partial` } });
    expect(torn.problem.fix).toContain('--force');
    expect(generate(...small, '--out', out, '--force').code).toBe(0);
    expect(readdirSync(folder)).toEqual(['made.npz']);
  });
});

describe.each(['fsnet', 'dc3'])('adjoint generate %s', (family) => {
  it('writes labels with multipliers, bounds where it has them, and splits as published', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [bundle, 'generate', family, '--json', '--workspace', folder, ...small],
      { encoding: 'utf8' },
    );
    expect(status, stderr).toBe(0);
    const last = JSON.parse(stdout.trim().split('\n').at(-1)!) as {
      path: string;
      maxViolation: number;
      maxGap: number;
    };
    expect(last.maxViolation).toBeLessThanOrEqual(1e-10);
    expect(last.maxGap).toBeLessThanOrEqual(1e-9);
    const { lower, upper, H, splits, multipliers, provenance } = readDataset(last.path);
    expect([lower?.[0], upper?.[19]]).toEqual(family === 'fsnet' ? [-5, 5] : [undefined, undefined]);
    expect(H.some((value) => value !== 0)).toBe(family === 'fsnet');
    expect([splits.train.length, splits.valid.length, splits.test.length]).toEqual(
      family === 'fsnet' ? [140, 20, 40] : [166, 17, 17],
    );
    expect(multipliers.inequality).toHaveLength(2000);
    expect(provenance).toMatchObject({ family, run: null });
  });
});
