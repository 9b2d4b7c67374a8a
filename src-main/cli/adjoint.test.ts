import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Problem } from '@shared/errors';
import type { RunSummary } from '@shared/run';
import { readDataset } from '../store/dataset';
import { readNpz } from '../store/npz';

const bundle = resolve('out/node/adjoint.mjs');
const dataset = resolve('resources/datasets/qcqp-n20.npz');

let folder: string;
let workspace: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'adjoint-cli-'));
  workspace = join(folder, 'workspace');
});
afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));

interface Result {
  code: number | null;
  out: string;
  err: string;
  /** The lines of --json. */
  lines: Record<string, unknown>[];
}

function adjoint(args: string[], options: { uid?: number } = {}): Result {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bundle, ...args], {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, ADJOINT_WORKSPACE: workspace },
    ...options,
  });
  const lines = args.includes('--json')
    ? stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>)
    : [];
  return { code: status, out: stdout, err: stderr, lines };
}

function experimentFile(change = (text: string) => text): string {
  const path = join(folder, 'experiment.yaml');
  writeFileSync(
    path,
    change(`kind: training
name: from the terminal
dataset: qcqp-n20
network: { kind: mlp, hidden: [8], activation: relu }
technique: { kind: softPenalty, lambda: 10 }
optimizer: { kind: adam, learningRate: 1e-3 }
training: { epochs: 4, batchSize: 32 }
device: cpu
seed: 3
`),
  );
  return path;
}

describe('adjoint run', () => {
  it('runs an experiment to the end; list, show and export know it afterwards', () => {
    const { code, lines, err } = adjoint(['run', experimentFile(), '--set', 'training.epochs=3', '--json']);
    expect(code, err).toBe(0);
    expect(lines[0]).toMatchObject({ event: 'created' });
    const end = lines.at(-1) as { event: string; run: RunSummary };
    expect(end).toMatchObject({ event: 'end', run: { state: 'done', settings: { 'training.epochs': 3, seed: 3 } } });

    const { id } = end.run;
    expect(adjoint(['runs', 'list', '--json']).lines.map((run) => run.id)).toEqual([id]);
    expect(adjoint(['runs', 'show', id.slice(0, 20), '--json']).lines[0]).toMatchObject({
      summary: { id, state: 'done' },
    });

    const csv = join(folder, 'loss.csv');
    expect(adjoint(['runs', 'export', id, '--clock', 'step', '--metrics', 'loss', '--out', csv]).code).toBe(0);
    const rows = readFileSync(csv, 'utf8').trim().split('\n');
    expect(rows[0]).toBe('sequence,step,epoch,activeSeconds,wallTime,loss');
    expect(rows).toHaveLength(1 + 18);
    expect(adjoint(['runs', 'export', id, '--out', join(folder, 'epochs.npz')]).code).toBe(0);
    expect(adjoint(['runs', 'export', id, '--metrics', 'los']).err).toContain('did not record "los"');
    const weights = join(folder, 'weights.npz');
    expect(adjoint(['runs', 'weights', id, '--out', weights]).code).toBe(0);
    const arrays = readNpz(readFileSync(weights));
    expect([...arrays].map(([name, { shape }]) => [name, ...shape])).toEqual([
      ['layer1/kernel', 10, 8],
      ['layer1/bias', 8],
      ['layer2/kernel', 8, 20],
      ['layer2/bias', 20],
      ['metadata'],
    ]);
    expect(JSON.parse((arrays.get('metadata')!.data as string[])[0])).toMatchObject({ run: id, step: '18', seed: '3' });
    expect(adjoint(['runs', 'weights', id, '--out', join(folder, 'w.npz'), '--step', '5']).err).toContain(
      'no whole checkpoint of step 5',
    );
  });

  it('names line, path and nearest key of what is wrong, and leaves nothing behind', () => {
    const file = experimentFile((text) =>
      text.replace('batchSize: 32', 'batchsize: 32').replace('seed: 3', 'seed: three'),
    );
    const { code, err, lines } = adjoint(['run', file, '--json']);
    expect(code).toBe(2);
    const problem = lines[0].error as Problem;
    expect(problem.code).toBe('invalid-experiment');
    expect(problem.findings).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ path: 'training.batchsize', line: 7, suggestion: 'batchSize' }),
        expect.objectContaining({ path: 'seed', line: 9 }),
      ]),
    );
    expect(err).toContain('line 7');
    expect(adjoint(['runs', 'list', '--json']).lines).toEqual([]);
  });

  it('checkpoints on Ctrl-C, and resumes', async () => {
    const file = experimentFile((text) => text.replace('epochs: 4', 'epochs: 1000000'));
    const child = spawn(process.execPath, [bundle, 'run', file, '--json', '--workspace', workspace], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const events = lines(child);
    for await (const event of events) if ((event as { progress?: { done: number } }).progress?.done) break;
    child.kill('SIGINT');
    let end: { run?: RunSummary } = {};
    for await (const event of lines(child)) end = event;
    expect(end.run?.state).toBe('cancelled');
    const resumed = adjoint(['run', '--resume', end.run!.id, '--json', '--workspace', join(folder, 'elsewhere')]);
    expect(resumed.code).toBe(2);
    expect((resumed.lines[0].error as Problem).code).toBe('not-found');
  });

  it('refuses a dataset with NaN, with disagreeing shapes, or cut off, by array and place', () => {
    const cut = join(folder, 'cut.npz');
    copyFileSync(dataset, cut);
    truncateSync(cut, 30_000);
    const { code, err } = adjoint(['run', experimentFile((text) => text.replace('qcqp-n20', './cut.npz'))]);
    expect(code).toBe(2);
    expect(err).toContain('cut.npz');
    expect(existsSync(join(workspace, 'runs')) && adjoint(['runs', 'list', '--json']).lines).toEqual([]);
  });
});

