import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

export interface WebHost {
  url: string;
  /** Resolves when the process has ended. */
  stop(): Promise<void>;
}

/** The built `adjoint serve` on a workspace, once it can be opened. Rejects where it ends before that. */
export function startWebHost(workspace: string): Promise<WebHost> {
  const server = spawn(
    process.execPath,
    [resolve('out/node/adjoint.mjs'), 'serve', '--json', '--workspace', workspace],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = new Promise<number | null>((done) => server.once('exit', done));
  const stop = async (): Promise<void> => {
    server.kill('SIGTERM');
    await ended;
  };
  return new Promise((done, reject) => {
    createInterface({ input: server.stdout }).once('line', (line) => {
      // What cannot be served is said in such a line too, and the process ends.
      const { url } = JSON.parse(line) as { url?: string };
      if (url !== undefined) done({ url, stop });
    });
    void ended.then((code) => reject(new Error(`the web host ended with code ${code}`)));
  });
}
