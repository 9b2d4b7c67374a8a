import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const folder = resolve('resources/cases/layers');

async function adjoint(...options: string[]) {
  const args = [resolve('out/node/adjoint.mjs'), ...options, '--json'];
  const { stdout, code } = await run(process.execPath, args, { maxBuffer: 1 << 26 })
    .then(({ stdout }) => ({ stdout, code: 0 }))
    .catch((error: { stdout: string; code: number }) => error);
  const lines = stdout.trim().split('\n');
  return { code, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

const scratch = (name: string, content: object): string => {
  const file = join(mkdtempSync(join(tmpdir(), 'adjoint-solve-')), name);
  writeFileSync(file, JSON.stringify(content));
  return file;
};

describe('adjoint solve on bilevel problems', () => {
  it('gives the global optimum with a bound that proves it', async () => {
    const { code, lines } = await adjoint('solve', resolve('resources/cases/bilevel/bard-1988-1.json'));
    expect(code).toBe(0);
    expect(lines[0]).toMatchObject({ status: 'optimal', x: [expect.closeTo(1, 9)], y: [expect.closeTo(0, 9)] });
    expect(lines[0].F).toBeCloseTo(17, 9);
    expect(lines[0].bound).toBeCloseTo(17, 9);
  });

  it('names the character of an expression that cannot be read', async () => {
    const bad = scratch('bad.json', {
      ...{ format: 'bilevel/1', x: ['x'], y: ['y'] },
      upper: { minimize: 'x + z' },
      lower: { minimize: 'y^2' },
    });
    const { code, lines } = await adjoint('solve', bad);
    expect(code).not.toBe(0);
    expect(JSON.stringify(lines)).toContain('character 5');
  });
});

describe('adjoint verify', () => {
  it('passes every bilevel case, with a proof and the outer algorithms that apply', async () => {
    const { code, lines } = await adjoint('verify', resolve('resources/cases/bilevel'));
    expect(code).toBe(0);
    expect(lines).toHaveLength(15);
    for (const line of lines) expect(line).toMatchObject({ verdict: 'pass', differs: [], notes: [expect.stringContaining('proved'), expect.stringContaining('apply'), ...(line.notes as string[]).slice(2)] }); // prettier-ignore
  });

  it('passes every case of the folder, one object a case', async () => {
    const { code, lines } = await adjoint('verify', folder);
    expect(code).toBe(0);
    expect(lines).toHaveLength(22);
    for (const line of lines) expect(line).toMatchObject({ verdict: 'pass', differs: [] });
  });

  it('passes the cases of nonlinear least squares', async () => {
    const { code, lines } = await adjoint('verify', resolve('resources/cases/nlls'));
    expect(code).toBe(0);
    expect(lines.map(({ name, verdict }) => [name, verdict])).toEqual(
      ['gn-n6', 'lm-n2-linear', 'lm-n4'].map((name) => [name, 'pass']),
    );
  });

  it('passes every hypergradient case, and says that V2 does not depend on x', async () => {
    const { code, lines } = await adjoint('verify', resolve('resources/cases/hypergradient'));
    expect(code).toBe(0);
    expect(lines).toHaveLength(11);
    for (const line of lines) expect(line).toMatchObject({ verdict: 'pass', differs: [] });
    expect(lines.find(({ name }) => name === 'v2-n5')?.diagnoses).toEqual(['lower-ignores-x']);
  });

  it('fails a case that expects something else, and goes on after a file that it cannot read', async () => {
    const wrong = scratch('wrong.json', {
      format: 'matrix-problem/1',
      n: 1,
      Q: [1],
      expected: { status: 'optimal', y: [1] },
    });
    const { code, lines } = await adjoint('verify', scratch('no.json', { format: 'unknown/1' }), wrong);
    expect(code).toBe(1);
    expect(lines.map(({ verdict }) => verdict)).toEqual(['fail', 'fail']);
    expect(lines[1].differs).toMatchObject([{ what: 'y', expected: [1], actual: [0] }]);
  });
});

describe('adjoint solve', () => {
  it('gives y*, multipliers, certificate and gradients', async () => {
    const file = join(folder, 'degenerate-zero-multiplier.json');
    const { code, lines } = await adjoint('solve', file, '--one-sided', '--data', 'h');
    expect(code).toBe(0);
    expect(lines[0]).toMatchObject({
      status: 'degenerate',
      diagnosis: 'zero-multiplier',
      y: [1, 0, -1],
      dual: { inequality: [2, 0, 0, 0] },
      certificate: { complementarityMargin: 0 },
      oneSidedOnly: ['h'],
    });
    expect((lines[0].oneSided as { h: { plus: number[] } }).h.plus[0]).toBeCloseTo(-1.4, 12);
  });

  it('refuses a file that is not consistent, with every part that is wrong', async () => {
    const { code, lines } = await adjoint(
      'solve',
      scratch('bad.json', { format: 'matrix-problem/1', n: 2, Q: [[1, 0]], p: [1] }),
    );
    expect(code).toBe(2);
    const { error } = lines[0] as { error: { findings: { path: string }[] } };
    expect(error.findings.map(({ path }) => path)).toEqual(['Q', 'p']);
  });
});
