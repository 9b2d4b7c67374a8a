import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseFigure } from '@shared/figures/spec';
import { type StudyResult, studyResultSchema } from '@shared/studies';

const bundle = resolve('out/node/adjoint.mjs');
let workspace: string;
beforeAll(() => {
  workspace = mkdtempSync(join(tmpdir(), 'adjoint-study-'));
});
afterAll(() => rmSync(workspace, { recursive: true, force: true }));

function adjoint(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [bundle, 'study', ...args, '--workspace', workspace, '--json'],
    { encoding: 'utf8' },
  );
  const lines = stdout
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { status, lines, stderr };
}

const small = ['lambdas=[1, 100]', 'seeds=2', 'epochs=3', 'width=8'].flatMap((setting) => ['--set', setting]);
const resultOf = (lines: Record<string, unknown>[]) => lines.at(-1) as unknown as StudyResult & { directory: string };

describe('adjoint study', () => {
  it('runs what is missing, reads it, and leaves tables and figures in the workspace', () => {
    const { status, lines } = adjoint('lambda-trade-off', ...small);
    expect(status).toBe(0);
    const result = resultOf(lines);
    studyResultSchema.parse(result);
    expect(result.missing).toBe(0);
    expect(result.runs).toHaveLength(4);
    expect(result.tables[0].rows.map((row) => [row.lambda, row.seeds])).toEqual([
      [1, 2],
      [100, 2],
    ]);
    expect(result.reading.length).toBeGreaterThan(0);
    const file = (name: string) => readFileSync(join(result.directory, name), 'utf8');
    expect(file('lambda.csv').split('\n')[0]).toContain('lambda,seeds,gap,gap_low,gap_high');
    expect(file('reading.md')).toContain(result.reading[0].text);
    expect(file('report.html')).toContain('adjoint study lambda-trade-off');
    expect(file('report.pdf').slice(0, 5)).toBe('%PDF-');
    expect(file('figure-trade-off.svg')).toContain('<svg');
    expect(file('figure-trade-off.pdf').slice(0, 5)).toBe('%PDF-');
    const figure = parseFigure(JSON.parse(file('figure-trade-off.json')));
    expect(figure.provenance?.runs.map(({ id }) => id).sort()).toEqual([...result.runs].sort());
    expect(figure.provenance?.datasets).toMatchObject([{ name: 'qcqp-n20' }]);
  }, 120_000);

  it('a second study of the same runs starts none, and more seeds start only those', () => {
    const shared = adjoint('gradient-interference', ...small);
    expect(shared.status).toBe(0);
    expect(shared.lines[0]).toMatchObject({ event: 'planned', created: 0, kept: 4 });
    expect(resultOf(shared.lines).runs).toHaveLength(4);
    const more = adjoint('lambda-trade-off', ...small, '--set', 'seeds=3', '--dry-run');
    expect(more.lines).toMatchObject([{ event: 'planned', created: 2, kept: 4 }]);
  }, 120_000);

  it('reads what there is without running anything, and says what is missing', () => {
    const { status, lines } = adjoint('lambda-trade-off', ...small, '--set', 'seeds=3', '--only-result');
    expect(status).toBe(1);
    const result = resultOf(lines);
    expect(result.missing).toBe(2);
    expect(result.warnings[0]).toContain('2 of 6 runs are not finished');
  });

  it('refuses unknown studies and wrong settings by name', () => {
    const unknown = adjoint('nothing');
    expect(unknown.status).toBe(2);
    expect(unknown.stderr).toContain('Studies are lambda-trade-off');
    const wrong = adjoint('lambda-trade-off', '--set', 'lambdas=[1, -3]', '--set', 'colour=red');
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toContain('lambdas.1');
    expect(wrong.stderr).toContain('colour');
    const missing = adjoint('lambda-trade-off', '--set', 'dataset=not-there', '--dry-run');
    expect(missing.status).toBe(2);
    expect(missing.stderr).toContain('not-there');
  });

  it('lists the studies with their questions', () => {
    const { status, lines } = adjoint();
    expect(status).toBe(0);
    expect(lines.map(({ name }) => name)).toEqual([
      ...['lambda-trade-off', 'annealing', 'gradient-interference'],
      ...['backward-modes', 'inner-iterations', 'warm-start', 'all-techniques'],
      ...['published-table', 'gradient-quality', 'ssigd-tuning'],
    ]);
  });
});
