import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exampleManifest, temporaryDirectory } from './fixtures/examples';
import { RunDirectory } from './runDirectory';
import { openWorkspace } from './workspace';

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

describe('workspace', () => {
  it('is made on request only', () => {
    const path = join(directory.path, 'new');
    expect(() => openWorkspace(path)).toThrow('There is no such folder');
    expect(() => openWorkspace(directory.path)).toThrow('This folder is not a workspace');
    openWorkspace(path, { create: true });
    expect(readdirSync(path)).toEqual([
      'comparisons',
      'datasets',
      'experiments',
      'figures',
      'methods',
      'runs',
      'trash',
    ]);
    expect(openWorkspace(path).runs()).toEqual([]);
  });

  it('refuses a file and a folder below a file', () => {
    const path = join(directory.path, 'file');
    writeFileSync(path, '');
    expect(() => openWorkspace(path, { create: true })).toThrow('a file, not a folder');
    expect(() => openWorkspace(join(path, 'below'), { create: true })).toThrow();
  });

  it('says clearly that a folder cannot be written', (context) => {
    chmodSync(directory.path, 0o555);
    const script = `
      const { openWorkspace } = await import(${JSON.stringify(at('./workspace.ts'))});
      try { openWorkspace(process.argv[1], { create: true }); } catch (error) { console.log(JSON.stringify(error.problem)); }`;
    // Root may write anywhere: then a child with another identity has to try.
    const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const child = spawnSync(
      process.execPath,
      ['--import', at('../../scripts/runTypescript.mjs'), '--input-type=module', '-e', script, directory.path],
      { encoding: 'utf8', ...nobody },
    );
    chmodSync(directory.path, 0o755);
    if (child.status !== 0) {
      console.log('skipped: no other user can read this checkout, so root cannot be kept from writing');
      return context.skip();
    }
    expect(JSON.parse(child.stdout)).toMatchObject({
      code: 'not-writable',
      what: 'The workspace cannot be written. Permission denied.',
      where: directory.path,
      fix: expect.stringContaining('choose another workspace') as string,
    });
  });

  it('lets one engine in at a time', () => {
    const workspace = openWorkspace(directory.path, { create: true });
    const lock = workspace.lock('Adjoint window');
    expect(() => openWorkspace(directory.path).lock()).toThrow(/Adjoint window/);
    expect(workspace.isLocked()).toBe(true);
    lock.release();
    workspace.lock().release();
  });

  it('makes names that sort by time, read well and are unique', () => {
    const workspace = openWorkspace(directory.path, { create: true });
    const now = new Date('2026-11-23T03:16:00.000Z');
    expect(workspace.newRunId('QCQP n=20, größer!', now)).toMatch(/^20261123-031600-qcqp-n-20-gro-?er-[0-9a-f]{4}$/);
    expect(workspace.newRunId('損失', now)).toMatch(/^20261123-031600-run-[0-9a-f]{4}$/);
    expect(workspace.newRunId('x'.repeat(300), now).length).toBeLessThan(64);
    expect(workspace.newRunId('a', now) < workspace.newRunId('a', new Date(now.getTime() + 1000))).toBe(true);
  });

  it('trashes, restores and purges, and never a run that is being written', () => {
    const workspace = openWorkspace(directory.path, { create: true });
    const run = RunDirectory.create(workspace.runPath('a'), exampleManifest('a'));
    const lock = run.lock();
    expect(() => workspace.trash('a')).toThrow('still at work');
    lock.release();
    workspace.trash('a');
    expect([workspace.runs(), workspace.trashed()]).toEqual([[], ['a']]);
    workspace.restore('a');
    expect([workspace.runs(), workspace.trashed()]).toEqual([['a'], []]);
    expect(() => workspace.purge('a')).toThrow('There is no run "a"');
    workspace.trash('a');
    RunDirectory.create(workspace.runPath('a'), exampleManifest('a'));
    expect(() => workspace.trash('a')).toThrow('The trash has a run of this name');
    expect(() => workspace.restore('a')).toThrow('The workspace has a run of this name');
    workspace.purge('a');
    expect(existsSync(join(directory.path, 'trash', 'a'))).toBe(false);
    expect(workspace.runs()).toEqual(['a']);
  });

  it('takes no path for a name', () => {
    const workspace = openWorkspace(directory.path, { create: true });
    for (const id of ['..', '../trash', 'a/b', '', '.creating-x', 'a\\b'])
      expect(() => workspace.run(id)).toThrow('not the name of a run');
  });
});