async function* lines(child: ChildProcess): AsyncGenerator<Record<string, unknown>> {
  for await (const line of createInterface({ input: child.stdout! })) yield JSON.parse(line) as Record<string, unknown>;
}

describe('adjoint datasets', () => {
  it('shows what a file holds', () => {
    const { code, lines } = adjoint(['datasets', 'show', 'qcqp-n20', '--json']);
    expect(code).toBe(0);
    expect(lines[0]).toMatchObject({
      name: 'qcqp-n20',
      dims: { n: 20, m: 10, e: 10, N: 200 },
      splits: { train: 166, valid: 17, test: 17 },
      problem: null,
    });
  });

  it('converts .npz to .pkl and back without changing a bit', () => {
    const pickle = join(folder, 'd.pkl');
    const back = join(folder, 'back.npz');
    expect(adjoint(['datasets', 'convert', dataset, pickle]).code).toBe(0);
    expect(adjoint(['datasets', 'convert', pickle, back]).code).toBe(0);
    expect(readDataset(back)).toEqual({ ...readDataset(dataset) });
    expect(adjoint(['datasets', 'convert', pickle, back]).err).toContain('--force');
  });

  it('refuses a pickle that asks for more than data, by name, and executes nothing', () => {
    const marker = join(folder, 'executed');
    const evil = join(folder, 'evil.pkl');
    // protocol 0: os.system("touch marker")
    writeFileSync(evil, `cos\nsystem\n(S'touch ${marker}'\ntR.`);
    const { code, lines } = adjoint(['datasets', 'show', evil, '--json']);
    expect(code).toBe(1);
    expect(lines[0]).toMatchObject({ problem: { code: 'unsafe-pickle', what: expect.stringContaining('os.system') } });
    expect(existsSync(marker)).toBe(false);
  });
});

