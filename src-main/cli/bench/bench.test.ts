import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

it('adjoint bench labels gives the row that other programs are compared with', () => {
  const bundle = resolve('out/node/adjoint.mjs');
  const { status, stdout } = spawnSync(process.execPath, [bundle, 'bench', 'labels', '--json', '--repeats', '1'], {
    encoding: 'utf8',
  });
  expect(status).toBe(0);
  const row = JSON.parse(stdout) as { solver: string; s_per_instance: number; max_violation: number; obj: number[] };
  expect(row.solver).toBe('adjoint');
  expect(row.s_per_instance).toBeGreaterThan(0);
  expect(row.max_violation).toBeLessThan(1e-10);
  // Clarabel 0.11 on the same instances, to its own tolerance.
  const clarabel = [-16.05205458, -14.55953235, -15.2280381, -15.86208193, -15.04404612];
  row.obj.forEach((value, i) => expect(Math.abs(value - clarabel[i])).toBeLessThan(3e-7));
});

it('adjoint bench hypergradient is exact to rounding in every dimension, cold and warm', () => {
  const bundle = resolve('out/node/adjoint.mjs');
  const { status, stdout } = spawnSync(
    process.execPath,
    [bundle, 'bench', 'hypergradient', '--json', '--dims', '1,5,20,50', '--repeats', '3'],
    { encoding: 'utf8' },
  );
  expect(status).toBe(0);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { dim: number; warm?: boolean; s_per_grad: number; max_rel_err: number });
  expect(rows.map(({ dim, warm }) => [dim, warm ?? false])).toEqual(
    [1, 5, 20, 50].flatMap((dim) => [
      [dim, false],
      [dim, true],
    ]),
  );
  for (const { max_rel_err, s_per_grad } of rows) {
    expect(max_rel_err).toBeLessThan(1e-13);
    expect(s_per_grad).toBeGreaterThan(0);
  }
});

it('adjoint bench ssigd times steps with exact hypergradients beside a peer, and samples memory', () => {
  // A peer that answers at once: one iterate, the start, with the gradient 0.
  const peer = join(mkdtempSync(join(tmpdir(), 'adjoint-bench-')), 'peer.mjs');
  writeFileSync(
    peer,
    `import { createInterface } from 'node:readline';
let x;
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  x ??= asked.data.x;
  console.log(JSON.stringify(asked.data ? {} : { seconds: [1], x: [x], g: [x.map(() => 0)] }));
}`,
  );
  const options = ['--dim', '12', '--steps', '40', '--rounds', '2', '--memory-steps', '200'];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      resolve('out/node/adjoint.mjs'),
      'bench',
      'ssigd',
      '--json',
      ...options,
      '--peer',
      `"${process.execPath}" "${peer}"`,
    ],
    { encoding: 'utf8' },
  );
  expect(status, stderr).toBe(0);
  const [about, ours, first, second, memory] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number>);
  expect(about).toEqual({ what: 'peer' });
  expect(ours).toMatchObject({ what: 'ssigd', dim: 12, method: 'adjoint', steps: 40, warm: true });
  expect(ours.max_rel_err).toBeLessThan(1e-13);
  for (const row of [first, second]) {
    expect(row.ratio).toBeGreaterThanOrEqual(row.ratio_min);
    expect(row.max_rel_err).toBe(1);
  }
  expect(memory.samples).toHaveLength(21);
});

it('adjoint bench training and gemm give rows in float64 that other programs are compared with', () => {
  const bench = (...args: string[]) => {
    const command = [resolve('out/node/adjoint.mjs'), 'bench', ...args, '--json', '--repeats', '3'];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  const rows = bench('training', '--batch', '8,16', '--threads', '2');
  expect(rows).toEqual(
    [8, 16].map((batch) =>
      expect.objectContaining({ what: 'training', dtype: 'float64', batch, s: expect.any(Number) }),
    ),
  );
  expect(bench('gemm', '--size', '50')).toEqual([
    expect.objectContaining({ what: 'gemm', dtype: 'float64', n: 50, threads: 1, gflops: expect.any(Number) }),
  ]);
}, 120_000);

it('adjoint bench layer gives a row for each mode, beside those of a peer that answers', () => {
  const bundle = resolve('out/node/adjoint.mjs');
  // The start is as good a y as any for a peer that computes nothing.
  const peer = `
    let problem;
    require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
      const question = JSON.parse(line);
      problem ??= question;
      const y = problem.anchor.flat();
      console.log(JSON.stringify(question.mode ? { fwd_s: 100, fwd_bwd_s: 200, cpu_s: 200, y, gradient: y } : { peer: "none" }));
    });`;
  const command = [bundle, 'bench', 'layer', '--json', '--repeats', '1', '--batch', '3', '--iterations', '4'];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...command, '--peer', `"${process.execPath}" -e '${peer}'`],
    { encoding: 'utf8' },
  );
  expect(status, stderr).toBe(0);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(rows.shift()).toEqual({ what: 'peer', peer: 'none' });
  const { length } = rows;
  expect(rows.splice(0, 4).map(({ mode }) => mode)).toEqual(['unroll', 'implicit', 'truncated', 'dlm']);
  expect(rows.shift()).toMatchObject({
    what: 'layer-step',
    batch: 3,
    rest: expect.any(Number),
    rest_paused: expect.any(Number),
  });
  expect(rows.map(({ what }) => what)).toEqual(Array.from({ length: length - 5 }, () => 'layer-memory'));
});

it('adjoint bench techniques times what applies beside the soft penalty, says why the rest does not, and asks a peer for its projection', () => {
  // A peer that projects nothing: y is the point it was given.
  const peer = `
    let problem;
    require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
      const question = JSON.parse(line);
      const first = !problem;
      problem ??= question;
      if (first) return console.log(JSON.stringify({ peer: "none" }));
      console.log(JSON.stringify({ fwd_s: 100, fwd_bwd_s: 200, cpu_s: 200, y: problem.raw, gradient: problem.cotangent }));
    });`;
  const bench = (...args: string[]) => {
    const command = [resolve('out/node/adjoint.mjs'), 'bench', 'techniques', '--json', ...args];
    return spawnSync(process.execPath, command, { encoding: 'utf8' });
  };
  const options = ['--rows', 'curved', '--only', 'fsNet,hardNetAff', '--batch', '3', '--repeats', '1'];
  const { status, stdout, stderr } = bench(...options, '--peer', `"${process.execPath}" -e '${peer}'`);
  expect(status, stderr).toBe(0);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(rows[0]).toMatchObject({ technique: 'fsNet', rows: 'curved', batch: 3, ratio: expect.any(Number) });
  expect(rows[0].inner_iterations).toBeGreaterThan(1);
  expect(rows[1]).toMatchObject({ technique: 'hardNetAff', refused: expect.stringContaining('quadratic') });
  expect(rows[2]).toMatchObject({ what: 'projection', peer: 'none', peer_s: 200 });
  const unknown = bench('--only', 'none');
  expect(unknown.status).not.toBe(0);
  expect(unknown.stderr).toContain('augmentedLagrangian');
}, 120_000);
