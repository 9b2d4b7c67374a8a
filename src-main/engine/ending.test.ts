import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { exampleAttempt, exampleManifest, temporaryDirectory } from '../store/fixtures/examples';
import { Reserve } from '../store/reserve';
import { RunDirectory } from '../store/runDirectory';
import { summarise } from '../store/runSummary';
import { makeActiveRun } from './activeRun';
import { settle } from './ending';

const folder = temporaryDirectory();
afterAll(folder.remove);

it('a run that was killed on request between the folder of its first attempt and the attempt is cancelled, and no crash', () => {
  const run = RunDirectory.create(folder.path + '/run', exampleManifest('run'));
  mkdirSync(run.file('attempts', '1'), { recursive: true });
  const active = { ...makeActiveRun(run, 1), forced: true };
  expect(settle(active, { code: null, signal: 'SIGKILL' })).toBeNull();
  expect(existsSync(run.file('attempts', '1'))).toBe(false);
  expect(summarise(run)).toMatchObject({ state: 'cancelled', attempts: 0, error: null });
});

it('one that died there by itself has crashed, with the reason', () => {
  const run = RunDirectory.create(folder.path + '/other', exampleManifest('other'));
  mkdirSync(run.file('attempts', '1'), { recursive: true });
  expect(settle(makeActiveRun(run, 1), { code: null, signal: 'SIGKILL' })?.what).toContain('did not start');
  expect(summarise(run)).toMatchObject({ state: 'crashed', attempts: 1 });
});

it('gives back the disk space that a killed attempt held for its last words', () => {
  const run = RunDirectory.create(folder.path + '/held', exampleManifest('held'));
  run.beginAttempt(1, exampleAttempt(1));
  new Reserve(run, 1);
  settle(makeActiveRun(run, 1), { code: null, signal: 'SIGKILL' });
  expect(readdirSync(run.file('attempts', '1')).filter((name) => name.startsWith('reserve'))).toEqual([]);
});
