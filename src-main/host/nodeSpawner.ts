import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { stat } from 'node:fs/promises';
import { AdjointError, toProblem } from '@shared/errors';
import type { SpawnedProcess, Spawner } from '../engine/api';

/**
 * Run processes as children of this Node program. A detached one leads a process group of its own, writes to its log file
 * only and is not waited for, so it survives whoever started it.
 *
 * @param node the Node binary; the one that runs this by default
 */
export function nodeSpawner(node: string = process.execPath): Spawner {
  return {
    label: `Node ${process.versions.node} processes`,
    async spawn(spec): Promise<SpawnedProcess> {
      // Node would start and fail with a stack trace in the run's log; the reason is known here already.
      await mustExist(spec.entry, 'The file of the run process is missing.', 'Build it with `npm run build`.');
      await mustExist(
        spec.cwd,
        'The folder of the run process is missing.',
        'It was moved or deleted: start the run again.',
      );
      const log = await open(spec.logFile, 'a').catch((error: unknown) => {
        const { code, what, ...rest } = toProblem(error, spec.logFile);
        throw new AdjointError(code, what, rest);
      });
      try {
        const child = spawn(node, [spec.entry, ...spec.args], {
          cwd: spec.cwd,
          env: { ...process.env, ...spec.env },
          stdio: ['ignore', log.fd, log.fd],
          detached: spec.detached,
          windowsHide: true,
        });
        const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
          child.once('exit', (code, signal) => resolve({ code, signal })),
        );
        await new Promise<void>((resolve, reject) => {
          child.once('spawn', resolve);
          child.once('error', (cause) => {
            const fix = 'Check that it may be executed, and that the machine has processes and memory to spare.';
            reject(new AdjointError('unsupported', 'A run process could not be started.', { where: node, fix, cause }));
          });
        });
        // Errors after the start (a signal that could not be sent) must not end the engine.
        child.on('error', () => undefined);
        if (spec.detached) child.unref();
        return { pid: child.pid!, exited, kill: (signal) => void child.kill(signal) };
      } finally {
        await log.close();
      }
    },
  };
}

async function mustExist(path: string, what: string, fix: string): Promise<void> {
  try {
    await stat(path);
  } catch (cause) {
    throw new AdjointError('not-found', what, { where: path, fix, cause });
  }
}
