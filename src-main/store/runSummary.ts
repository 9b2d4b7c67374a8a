import { statSync } from 'node:fs';
import { toProblem, type Problem } from '@shared/errors';
import { liveStates, resumableStates, type ProcessState, type RunState, type RunSummary } from '@shared/run';
import { flattenSettings } from '@shared/settings';
import { readContents } from './runContents';
import type { RunDirectory } from './runDirectory';

/**
 * A run as lists show it, from its small files alone. Never throws for a damaged run: without a readable manifest it lists
 * as crashed, with the damage named.
 */
export function summarise(run: RunDirectory): RunSummary {
  const { manifest, annotations, request, attempts, damage } = readContents(run);
  const latest = attempts.at(-1);
  const own = latest?.state ?? null;
  // An attempt that died before its first heartbeat says nothing: what its predecessor reached still holds.
  const reached = attempts.findLast((attempt) => attempt.state !== null)?.state;
  const state = manifest ? stateOf(run, request !== null, latest !== undefined, own) : 'crashed';
  const live = liveStates.includes(state);
  return {
    id: run.id,
    name: annotations.name ?? manifest?.name ?? run.id,
    kind: manifest?.kind ?? 'unknown',
    state,
    pending: request?.held ? 'pause' : null,
    createdAt: manifest?.createdAt ?? new Date(statSync(run.path).birthtimeMs).toISOString(),
    startedAt: attempts.find(({ attempt }) => attempt !== null)?.attempt?.startedAt ?? null,
    endedAt: live || state === 'queued' ? null : (own?.endedAt ?? reached?.updatedAt ?? null),
    activeSeconds: reached?.activeSeconds ?? 0,
    progress: reached?.progress ?? null,
    attempts: attempts.length,
    device: latest?.attempt?.device.name ?? null,
    seed: manifest?.seed ?? 0,
    tags: annotations.tags,
    notes: annotations.notes,
    group: annotations.group ?? null,
    dataset: manifest?.dataset?.name ?? null,
    sweep: manifest?.sweep ?? null,
    settings: manifest ? flattenSettings(manifest.experiment) : {},
    metrics: reached?.summaries ?? {},
    error: errorOf(run, state, own, manifest !== null),
    damage,
    resumable: manifest !== null && resumableStates.includes(state),
  };
}

/** A run whose directory cannot even be looked at (no permission, a failing disk): it lists, and says why. */
export function unreadable(run: RunDirectory, cause: unknown): RunSummary {
  const problem = toProblem(cause, run.path);
  return {
    ...{
      id: run.id,
      name: run.id,
      kind: 'unknown',
      state: 'crashed',
      pending: null,
      createdAt: new Date(0).toISOString(),
    },
    ...{ startedAt: null, endedAt: null, activeSeconds: 0, progress: null, attempts: 0, device: null, seed: 0 },
    ...{ tags: [], notes: '', group: null, dataset: null, sweep: null, settings: {}, metrics: {} },
    error: problem,
    damage: [`the run cannot be read: ${problem.what}`],
    resumable: false,
  };
}

function stateOf(run: RunDirectory, asked: boolean, begun: boolean, own: ProcessState | null): RunState {
  if (asked) return 'queued';
  if (!begun) return 'cancelled';
  const phase = own?.phase ?? 'starting';
  if (!(liveStates as readonly string[]).includes(phase)) return phase;
  return run.isLocked() ? phase : 'crashed';
}

function errorOf(run: RunDirectory, state: RunState, own: ProcessState | null, readable: boolean): Problem | null {
  if (state === 'failed') return own?.error ?? null;
  if (state !== 'crashed') return null;
  if (!readable)
    return {
      code: 'corrupt',
      what: 'The manifest of this run is missing or torn.',
      where: run.file('manifest.json'),
      fix: 'Its metrics and checkpoints are still there; put the manifest back from a copy.',
    };
  // Who put the run in order after its process died knows more than that it did.
  if (own?.error) return own.error;
  return {
    code: 'run-crashed',
    what: 'The run process ended without saying why: it was killed, or the machine went down.',
    where: run.id,
    fix: 'Resume the run: it goes on from its last checkpoint. The log has its last words.',
  };
}
