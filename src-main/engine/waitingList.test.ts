import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RunState } from '@shared/run';
import { exampleManifest } from '../store/fixtures/examples';
import { RunDirectory } from '../store/runDirectory';
import { summarise } from '../store/runSummary';
import { openWorkspace, type Workspace } from '../store/workspace';
import { WaitingList } from './waitingList';

let folder: string;
let workspace: Workspace;
let list: WaitingList;
let second = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'adjoint-waiting-'));
  workspace = openWorkspace(folder, { create: true });
  list = new WaitingList(workspace);
  second = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

function ask(id: string, sweep: string | null = null, change: { held?: boolean; direct?: boolean } = {}): void {
  const membership = sweep === null ? null : { id: sweep, name: sweep, point: {}, repeat: 0, size: 9 };
  const run = RunDirectory.create(workspace.runPath(id), exampleManifest(id, { sweep: membership }));
  const at = new Date(Date.UTC(2026, 0, 1, 0, 0, second++)).toISOString();
  run.setRequest({ at, resume: false, direct: false, held: false, ...change });
  list.note(summarise(run));
}

const becomes = (id: string, state: RunState) => list.note({ ...summarise(workspace.run(id)), state });

it('serves single runs in the order in which they were asked for', () => {
  for (const id of ['b', 'a', 'c']) ask(id);
  expect(list.ids()).toEqual(['b', 'a', 'c']);
});

it('lets a single run in before the next one of a sweep that was there before it', () => {
  for (let i = 0; i < 4; i++) ask(`s${i}`, 'sweep');
  ask('single');
  expect(list.ids()).toEqual(['s0', 'single', 's1', 's2', 's3']);
  becomes('s0', 'running');
  expect(list.ids()).toEqual(['single', 's1', 's2', 's3']);
  becomes('s0', 'done');
  expect(list.ids()).toEqual(['single', 's1', 's2', 's3']);
});

it('takes sweeps in turns, each in its own order', () => {
  for (let i = 0; i < 3; i++) ask(`p${i}`, 'p');
  for (let i = 0; i < 2; i++) ask(`q${i}`, 'q');
  expect(list.ids()).toEqual(['p0', 'q0', 'p1', 'q1', 'p2']);
  becomes('p0', 'starting');
  expect(list.ids()).toEqual(['q0', 'p1', 'q1', 'p2']);
  becomes('q0', 'running');
  becomes('p0', 'done');
  expect(list.ids()).toEqual(['p1', 'q1', 'p2']);
});

it('passes over held runs and those of the command line', () => {
  ask('held', null, { held: true });
  ask('direct', null, { direct: true });
  ask('free');
  expect(list.ids()).toEqual(['free']);
});
