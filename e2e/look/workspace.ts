// A workspace in which there is one of everything that a view can show.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { comparisonSpecSchema } from '@shared/comparisons';

const cli = resolve('out/node/adjoint.mjs');
const longName =
  'Soft penalty with an annealed weight on the convex QCQP of twenty variables, wide network, third attempt after the learning rate was lowered because of the spikes in the gradient ratio';

/** Ids of the runs by what they are looked at for. */
export type Runs = Record<
  | 'done'
  | 'tight'
  | 'long'
  | 'failed'
  | 'crashed'
  | 'cancelled'
  | 'theseus'
  | 'diagnosed'
  | 'diagnosedTight'
  | 'bilevel'
  | 'bilevelOther',
  string
> & { sweep: string[] };

/** Fills a folder, which takes a minute or two; one that is filled is used again. */
export async function fillWorkspace(path: string, say: (text: string) => void): Promise<Runs> {
  const record = join(path, 'look.json');
  if (existsSync(record)) return JSON.parse(readFileSync(record, 'utf8')) as Runs;
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'settings.json'), JSON.stringify({ slots: 1 }));

  const ids = (): string[] => (existsSync(join(path, 'runs')) ? readdirSync(join(path, 'runs')).sort() : []);
  const newIds = (make: () => void): string[] => {
    const before = new Set(ids());
    make();
    return ids().filter((id) => !before.has(id));
  };
  const adjoint = (...args: string[]): void => {
    say(`adjoint ${args.join(' ').slice(0, 100)}`);
    try {
      execFileSync(process.execPath, [cli, ...args, '--workspace', path], { stdio: 'ignore' });
    } catch {
      // A run that fails is one of those that are wanted.
    }
  };
  const set = (settings: Record<string, unknown>): string[] =>
    Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${JSON.stringify(value)}`]);
  const example = (name: string): string => `resources/experiments/${name}.yaml`;
  const run = (file: string, name: string, settings: Record<string, unknown> = {}): string =>
    newIds(() => adjoint('run', example(file), '--name', name, ...set(settings)))[0];
  const short = { 'training.epochs': 150 };

  const runs: Partial<Runs> = {};
  runs.done = run('demo', 'Soft penalty on QCQP n=20', short);
  runs.tight = run('soft-penalty-feasible', 'Soft penalty, λ = 100', short);
  runs.long = run('demo', longName, {
    ...short,
    'technique.lambda': 33.3,
    tags: ['annealing', 'a-tag-that-somebody-made-rather-long', 'paper', 'check', 'appendix-b'],
  });
  runs.failed = run('demo', 'Learning rate too high', {
    ...short,
    optimizer: { kind: 'sgd', learningRate: 100 },
  });
  runs.theseus = run('theseus-layer', 'Theseus layer, project', { 'training.epochs': 25 });
  runs.diagnosed = run('diagnosed', 'Diagnosed, λ = 10');
  runs.diagnosedTight = run('diagnosed', 'Diagnosed, λ = 300', { 'technique.lambda': 300 });
  runs.bilevel = run('bilevel-kink', 'DS-BLO at a kink');
  runs.bilevelOther = run('bilevel-kink', 'DS-BLO, less momentum', { 'algorithm.momentum': 0.5 });
  runs.cancelled = await interrupted('SIGINT');
  runs.crashed = await interrupted('SIGKILL');
  runs.sweep = newIds(() => adjoint('sweep', example('sweep-lambda'), ...set({ 'training.epochs': 60 })));
  const study = ['lambdas=[1, 10, 100]', 'seeds=2', 'epochs=40', 'width=50'];
  adjoint('study', 'lambda-trade-off', ...study.flatMap((setting) => ['--set', setting]));
  saveComparison('penalty-weights', 'Penalty weights', { runs: [runs.done, runs.tight], baseline: runs.done });
  saveComparison('long', `Comparison of ${longName}`, { runs: [runs.done, runs.long] });
  adjoint('runs', 'trash', run('demo', 'Thrown away', { 'training.epochs': 5 }));
  writeFileSync(record, JSON.stringify(runs));
  return runs as Runs;

  /** A run that is stopped by a signal to its process, or asked to by one to the command, once it has trained for a while. */
  async function interrupted(signal: 'SIGINT' | 'SIGKILL'): Promise<string> {
    const before = new Set(ids());
    const name = signal === 'SIGINT' ? 'Cancelled half way' : 'Killed half way';
    const child = spawn(process.execPath, [cli, 'run', example('demo'), '--name', name, '--workspace', path], {
      stdio: 'ignore',
    });
    await new Promise((done) => setTimeout(done, 9000));
    const id = ids().find((known) => !before.has(known))!;
    if (signal === 'SIGINT') child.kill('SIGINT');
    else process.kill(processOf(path, id), 'SIGKILL');
    await new Promise((done) => child.once('exit', done));
    return id;
  }

  function saveComparison(id: string, name: string, spec: Record<string, unknown>): void {
    mkdirSync(join(path, 'comparisons'), { recursive: true });
    const at = new Date().toISOString();
    writeFileSync(
      join(path, 'comparisons', `${id}.json`),
      JSON.stringify({
        ...{ format: 'adjoint-comparison/1', id, name, createdAt: at, updatedAt: at },
        spec: comparisonSpecSchema.parse(spec),
      }),
    );
  }
}

/** Process id of a run's newest attempt. */
export function processOf(workspace: string, id: string): number {
  const attempts = join(workspace, 'runs', id, 'attempts');
  const newest = readdirSync(attempts).sort().at(-1)!;
  return (JSON.parse(readFileSync(join(attempts, newest, 'attempt.json'), 'utf8')) as { pid: number }).pid;
}
