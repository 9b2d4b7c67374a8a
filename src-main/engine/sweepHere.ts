import type { AppEvent } from '@shared/contract';
import { isFinalState, liveStates, type RunSummary } from '@shared/run';
import type { SweepPreview } from '@shared/sweeps';
import { RunIndex } from '../store/runIndex';
import { writeSweep } from '../store/sweepRecords';
import { openWorkspace } from '../store/workspace';
import { EventHub } from './events';
import type { RunHereOptions } from './runHere';
import { Supervisor } from './supervisor';
import {
  type PreparedSweep,
  previewOf,
  recordSweep,
  requireSweep,
  type SweepStep,
  type SweepText,
  writeSweepRun,
} from './sweepPlan';
import { dropForgotten } from './waitingList';

const pollMilliseconds = 500;

/** What starting a sweep in a workspace would do; no run is made. @throws AdjointError `invalid-experiment` */
export async function previewSweepHere(
  options: Pick<RunHereOptions, 'workspace' | 'resources'> & { jobs: number },
  text: SweepText,
): Promise<NonNullable<SweepPreview['plan']>> {
  const workspace = openWorkspace(options.workspace, { create: true });
  const index = new RunIndex(workspace);
  try {
    const runs = index.list();
    return previewOf(await requireSweep({ ...options, workspace }, text, runs), runs, options.jobs);
  } finally {
    index.close();
  }
}

/** A sweep that is driven by its own command, beside whatever engine has the workspace open. */
export interface SweepHere {
  id: string;
  name: string;
  plan: NonNullable<SweepPreview['plan']>;
  /** Starts nothing more and lets the runs that go on write a checkpoint and stop; `force` kills them. */
  stop(force: boolean): void;
  /** Runs what is missing, calls back with each change of a run; resolves with the runs of every point that has one. */
  follow(onChange: (run: RunSummary) => void): Promise<RunSummary[]>;
}

/** @throws AdjointError `invalid-experiment`; then nothing was started. */
export async function sweepHere(options: RunHereOptions & { jobs: number }, text: SweepText): Promise<SweepHere> {
  const workspace = openWorkspace(options.workspace, { create: true });
  const index = new RunIndex(workspace);
  const events = new EventHub();
  const supervisor = new Supervisor({ ...options, workspace, index, events, slots: options.jobs, ownsQueue: false });
  let prepared: PreparedSweep;
  const before = index.list();
  try {
    prepared = await requireSweep({ workspace, resources: options.resources }, text, before);
  } catch (error) {
    index.close();
    throw error;
  }
  const record = recordSweep(workspace, prepared);
  const todo = prepared.steps.flatMap((step, i) => (step.todo === 'keep' ? [] : [{ step, i }]));
  /** Runs of this sweep that an engine, or another command, is at work on. */
  const elsewhere = new Set(
    prepared.steps.flatMap(({ existing }) => (existing && !isFinalState(existing.state) ? [existing.id] : [])),
  );
  const ours = new Set<string>();
  let stopping = false;

  async function begin(step: SweepStep, i: number): Promise<void> {
    const run = step.existing ? workspace.run(step.existing.id) : writeSweepRun(workspace, prepared, step, 'direct');
    if (record.runs[i].run !== run.id) {
      record.runs[i].run = run.id;
      writeSweep(workspace, record);
    }
    ours.add(run.id);
    await supervisor.startNow(run, step.existing !== null);
  }

  async function fill(): Promise<void> {
    while (!stopping && ours.size < options.jobs) {
      const next = todo.shift();
      if (!next) return;
      await begin(next.step, next.i);
    }
  }

  /** Runs that others had: those whose owner is gone become ours, ended ones are told. */
  async function lookElsewhere(onChange: (run: RunSummary) => void): Promise<void> {
    for (const id of elsewhere) {
      const run = supervisor.summary(id);
      if (!run || isFinalState(run.state)) {
        elsewhere.delete(id);
        if (run) onChange(run);
      } else if (!stopping && !workspace.isLocked() && ours.size < options.jobs) {
        if (liveStates.includes(run.state)) {
          elsewhere.delete(id);
          ours.add(id);
          supervisor.takeOver(id);
        } else if (!workspace.run(id).request()?.direct || dropForgotten(workspace.run(id))) {
          elsewhere.delete(id);
          ours.add(id);
          await supervisor.startNow(workspace.run(id), run.attempts > 0);
        }
      }
    }
  }

  return {
    id: record.id,
    name: record.name,
    plan: previewOf(prepared, before, options.jobs),
    stop(force) {
      stopping = true;
      for (const id of ours) if (supervisor.isLive(id)) supervisor.cancel(id, force);
    },
    async follow(onChange) {
      const end = new AbortController();
      const changes = events.subscribe([], end.signal);
      // Looking at what others do needs no event of ours to wake up.
      const timer = setInterval(() => events.emit({ type: 'queue', queue: supervisor.queue() }), pollMilliseconds);
      supervisor.start();
      try {
        await lookElsewhere(onChange);
        await fill();
        const isOver = () => ours.size === 0 && (stopping || (todo.length === 0 && elsewhere.size === 0));
        if (!isOver())
          for await (const event of changes) {
            if (isRun(event) && ours.has(event.run.id)) {
              onChange(event.run);
              if (isFinalState(event.run.state) && !supervisor.isLive(event.run.id)) ours.delete(event.run.id);
            } else if (event.type === 'queue') await lookElsewhere(onChange);
            await fill();
            if (isOver()) break;
          }
        const asked = new Set(record.runs.map(({ run }) => run));
        return index.list().filter(({ id }) => asked.has(id));
      } finally {
        clearInterval(timer);
        end.abort();
        supervisor.stop();
        index.close();
      }
    },
  };
}

const isRun = (event: AppEvent): event is Extract<AppEvent, { type: 'run' }> => event.type === 'run';
