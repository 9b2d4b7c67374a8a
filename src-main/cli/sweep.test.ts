import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Problem } from '@shared/errors';
import type { RunSummary } from '@shared/run';
import type { RunComparison } from '../engine/compareRuns';

const bundle = resolve('out/node/adjoint.mjs');

let folder: string;
let workspace: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'adjoint-sweep-'));
  workspace = join(folder, 'workspace');
  file = join(folder, 'sweep.yaml');
  writeFileSync(
    file,
    `name: trade-off
dataset: qcqp-n20
network: { kind: mlp, hidden: [8] }
technique: { kind: softPenalty, lambda: 10 }
training: { epochs: 3, batchSize: 32, checkpointSeconds: 0.2 }
device: cpu
sweep:
  axes:
    technique.lambda: [1, 10]
  repeats: 2
`,
  );
});
afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));

const environment = () => ({ ...process.env, ADJOINT_WORKSPACE: workspace });

function adjoint(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bundle, ...args], {
    encoding: 'utf8',
    cwd: folder,
    env: environment(),
  });
  const lines = args.includes('--json')
    ? stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>)
    : []; // prettier-ignore
  return { code: status, out: stdout, err: stderr, lines };
}

/** Starts the sweep and hands over each line of --json; `until` resolves when one fits. */
function start(...args: string[]) {
  const child = spawn(process.execPath, [bundle, 'sweep', file, '--json', ...args], {
    cwd: folder,
    env: environment(),
  });
  const lines: Record<string, unknown>[] = [];
  createInterface({ input: child.stdout }).on('line', (line) =>
    lines.push(JSON.parse(line) as Record<string, unknown>),
  );
  const exited = new Promise<number | null>((done) => child.on('exit', (code) => done(code)));
  const until = (state: string, count: number) =>
    vi.waitFor(
      () =>
        expect(new Set(lines.filter((line) => line.state === state).map(({ id }) => id)).size).toBeGreaterThanOrEqual(
          count,
        ),
      { timeout: 30_000, interval: 20 },
    );
  return { child, exited, until };
}

const runs = () => adjoint('runs', 'list', '--json').lines as unknown as RunSummary[];

