import type { RunSummary } from '@shared/run';
import { AdjointError, toProblem, type Problem } from '@shared/errors';
import type { SweepPreview, SweepRecord, SweepStarted } from '@shared/sweeps';
import { listSweeps, readSweep, writeSweep } from '../store/sweepRecords';
import type { Workspace } from '../store/workspace';
import type { Supervisor } from './supervisor';
import { previewOf, prepareSweep, recordSweep, requireSweep, type SweepText, writeSweepRun } from './sweepPlan';

/** Directories made before others get their turn. */
const atOnce = 20;

type Refused = { id: string; problem: Problem }[];

/** Sweeps of the workspace, through the queue. What a sweep is lies in its record; how far it is, its runs say. */
export class Sweeps {
  readonly workspace: Workspace;
  readonly resources: string;
  private readonly supervisor: Supervisor;

  constructor(parts: { workspace: Workspace; resources: string; supervisor: Supervisor }) {
    this.workspace = parts.workspace;
    this.resources = parts.resources;
    this.supervisor = parts.supervisor;
  }

  async preview(text: SweepText): Promise<SweepPreview> {
    const runs = this.supervisor.list();
    const { prepared, findings } = await prepareSweep(this, text, runs);
    return { findings, plan: prepared && previewOf(prepared, runs, this.supervisor.slots) };
  }

  /**
   * Starts what is missing: points without a run get one, stopped runs go on, what is done or under way is left alone.
   * @throws AdjointError `invalid-experiment`; then nothing was started.
   */
  async start(text: SweepText): Promise<SweepStarted> {
    const prepared = await requireSweep(this, text, this.supervisor.list());
    const record = recordSweep(this.workspace, prepared);
    const started: SweepStarted = { id: record.id, created: [], resumed: [], kept: [], refused: [] };
    for (const [i, step] of prepared.steps.entries()) {
      if (step.todo === 'create') {
        const run = writeSweepRun(this.workspace, prepared, step, 'queue');
        this.supervisor.enqueue(run, false);
        record.runs[i].run = run.id;
        started.created.push(run.id);
        // Making thousands of directories takes a while: requests and heartbeats are answered in between.
        if (started.created.length % atOnce === 0) await new Promise((resolve) => setImmediate(resolve));
      } else if (step.todo === 'resume') {
        const { id } = step.existing!;
        started.refused.push(
          ...attempt(
            id,
            () => this.supervisor.resume(id),
            () => started.resumed.push(id),
          ),
        );
      } else started.kept.push(step.existing!.id);
    }
    writeSweep(this.workspace, record);
    return started;
  }

  list(): SweepRecord[] {
    return listSweeps(this.workspace);
  }

  get(id: string): SweepRecord {
    return readSweep(this.workspace, id);
  }

  /** Running runs pause and give their slots back; waiting ones are held in the queue. */
  pause(id: string): Refused {
    const waiting = ({ state, pending }: RunSummary) => state === 'queued' && pending === null;
    const running = ({ state, pending }: RunSummary) =>
      (state === 'running' || state === 'starting') && pending === null;
    // The waiting ones first, or they would take the slots that the others give back.
    return this.each(
      id,
      (run) => waiting(run),
      (run) => this.supervisor.pause(run),
    ).concat(this.each(id, running, (run) => this.supervisor.pause(run)));
  }

  cancel(id: string, force: boolean): Refused {
    const waiting = ({ state }: RunSummary) => state === 'queued';
    const live = ({ state, pending }: RunSummary) =>
      ['starting', 'running', 'paused'].includes(state) && (force || pending !== 'cancel');
    return this.each(id, waiting, (run) => this.supervisor.cancel(run, force)).concat(
      this.each(id, live, (run) => this.supervisor.cancel(run, force)),
    );
  }

  /** Paused and held runs go on, and what is missing is run. */
  async resume(id: string): Promise<SweepStarted> {
    const { source, baseDirectory } = readSweep(this.workspace, id);
    const stopped = ({ state, pending }: RunSummary) => state === 'paused' || pending === 'pause';
    const refused = this.each(id, stopped, (run) => this.supervisor.resume(run));
    const started = await this.start({ yaml: source, ...(baseDirectory === null ? {} : { baseDirectory }) });
    return { ...started, refused: [...refused, ...started.refused] };
  }

  private each(id: string, applies: (run: RunSummary) => boolean, action: (id: string) => void): Refused {
    const members = this.supervisor.list().filter(({ sweep }) => sweep?.id === id);
    if (members.length === 0)
      throw new AdjointError('not-found', `There is no sweep "${id}".`, { where: this.workspace.path });
    return members.filter(applies).flatMap((run) => attempt(run.id, () => action(run.id)));
  }
}

/** One run that refuses does not stop the others. */
function attempt(id: string, action: () => void, then: () => void = () => undefined): Refused {
  try {
    action();
    then();
    return [];
  } catch (error) {
    return [{ id, problem: toProblem(error, id) }];
  }
}
