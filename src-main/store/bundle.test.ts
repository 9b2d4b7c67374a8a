import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProcessState } from '@shared/run';
import { readBundle, writeBundle } from './bundle';
import { exampleRun, temporaryDirectory } from './fixtures/examples';
import type { RunDirectory } from './runDirectory';
import { openWorkspace, type Workspace } from './workspace';

let directory: ReturnType<typeof temporaryDirectory>;
let there: Workspace;
let here: Workspace;
let bundle: string;
beforeEach(() => {
  directory = temporaryDirectory();
  there = openWorkspace(join(directory.path, 'there'), { create: true });
  here = openWorkspace(join(directory.path, 'here'), { create: true });
  bundle = join(directory.path, 'runs.zip');
});
afterEach(() => directory.remove());

const beat = (run: RunDirectory, second: number, phase: ProcessState['phase'] = 'running') =>
  run.writeState(1, {
    phase,
    updatedAt: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString(),
    endedAt: null,
    activeSeconds: second,
    progress: null,
    acknowledged: {},
    summaries: {},
    lastCheckpoint: null,
    error: null,
    controlSeen: 0,
  });

describe('a bundle of runs', () => {
  it('brings runs over as they are, twice as well as once', () => {
    const run = exampleRun(there.folder('runs'));
    beat(run, 1, 'done');
    writeFileSync(
      run.file('metrics', 'step-a1-00001.arrows'),
      Uint8Array.from({ length: 70_000 }, (_, i) => i % 251),
    );
    run.appendLog('hello\n');
    writeBundle(bundle, [run]);
    expect(readBundle(bundle, here)).toEqual([{ id: 'run-1', what: 'new' }]);
    expect(readBundle(bundle, here)).toEqual([{ id: 'run-1', what: 'unchanged' }]);
    const copy = here.run('run-1');
    expect(copy.manifest()).toEqual(run.manifest());
    expect(readFileSync(copy.file('metrics', 'step-a1-00001.arrows'))).toEqual(
      readFileSync(run.file('metrics', 'step-a1-00001.arrows')),
    );
    expect(copy.readLog(-1, 100).text).toBe('hello\n');
    expect(readdirSync(here.folder('runs'))).toEqual(['run-1']);
  });

  it('follows a run that goes on elsewhere; an older bundle takes nothing back, and notes made here stay', () => {
    const run = exampleRun(there.folder('runs'));
    beat(run, 1);
    const lock = run.lock();
    writeBundle(bundle, [run]);
    readBundle(bundle, here);
    here.run('run-1').annotate({ notes: 'mine' });
    beat(run, 2, 'done');
    const later = join(directory.path, 'later.zip');
    writeBundle(later, [run]);
    lock.release();
    expect(readBundle(later, here)).toEqual([{ id: 'run-1', what: 'updated' }]);
    expect(readBundle(bundle, here)).toEqual([{ id: 'run-1', what: 'unchanged' }]);
    expect(here.run('run-1').state(1)!.phase).toBe('done');
    expect(here.run('run-1').annotations().notes).toBe('mine');
    expect(here.run('run-1').isLocked()).toBe(false);
  });

  it('is refused as a whole when it is none, or leads outside', () => {
    writeFileSync(bundle, 'no zip');
    expect(() => readBundle(bundle, here)).toThrow('not a bundle of runs');
    writeFileSync(bundle, zipSync({ 'run-1/../../evil': new Uint8Array(1) }));
    expect(() => readBundle(bundle, here)).toThrow('not a bundle of runs');
    writeFileSync(bundle, zipSync({ 'run-1/log.txt': new Uint8Array(1) }));
    expect(() => readBundle(bundle, here)).toThrow('“run-1” in it is no run');
    expect(here.runs()).toEqual([]);
  });

  it('does not touch a run that is written here, nor one that is another', () => {
    const run = exampleRun(there.folder('runs'));
    beat(run, 5);
    writeBundle(bundle, [run]);
    mkdirSync(here.folder('runs'), { recursive: true });
    const other = exampleRun(here.folder('runs'));
    const lock = other.lock();
    expect(() => readBundle(bundle, here)).toThrow();
    lock.release();
    writeFileSync(other.file('manifest.json'), JSON.stringify({ ...other.manifest(), seed: 8 }));
    expect(() => readBundle(bundle, here)).toThrow('Another run has this identifier');
  });
});