describe('adjoint sweep', () => {
  it('says what it would run, runs it, and runs nothing when asked again', () => {
    const planned = { event: 'planned', name: 'trade-off', points: 2, repeats: 2, runs: 4, created: 4, kept: 0 };
    expect(adjoint('sweep', file, '--dry-run', '--json').lines).toMatchObject([planned]);
    expect(runs()).toEqual([]);

    const first = adjoint('sweep', file, '--json', '--jobs', '2');
    expect(first.code, first.err).toBe(0);
    expect(first.lines[0]).toMatchObject(planned);
    const end = first.lines.at(-1) as { id: string; counts: unknown; runs: unknown[] };
    expect(end).toMatchObject({ event: 'end', total: 4, counts: { done: 4 } });
    expect(end.runs).toHaveLength(4);

    const again = adjoint('sweep', file);
    expect(again.code).toBe(0);
    expect(again.err).toContain('0 to run, 4 there already');
    expect(again.out).toContain('4/4 done');
    expect(runs()).toHaveLength(4);

    const wider = adjoint('sweep', file, '--set', 'sweep.repeats=3', '--json');
    expect(wider.lines[0]).toMatchObject({ runs: 6, created: 2, kept: 4 });
    expect(adjoint('runs', 'list', '--sweep', end.id, '--json').lines).toHaveLength(6);
    expect(adjoint('runs', 'list', '--sweep', 'nothing', '--json').lines).toEqual([]);
    expect(readdirSync(join(workspace, 'experiments'))).toEqual([`${end.id}.json`]);
  });

  it('can be compared as a whole and taken to another workspace', () => {
    expect(adjoint('sweep', file, '--set', 'sweep.repeats=1').code).toBe(0);
    const [compared] = adjoint('runs', 'compare', 'trade-off', '--json').lines as unknown as RunComparison[];
    expect(compared).toMatchObject({ settings: ['technique.lambda.value'], warnings: [] });
    expect(compared.rows.map(({ settings }) => settings['technique.lambda.value'])).toEqual([1, 10]);
    const [first, second] = compared.rows.map(({ metrics }) => metrics['valid/gap_mean']);
    expect(first.difference).toBe(0);
    expect(second.difference).toBe(second.last! - first.last!);
    const csv = adjoint('runs', 'compare', 'trade-off', '--csv', '--metrics', 'loss').out.trim().split('\n');
    expect(csv[0]).toBe('id,name,state,technique.lambda.value,loss,loss - baseline');
    expect(csv).toHaveLength(3);
    expect(adjoint('runs', 'compare', 'trade-off', '--metrics', 'los').err).toContain(
      'None of these runs has recorded "los"',
    );

    const bundle = join(folder, 'runs.zip');
    expect(adjoint('runs', 'export', 'trade-off', '--out', bundle, '--json').lines[0].runs).toHaveLength(2);
    const before = runs();
    workspace = join(folder, 'elsewhere');
    const brought = (what: string) => before.map(({ id }) => ({ id, what })).reverse();
    expect(adjoint('runs', 'import', bundle, '--json').lines).toEqual(brought('new'));
    expect(adjoint('runs', 'import', bundle, '--json').lines).toEqual(brought('unchanged'));
    expect(runs()).toEqual(before);
    // What was brought counts: the same sweep has nothing left to run.
    expect(adjoint('sweep', file, '--set', 'sweep.repeats=1', '--dry-run').out).toContain('0 to run, 2 there already');
  }, 60_000);

  it('starts nothing where one point is wrong, and names it', () => {
    writeFileSync(file, readFileSync(file, 'utf8').replace('[1, 10]', '[1, many]'));
    const { code, lines } = adjoint('sweep', file, '--json');
    expect(code).toBe(2);
    const problem = lines[0].error as Problem;
    expect(problem).toMatchObject({ code: 'invalid-experiment', findings: [{ path: 'technique.lambda', line: 9 }] });
    expect(problem.findings![0].message).toContain('at lambda = many');
    expect(runs()).toEqual([]);
    expect(adjoint('run', file).err).toContain('this is a sweep, not one run');
  });

  it('checkpoints at Ctrl-C, and the same command goes on', async () => {
    const long = ['--set', 'training.epochs=400', '--jobs', '2'];
    const sweep = start(...long);
    await sweep.until('running', 2);
    sweep.child.kill('SIGINT');
    expect(await sweep.exited).toBe(1);
    expect(runs().map(({ state }) => state)).toEqual(['cancelled', 'cancelled']);

    const rest = adjoint('sweep', file, '--json', ...long);
    expect(rest.code, rest.err).toBe(0);
    expect(rest.lines[0]).toMatchObject({ created: 2, resumed: 2, kept: 0 });
    expect(
      runs()
        .map(({ state, attempts }) => `${state} ${attempts}`)
        .sort(),
    ).toEqual(['done 1', 'done 1', 'done 2', 'done 2']);
  }, 90_000);

  it('that was killed takes up the runs that it left, running or not', async () => {
    const long = ['--set', 'training.epochs=600', '--jobs', '2'];
    const sweep = start(...long);
    await sweep.until('running', 2);
    sweep.child.kill('SIGKILL');
    await sweep.exited;
    const left = runs();
    expect(left.map(({ state }) => state)).toEqual(['running', 'running']);
    const attempt = JSON.parse(
      readFileSync(join(workspace, 'runs', left[0].id, 'attempts/1/attempt.json'), 'utf8'),
    ) as { pid: number };
    process.kill(attempt.pid, 'SIGKILL');

    const rest = adjoint('sweep', file, '--json', ...long);
    expect(rest.code, rest.err).toBe(0);
    expect(rest.lines[0]).toMatchObject({ created: 2, resumed: 1, kept: 1 });
    const ended = runs();
    expect(ended.map(({ state }) => state)).toEqual(Array(4).fill('done'));
    expect(ended.find(({ id }) => id === left[0].id)!.attempts).toBe(2);
    expect(ended.find(({ id }) => id === left[1].id)!.attempts).toBe(1);
  }, 90_000);
});
