import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Attempt, Manifest } from '@shared/run';
import { RunDirectory } from './runDirectory';

/** What the store's tests are made of. */

/** A fresh directory that the caller removes with the function beside it. */
export function temporaryDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'adjoint-store-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function exampleManifest(id: string, change: Partial<Manifest> = {}): Manifest {
  return {
    format: 'adjoint-run/1',
    id,
    name: 'soft penalty, λ = 10',
    kind: 'training',
    createdAt: '2026-11-23T03:16:00.000Z',
    experiment: { kind: 'training', optimizer: { kind: 'adam', learningRate: 1e-3 }, network: { widths: [200, 200] } },
    source: null,
    seed: 7,
    dataset: null,
    code: { version: '0.1.0', commit: null },
    launch: 'queue',
    clonedFrom: null,
    ...change,
  };
}

export function exampleAttempt(attempt: number, resumeStep: number | null = null): Attempt {
  return {
    attempt,
    resumedFrom:
      resumeStep === null
        ? null
        : { checkpoint: `${String(resumeStep).padStart(9, '0')}.safetensors`, step: resumeStep },
    pid: process.pid,
    startedAt: '2026-11-23T03:16:01.000Z',
    host: 'laptop',
    platform: 'linux-x64',
    cpu: { model: 'a processor', cores: 2, simd: 'avx2', load: 0 },
    node: process.version,
    device: { name: 'cpu', dtype: 'float32', threads: 1, detail: 'TensorFlow.js, plain JavaScript' },
    packages: {},
  };
}

/** A run with its first attempt begun. */
export function exampleRun(parent: string, id = 'run-1'): RunDirectory {
  const run = RunDirectory.create(join(parent, id), exampleManifest(id));
  run.beginAttempt(1, exampleAttempt(1));
  return run;
}
