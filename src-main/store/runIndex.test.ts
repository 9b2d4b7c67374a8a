import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProcessState } from '@shared/run';
import { exampleAttempt, exampleManifest, temporaryDirectory } from './fixtures/examples';
import { RunDirectory } from './runDirectory';
import { RunIndex } from './runIndex';
import { openWorkspace, type Workspace } from './workspace';

const state = (phase: ProcessState['phase'], change: Partial<ProcessState> = {}): ProcessState => ({
  phase,
  updatedAt: '2026-11-23T03:20:00.000Z',
  endedAt: null,
  activeSeconds: 12,
  progress: { done: 5, total: 10, unit: 'steps', rate: 1, secondsLeft: 5 },
  acknowledged: {},
  summaries: { loss: { last: 1, min: 0.5, max: 2, count: 5, tailMean: 1, area: 3 } },
  lastCheckpoint: null,
  error: null,
  controlSeen: 0,
  ...change,
});

let directory: ReturnType<typeof temporaryDirectory>;
let workspace: Workspace;
let index: RunIndex;
beforeEach(() => {
  directory = temporaryDirectory();
  workspace = openWorkspace(directory.path, { create: true });
  index = new RunIndex(workspace);
});
afterEach(() => {
  index.close();
  directory.remove();
});

function makeRun(id: string, createdAt = '2026-11-23T03:16:00.000Z'): RunDirectory {
  return RunDirectory.create(workspace.runPath(id), exampleManifest(id, { createdAt }));
}

describe('run index', () => {
  it('tells the state of a run from its files and its lock', () => {
    const run = makeRun('r');
    const stateNow = () => index.get('r')!.state;
    expect(stateNow()).toBe('cancelled');
    run.setRequest({ at: '2026-11-23T03:16:00.000Z', resume: false, direct: false, held: false });
    expect(stateNow()).toBe('queued');
    run.setRequest(null);
    const lock = run.lock();
    run.beginAttempt(1, exampleAttempt(1));
    expect(stateNow()).toBe('starting');
    run.writeState(1, state('running'));
    expect(stateNow()).toBe('running');
    run.writeState(1, state('paused'));
    expect(stateNow()).toBe('paused');
    lock.release(); // what a SIGKILL does
    expect(index.get('r')).toMatchObject({
      state: 'crashed',
      resumable: true,
      endedAt: '2026-11-23T03:20:00.000Z',
      error: { code: 'run-crashed' },
    });
    run.beginAttempt(2, exampleAttempt(2, 5));
    run.writeState(2, state('done', { endedAt: '2026-11-23T03:30:00.000Z' }));
    expect(index.get('r')).toMatchObject({
      state: 'done',
      attempts: 2,
      resumable: false,
      error: null,
      endedAt: '2026-11-23T03:30:00.000Z',
      startedAt: exampleAttempt(1).startedAt,
      activeSeconds: 12,
      metrics: { loss: { last: 1 } },
      settings: {
        kind: 'training',
        'optimizer.kind': 'adam',
        'optimizer.learningRate': 1e-3,
        'network.widths': '200, 200',
      },
    });
  });

  it('lists newest first, follows every change, and forgets what is gone', () => {
    for (let i = 0; i < 5; i++) makeRun(`run-${i}`, `2026-11-23T03:16:0${i}.000Z`);
    expect(index.list().map(({ id }) => id)).toEqual(['run-4', 'run-3', 'run-2', 'run-1', 'run-0']);
    workspace.run('run-2').annotate({ name: 'the good one', tags: ['keep'] });
    workspace.trash('run-3');
    expect(index.list().map(({ name }) => name)[1]).toBe('the good one');
    expect(index.list().map(({ id }) => id)).toEqual(['run-4', 'run-2', 'run-1', 'run-0']);
    expect(index.list({ trash: true }).map(({ id }) => id)).toEqual(['run-3']);
    expect(index.get('run-3')).toBeNull();
    workspace.restore('run-3');
    expect(index.list().length).toBe(5);
    expect(index.list({ trash: true })).toEqual([]);
  });

  it.each(['deleted', 'overwritten', 'damaged inside'])('loses nothing when the index is %s', (how) => {
    for (let i = 0; i < 40; i++) {
      const run = makeRun(`run-${i}`);
      run.annotate({ notes: 'x'.repeat(500) });
    }
    const before = index.list();
    index.close();
    if (how === 'deleted') rmSync(workspace.indexPath);
    if (how === 'overwritten') writeFileSync(workspace.indexPath, 'no database at all '.repeat(1000));
    if (how === 'damaged inside') {
      const bytes = readFileSync(workspace.indexPath);
      bytes.fill(0xa5, 100);
      writeFileSync(workspace.indexPath, bytes);
    }
    for (const suffix of ['-wal', '-shm']) rmSync(`${workspace.indexPath}${suffix}`, { force: true });
    index = new RunIndex(workspace);
    expect(index.list()).toEqual(before);
    expect(index.list()).toEqual(before);
  });

  it('still lists runs with a missing or torn manifest, as crashed with the damage named', () => {
    const missing = makeRun('missing');
    rmSync(missing.file('manifest.json'));
    const torn = makeRun('torn');
    writeFileSync(torn.file('manifest.json'), readFileSync(torn.file('manifest.json')).subarray(0, 40));
    makeRun('whole');
    const found = Object.fromEntries(index.list().map((run) => [run.id, run]));
    expect(found.missing).toMatchObject({ state: 'crashed', resumable: false, damage: ['manifest.json is missing'] });
    expect(found.torn).toMatchObject({ state: 'crashed', damage: ['manifest.json is torn or not valid'] });
    expect(found.torn.error?.where).toContain('manifest.json');
    expect(found.whole.damage).toEqual([]);
  });

  it('lists a run that cannot be read at all, and the others beside it', () => {
    makeRun('whole');
    const broken = makeRun('broken');
    mkdirSync(broken.file('repairs.ndjson'));
    const found = Object.fromEntries(index.list().map((run) => [run.id, run]));
    expect(found.whole.damage).toEqual([]);
    expect(found.broken).toMatchObject({ state: 'crashed', resumable: false });
    expect(found.broken.damage[0]).toContain('the run cannot be read');
    rmdirSync(broken.file('repairs.ndjson'));
    expect(index.get('broken')).toMatchObject({ state: 'cancelled', damage: [] });
  });

  it('tells which point of which sweep a run is, and of a manifest from before there were sweeps that it is none', () => {
    const sweep = { id: 'trade-off', name: 'Trade-off', point: { 'technique.lambda': 10 }, repeat: 1, size: 6 };
    RunDirectory.create(workspace.runPath('point'), exampleManifest('point', { sweep }));
    const old = makeRun('old');
    const manifest = JSON.parse(readFileSync(old.file('manifest.json'), 'utf8')) as Record<string, unknown>;
    delete manifest.sweep;
    writeFileSync(old.file('manifest.json'), JSON.stringify(manifest));
    expect(index.get('point')!.sweep).toEqual(sweep);
    expect(index.get('old')).toMatchObject({ sweep: null, damage: [] });
  });

  it('is shared by two readers', () => {
    makeRun('a');
    const second = new RunIndex(workspace);
    expect(second.list().length).toBe(1);
    makeRun('b');
    expect(index.list().length).toBe(2);
    expect(second.list().length).toBe(2);
    second.close();
  });
});
