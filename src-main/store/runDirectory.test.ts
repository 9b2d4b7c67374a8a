import { appendFileSync, mkdirSync, readdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AdjointError } from '@shared/errors';
import type { ProcessState } from '@shared/run';
import { writeCheckpoint } from './checkpoint';
import { exampleAttempt, exampleManifest, exampleRun, temporaryDirectory } from './fixtures/examples';
import { RunDirectory } from './runDirectory';

const at = '2026-11-23T03:16:05.000Z';
const state: ProcessState = {
  phase: 'running',
  updatedAt: at,
  endedAt: null,
  activeSeconds: 3,
  progress: null,
  acknowledged: { step: 10 },
  summaries: {},
  lastCheckpoint: null,
  error: null,
  controlSeen: 0,
};
const checkpoint = (epoch: number) => ({
  tensors: new Map([['w', { dtype: 'F64' as const, shape: [2], data: Float64Array.of(1, 2) }]]),
  state: { epoch },
});

let directory: ReturnType<typeof temporaryDirectory>;
let run: RunDirectory;
beforeEach(() => {
  directory = temporaryDirectory();
  run = exampleRun(directory.path);
});
afterEach(() => directory.remove());

describe('run directory', () => {
  it('reads back what was written', () => {
    expect(run.manifest()).toEqual(exampleManifest('run-1'));
    expect(run.attempts()).toEqual([1]);
    run.beginAttempt(2, exampleAttempt(2, 40));
    expect(run.attempt(2)).toEqual(exampleAttempt(2, 40));
    expect(run.state(2)).toBeNull();
    run.writeState(2, state);
    expect(run.state(2)).toEqual(state);
    run.annotate({ tags: ['good'] });
    run.annotate({ notes: 'λ too large' });
    expect(run.annotations()).toEqual({ tags: ['good'], notes: 'λ too large' });
    run.setRequest({ at, resume: true, direct: false, held: false });
    expect(run.request()).toEqual({ at, resume: true, direct: false, held: false });
    run.setRequest(null);
    expect(run.request()).toBeNull();
    expect(run.damage()).toEqual([]);
    expect(readdirSync(directory.path)).toEqual(['run-1']);
  });

  it('is created whole or not at all, and never over another run', () => {
    expect(() => RunDirectory.create(run.path, exampleManifest('run-1'))).toThrow(/exists already/);
    writeFileSync(join(directory.path, 'file'), '');
    expect(() => RunDirectory.create(join(directory.path, 'file', 'run'), exampleManifest('run'))).toThrow(
      AdjointError,
    );
    expect(() => RunDirectory.open(join(directory.path, 'none'))).toThrow('There is no run "none"');
  });

  it('hands over each command once, in order, and survives a torn line', () => {
    expect(run.controlAfter(1, 0)).toEqual({ commands: [], seen: 0 });
    run.appendControl(1, { command: 'pause', at });
    run.appendControl(1, { command: 'resume', at });
    expect(run.controlAfter(1, 0).commands.map(({ command }) => command)).toEqual(['pause', 'resume']);
    expect(run.controlAfter(1, 2)).toEqual({ commands: [], seen: 2 });
    appendFileSync(run.file('attempts', '1', 'control.ndjson'), '{"command":"can');
    expect(run.controlAfter(1, 2)).toEqual({ commands: [], seen: 2 });
    run.appendControl(1, { command: 'cancel', at });
    expect(run.controlAfter(1, 2)).toEqual({ commands: [{ command: 'cancel', at }], seen: 4 });
  });

  it('gives the log in parts without splitting a character', () => {
    const text = 'λ = 10 – größer\nzweite Zeile: 損失\n';
    run.appendLog(text.slice(0, 9));
    run.appendLog(text.slice(9));
    expect(run.readLog(0, 1000)).toEqual({ text, offset: 0, end: Buffer.byteLength(text) });
    for (const limit of [4, 5, 7, 11]) {
      let all = '';
      let offset = 0;
      for (;;) {
        const part = run.readLog(offset, limit);
        if (part.end === offset) break;
        expect(part.offset).toBe(offset);
        all += part.text;
        offset = part.end;
      }
      expect(all).toBe(text);
      expect(run.readLog(-1, limit).text).not.toContain('\ufffd');
      expect(text.endsWith(run.readLog(-1, limit).text)).toBe(true);
    }
  });

  it('lets a view show interest for five seconds', () => {
    expect(run.interested(1)).toBe(false);
    run.showInterest(1);
    expect(run.interested(1)).toBe(true);
    const old = new Date(Date.now() - 6000);
    utimesSync(run.file('attempts', '1', 'watched'), old, old);
    expect(run.interested(1)).toBe(false);
    run.showInterest(1);
    expect(run.interested(1)).toBe(true);
  });

  it('lists checkpoints newest first, tells torn ones, and prunes without losing the last good one', () => {
    for (const step of [100, 200, 300, 400]) writeCheckpoint(run.checkpointPath(step), checkpoint(step / 100));
    truncateSync(run.checkpointPath(400), 150);
    expect(run.checkpoints().map(({ step, epoch, valid }) => [step, epoch, valid])).toEqual([
      [400, null, false],
      [300, 3, true],
      [200, 2, true],
      [100, 1, true],
    ]);
    expect(run.damage()).toEqual(['checkpoints/000000400.safetensors is torn']);
    run.pruneCheckpoints(2);
    expect(run.checkpoints().map(({ step }) => step)).toEqual([400, 300, 200]);
    for (const step of [500, 600]) writeCheckpoint(run.checkpointPath(step), checkpoint(step / 100));
    run.pruneCheckpoints(1, undefined, (step) => step % 200 === 0);
    expect(run.checkpoints().map(({ step }) => step)).toEqual([600, 500, 200]);
  });

  it('refuses a second writer', () => {
    const lock = run.lock();
    expect(run.isLocked()).toBe(true);
    expect(() => RunDirectory.open(run.path).lock()).toThrow(/run run-1/);
    lock.release();
    expect(run.isLocked()).toBe(false);
  });

  it('names every missing and torn file instead of failing', () => {
    run.beginAttempt(2, exampleAttempt(2, 1));
    writeFileSync(run.file('manifest.json'), '{"format": "adjoint-run/1", "id"');
    writeFileSync(run.file('annotations.json'), '');
    writeFileSync(run.file('attempts', '1', 'attempt.json'), '{}');
    rmSync(run.file('attempts', '2', 'attempt.json'));
    writeFileSync(run.file('attempts', '2', 'state.json'), '[]');
    mkdirSync(run.metricsDirectory, { recursive: true });
    writeFileSync(run.file('metrics', 'step-a1-00000.arrows'), '');
    writeFileSync(run.file('metrics', 'epoch-a1-00000.sum'), '');
    expect(run.damage()).toEqual([
      'manifest.json is torn or not valid',
      'annotations.json is torn or not valid',
      'attempts/1/attempt.json is torn or not valid',
      'attempts/2/state.json is torn or not valid',
      'attempts/2/attempt.json is missing',
      'metrics/epoch-a1-00000.arrows is missing',
      'metrics/step-a1-00000.sum is missing',
    ]);
    expect(run.annotations()).toEqual({ tags: [], notes: '' });
    expect(run.attempt(1)).toBeNull();
    expect(() => run.manifest()).toThrow('manifest.json is torn');
  });
});
