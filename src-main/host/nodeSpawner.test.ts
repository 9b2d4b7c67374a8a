import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { isAlive, spawnerCases } from './conformance/spawnerCases';
import { nodeSpawner } from './nodeSpawner';

const entry = fileURLToPath(new URL('./conformance/child.cjs', import.meta.url));

describe('run processes under Node', () => {
  for (const { name, run } of spawnerCases)
    test(name, () => run({ spawner: nodeSpawner(), entry, tellsViolence: true }));

  test('a detached process survives the violent death of whoever started it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'adjoint-detached-'));
    const counter = join(directory, 'counter');
    const parent = join(directory, 'parent.mjs');
    const spec = {
      entry,
      args: ['count', counter],
      cwd: directory,
      logFile: join(directory, 'log.txt'),
      detached: true,
    };
    await writeFile(
      parent,
      `import { spawn } from 'node:child_process';
       import { openSync } from 'node:fs';
       const { nodeSpawner } = await import(${JSON.stringify(await bundledSpawner(directory))});
       const child = await nodeSpawner().spawn(${JSON.stringify(spec)});
       console.log(child.pid);
       setTimeout(() => process.kill(process.pid, 'SIGKILL'), 300);`,
    );
    const pid = await new Promise<number>((resolve) =>
      execFile(process.execPath, [parent], (_error, stdout) => resolve(Number(stdout))),
    );
    try {
      const count = async () => Number(await readFile(counter, 'utf8'));
      const before = await count();
      // Asked again and again: the file is empty for a moment each time it is written.
      await expect.poll(count, { timeout: 10_000 }).toBeGreaterThan(before);
      expect(isAlive(pid)).toBe(true);
    } finally {
      process.kill(pid, 'SIGKILL');
      await rm(directory, { recursive: true });
    }
  });

  test('a Node that cannot be executed is refused by its path', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'adjoint-node-'));
    const spec = { entry, args: [], cwd: directory, logFile: join(directory, 'log.txt'), detached: false };
    await expect(nodeSpawner(join(directory, 'node')).spawn(spec)).rejects.toMatchObject({
      problem: { code: 'unsupported', where: join(directory, 'node') },
    });
    await rm(directory, { recursive: true });
  });
});

/** The spawner as a file that plain Node can import. */
async function bundledSpawner(directory: string): Promise<string> {
  const { build } = await import('vite');
  const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  await build({
    configFile: false,
    logLevel: 'error',
    resolve: { alias: { '@shared': at('../../src-shared') } },
    ssr: { noExternal: true },
    build: {
      ssr: true,
      outDir: directory,
      emptyOutDir: false,
      rollupOptions: { input: { spawner: at('./nodeSpawner.ts') }, output: { entryFileNames: '[name].mjs' } },
    },
  });
  return join(directory, 'spawner.mjs');
}
