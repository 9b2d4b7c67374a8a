import { utilityProcess, type UtilityProcess } from 'electron';
import { createWriteStream, promises as fs } from 'fs';
import { AdjointError, toProblem } from '@shared/errors';
import type { ProcessSpec, SpawnReply, SpawnRequest } from '@shared/shellProtocol';

interface UtilityRun {
  readonly pid: number;
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/**
 * Starts one utility process. It ends with the app, whatever `detached` says. Its output is piped into the log file, since a
 * utility process cannot be given the file itself.
 *
 * @throws AdjointError as every Spawner (src-main/engine/api.ts)
 */
export async function spawnUtility(spec: ProcessSpec): Promise<UtilityRun> {
  await mustExist(spec.entry, 'The file of the run process is missing.');
  await mustExist(spec.cwd, 'The folder of the run process is missing.');
  const log = createWriteStream(spec.logFile, { flags: 'a' });
  await new Promise<void>((resolve, reject) => {
    log.once('open', () => resolve());
    log.once('error', (error) => {
      const { code, what, ...rest } = toProblem(error, spec.logFile);
      reject(new AdjointError(code, what, rest));
    });
  });
  // A full disk must not end the app; the run's own writes report it.
  log.on('error', () => undefined);

  const env = { ...process.env, ...spec.env } as Record<string, string>;
  const child = utilityProcess.fork(spec.entry, spec.args, {
    cwd: spec.cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    serviceName: 'Adjoint run',
  });
  const record = recordOutput(child, (chunk) => log.write(chunk));
  let asked: string | null = null;
  let ended = false;
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.once('exit', (code: number) => {
      ended = true;
      void record().then(() => log.end());
      resolve({ code, signal: asked });
    }),
  );
  const pid = await started(child, spec.entry);
  const kill = (signal: 'SIGTERM' | 'SIGKILL') => {
    if (ended) return;
    asked = signal;
    try {
      process.kill(pid, signal);
    } catch {
      // It ended in this very moment.
    }
  };
  return { pid, exited, kill };
}

/**
 * Hands on what a utility process writes. Electron drops its listeners the moment the process exits, with the last words still
 * in the pipes: they are put back.
 *
 * @returns to be called at the exit; resolves when everything has been read
 */
export function recordOutput(child: UtilityProcess, write: (chunk: Buffer) => void): () => Promise<void> {
  const pipes = [child.stdout, child.stderr].filter((pipe): pipe is NodeJS.ReadableStream => pipe !== null);
  for (const pipe of pipes) pipe.on('data', write);
  const rest = (pipe: NodeJS.ReadableStream) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 1000);
      const finish = () => {
        clearTimeout(timer);
        resolve();
      };
      pipe.removeListener('data', write);
      pipe.on('data', write).on('end', finish).on('close', finish).on('error', finish).resume();
    });
  return () =>
    new Promise<void>((resolve) => setImmediate(() => void Promise.all(pipes.map(rest)).then(() => resolve())));
}

function started(child: UtilityProcess, entry: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill();
      const fix = 'Check that the machine has memory to spare, or set ADJOINT_SPAWNER=node.';
      reject(new AdjointError('unsupported', 'A utility process did not start in time.', { where: entry, fix }));
    }, 30_000);
    child.once('spawn', () => {
      clearTimeout(timer);
      resolve(child.pid!);
    });
  });
}

async function mustExist(path: string, what: string): Promise<void> {
  try {
    await fs.stat(path);
  } catch (cause) {
    throw new AdjointError('not-found', what, { where: path, cause });
  }
}

/** Answers the requests of an engine in a utility process, which cannot make processes of its own. */
export class UtilityRuns {
  private readonly reply: (message: SpawnReply) => void;
  private readonly runs = new Map<number, UtilityRun>();

  constructor(reply: (message: SpawnReply) => void) {
    this.reply = reply;
  }

  async receive(request: SpawnRequest): Promise<void> {
    if (request.type === 'kill') return this.runs.get(request.id)?.kill(request.signal);
    const { id, spec } = request;
    try {
      const run = await spawnUtility(spec);
      this.runs.set(id, run);
      this.reply({ type: 'spawned', id, pid: run.pid });
      const end = await run.exited;
      this.runs.delete(id);
      this.reply({ type: 'exited', id, ...end });
    } catch (error) {
      this.reply({ type: 'spawn-failed', id, problem: toProblem(error, spec.entry) });
    }
  }
}
