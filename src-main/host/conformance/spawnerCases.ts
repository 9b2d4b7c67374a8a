import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Spawner } from '../../engine/api';

/**
 * What every Spawner must do. The cases use Node's built-ins of version 16 only, so that Electron's main process can run them
 * too. A case that fails throws.
 */
export interface SpawnerFlavour {
  spawner: Spawner;
  /** conformance/child.cjs. */
  entry: string;
  /**
   * Whether a violent end can be told from a normal one. Electron now and then gives code 0 for a killed utility process;
   * the engine therefore goes by the run's own last word and not by the exit code.
   */
  tellsViolence: boolean;
}

export interface SpawnerCase {
  name: string;
  run(flavour: SpawnerFlavour): Promise<void>;
}

function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function eventually(what: string, holds: () => boolean, limit = 8000): Promise<void> {
  const end = Date.now() + limit;
  while (!holds()) {
    check(Date.now() < end, `not within ${limit} ms: ${what}`);
    await sleep(10);
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

interface Place {
  cwd: string;
  logFile: string;
  log: () => string;
}

async function inFolder(use: (place: Place) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'adjoint spawner ∂ '));
  const cwd = join(root, 'run directory');
  await mkdir(cwd);
  const logFile = join(cwd, 'log.txt');
  try {
    await use({ cwd, logFile, log: () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '') });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function failureOf(attempt: Promise<unknown>): Promise<{ code?: string; where?: string }> {
  try {
    await attempt;
  } catch (error) {
    return (error as { problem?: { code: string; where?: string } }).problem ?? { code: String(error) };
  }
  throw new Error('the start should have failed');
}

export const spawnerCases: SpawnerCase[] = [
  {
    name: 'a process runs in its folder with its arguments and environment, and its exit code is told',
    run: ({ spawner, entry }) =>
      inFolder(async ({ cwd, logFile, log }) => {
        const env = { ADJOINT_CONFORMANCE: 'λ = 1' };
        const child = await spawner.spawn({ entry, args: ['exit', '7'], cwd, env, logFile, detached: false });
        check(child.pid > 0, 'a pid');
        const end = await child.exited;
        check(end.code === 7, `exit code ${end.code} instead of 7`);
        await eventually('the log is written', () => log().includes('a line on standard error'));
        const folder = cwd.normalize();
        check(log().includes(`started exit 7 in ${folder} with λ = 1`), log());
      }),
  },
  {
    name: 'the log is appended to',
    run: ({ spawner, entry }) =>
      inFolder(async ({ cwd, logFile, log }) => {
        for (let i = 0; i < 2; i++)
          await (
            await spawner.spawn({ entry, args: ['exit', '0'], cwd, logFile, detached: false })
          ).exited;
        await eventually('both are there', () => log().split('started exit').length === 3);
      }),
  },
  {
    name: 'what a dying process says is in the log',
    run: ({ spawner, entry }) =>
      inFolder(async ({ cwd, logFile, log }) => {
        const child = await spawner.spawn({ entry, args: ['throw'], cwd, logFile, detached: false });
        check((await child.exited).code !== 0, 'exit code 0');
        await eventually('the exception is in the log', () => log().includes('thrown by the child'));
      }),
  },
  {
    name: 'SIGTERM and SIGKILL end a process',
    run: ({ spawner, entry, tellsViolence }) =>
      inFolder(async ({ cwd, logFile, log }) => {
        for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
          const child = await spawner.spawn({ entry, args: ['wait', signal], cwd, logFile, detached: false });
          await eventually('it has started', () => log().includes(`started wait ${signal}`));
          child.kill(signal);
          const end = await child.exited;
          if (tellsViolence) check(end.code !== 0 && end.signal === signal, `${signal}: ${JSON.stringify(end)}`);
          await eventually('it is gone', () => !isAlive(child.pid));
          child.kill(signal);
        }
      }),
  },
  {
    name: 'a process that somebody else kills is told of',
    run: ({ spawner, entry, tellsViolence }) =>
      inFolder(async ({ cwd, logFile, log }) => {
        const child = await spawner.spawn({ entry, args: ['wait'], cwd, logFile, detached: true });
        await eventually('it has started', () => log().includes('started wait'));
        process.kill(child.pid, 'SIGKILL');
        const end = await child.exited;
        if (tellsViolence) check(end.signal === 'SIGKILL', JSON.stringify(end));
        await eventually('it is gone', () => !isAlive(child.pid));
      }),
  },
  {
    name: 'a missing entry, folder or log folder is refused by its path, and nothing is started',
    run: ({ spawner, entry }) =>
      inFolder(async ({ cwd, logFile }) => {
        const spec = { entry, args: ['exit', '0'], cwd, logFile, detached: false };
        for (const [key, path] of [
          ['entry', join(cwd, 'missing.mjs')],
          ['cwd', join(cwd, 'missing')],
          ['logFile', join(cwd, 'missing', 'log.txt')],
        ] as const) {
          const problem = await failureOf(spawner.spawn({ ...spec, [key]: path }));
          check(problem.code === 'not-found' && problem.where === path, `${key}: ${JSON.stringify(problem)}`);
        }
      }),
  },
];
