import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AdjointError } from '@shared/errors';
import { temporaryDirectory } from './fixtures/examples';
import { acquireLock, isLocked } from './lock';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** A process that holds the lock until it is told to let go or killed. */
async function holder(path: string): Promise<ChildProcess> {
  const script = `
    const { acquireLock } = await import(${JSON.stringify(at('./lock.ts'))});
    const lock = acquireLock(${JSON.stringify(path)}, 'the test holder');
    process.stdout.write('held');
    process.stdin.once('data', (text) => setTimeout(() => {
      lock.release();
      process.stdout.write('free');
    }, Number(text)));`;
  const child = spawn(
    process.execPath,
    ['--import', at('../../scripts/runTypescript.mjs'), '--input-type=module', '-e', script],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  expect(text.toString()).toBe('held');
  return child;
}

function refusal(path: string): AdjointError {
  try {
    acquireLock(path, 'a second one').release();
  } catch (error) {
    if (error instanceof AdjointError) return error;
    throw error;
  }
  throw new Error('the lock was given twice');
}

let directory: ReturnType<typeof temporaryDirectory>;
let path: string;
beforeEach(() => {
  directory = temporaryDirectory();
  path = join(directory.path, 'writer.lock');
});
afterEach(() => directory.remove());

describe('lock', () => {
  it('refuses a second process and says who holds it and what to do', async () => {
    const child = await holder(path);
    expect(isLocked(path)).toBe(true);
    const { problem } = refusal(path);
    expect(problem.code).toBe('locked');
    expect(problem.what).toContain(`process ${child.pid}`);
    expect(problem.what).toContain('the test holder');
    expect(problem.fix).toContain('try again');
    expect(isLocked(path)).toBe(true);
    child.stdin!.write('0');
    await once(child.stdout!, 'data');
    acquireLock(path, 'next').release();
    child.stdin!.end();
    await once(child, 'exit');
  });

  it('leaves nothing stale when its holder is killed', async () => {
    const child = await holder(path);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isLocked(path)).toBe(false);
    acquireLock(path, 'next').release();
  });

  it('is not taken or disturbed by asking', () => {
    expect(isLocked(path)).toBe(false);
    const lock = acquireLock(path, 'this one');
    for (let i = 0; i < 100; i++) expect(isLocked(path)).toBe(true);
    expect(refusal(path).code).toBe('locked');
    lock.release();
    lock.release();
    expect(isLocked(path)).toBe(false);
  });

  it('waits for a lock that is let go in time', async () => {
    const child = await holder(path);
    child.stdin!.write('600');
    const start = performance.now();
    acquireLock(path, 'patient', { waitMs: 10_000 }).release();
    expect(performance.now() - start).toBeGreaterThan(300);
    child.stdin!.end();
    await once(child, 'exit');
  });

  it('is taken although the lock file holds foreign bytes', () => {
    writeFileSync(path, 'not a database '.repeat(100));
    acquireLock(path, 'next').release();
    expect(readFileSync(path).length).toBe(0);
  });
});