describe('adjoint serve', () => {
  let server: Server | null = null;
  let children: ChildProcess[] = [];
  afterEach(() => {
    server?.close();
    for (const child of children) child.kill('SIGKILL');
    children = [];
  });

  it('says that a port is taken', async () => {
    server = createServer().listen(0, '127.0.0.1');
    await new Promise((ready) => server!.once('listening', ready));
    const { port } = server.address() as AddressInfo;
    // The taken port must be answered while this process listens: do not block it.
    const child = spawn(process.execPath, [
      bundle,
      'serve',
      '--port',
      String(port),
      '--json',
      '--workspace',
      workspace,
    ]);
    children.push(child);
    const code = new Promise((done) => child.once('exit', done));
    for await (const line of lines(child)) expect((line.error as Problem).code).toBe('port-taken');
    expect(await code).toBe(2);
  });

  it('refuses a second app on the same workspace and says who has it', async () => {
    const first = spawn(process.execPath, [bundle, 'serve', '--json', '--workspace', workspace], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.push(first);
    for await (const line of lines(first)) if (line.url) break;
    const { code, lines: answer } = adjoint(['serve', '--json']);
    expect(code).toBe(2);
    expect(answer[0].error).toMatchObject({ code: 'locked' });
    expect(`${(answer[0].error as Problem).what} ${(answer[0].error as Problem).where}`).toContain(String(first.pid));
  });
});

describe('a machine that will not', () => {
  const root = process.getuid?.() === 0;

  it('says that a folder is not writable', ({ skip }) => {
    const locked = join(folder, 'locked');
    mkdirSync(locked);
    chmodSync(folder, 0o755);
    chmodSync(locked, 0o555);
    if (root && !existsSync('/etc/passwd')) skip('no other user to try as');
    const { code, lines } = adjoint(
      ['run', experimentFile(), '--json', '--workspace', join(locked, 'w')],
      root ? { uid: 65534 } : {},
    );
    expect(code).toBe(2);
    expect(lines[0].error).toMatchObject({ code: 'not-writable' });
  });

  it('stops a run on a full disk and keeps everything acknowledged', ({ skip }) => {
    if (!root || process.platform !== 'linux') skip('mounting a small disk takes root on Linux');
    mkdirSync(workspace);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=700k', 'none', workspace]).status !== 0)
      skip('this machine does not let me mount a small disk');
    try {
      const { code, lines, err } = adjoint([
        'run',
        experimentFile((text) => text.replace('epochs: 4', 'epochs: 1000000').replace('[8]', '[64]')),
        '--json',
      ]);
      expect(code, err).toBe(1);
      const end = lines.at(-1) as { run: RunSummary };
      expect(end.run).toMatchObject({ state: 'failed', error: { code: 'disk-full' } });
      const shown = adjoint(['runs', 'export', end.run.id, '--clock', 'step', '--metrics', 'loss']);
      expect(shown.code, shown.err).toBe(0);
      expect(shown.out.trim().split('\n').length).toBeGreaterThan(10);
    } finally {
      spawnSync('umount', ['-l', workspace]);
    }
  }, 120_000);
});

describe('adjoint doctor', () => {
  it('checks the machine', () => {
    const { lines } = adjoint(['doctor', '--json']);
    expect(lines.map((check) => check.name)).toEqual(
      expect.arrayContaining(['node', 'workspace', 'free disk', 'run process', 'device cpu']),
    );
    expect(lines.find((check) => check.name === 'run process')).toMatchObject({ verdict: 'ok' });
  });
});

it('tells wrong usage from a failed job by the exit code', () => {
  expect(adjoint(['run', join(folder, 'missing.yaml')]).code).toBe(2);
  const onFolder = adjoint(['run', folder, '--json']);
  expect(onFolder.lines[0].error).toMatchObject({ code: 'bad-request', what: 'This is a folder, not a file.' });
  expect(onFolder.err).not.toContain('defect of Adjoint');
  expect(adjoint(['nonsense']).code).toBe(2);
  expect(adjoint(['runs', 'list', '--nonsense']).code).toBe(2);
  expect(adjoint(['--help']).code).toBe(0);
  expect(adjoint(['runs', 'export', '--help']).code).toBe(0);
});
