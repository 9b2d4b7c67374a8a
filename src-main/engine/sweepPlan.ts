import { createHash } from 'node:crypto';
import { AdjointError, toProblem, type Finding } from '@shared/errors';
import { isFinalState, type Manifest, type RunState, type RunSummary } from '@shared/run';
import { flattenSettings } from '@shared/settings';
import type { SweepPreview, SweepRecord } from '@shared/sweeps';
import type { RunDirectory } from '../store/runDirectory';
import { findSweep, sweepId, writeSweep } from '../store/sweepRecords';
import type { Workspace } from '../store/workspace';
import {
  experimentIdentity,
  experimentKind,
  isKindName,
  parseSweep,
  type Experiment,
  type KindName,
  type PlannedRun,
  type SweepPlan,
} from '../experiments/experiment';
import { requireData, writeRun } from './createRun';
import { unfitFinding } from './fit';

/** One run of a sweep and what is to happen to it. */
export interface SweepStep {
  planned: PlannedRun;
  dataset: Manifest['dataset'];
  /** The run that this point has already, if any. */
  existing: RunSummary | null;
  todo: 'keep' | 'resume' | 'create';
}

/** A sweep of which every point has been checked, and nothing written. */
export interface PreparedSweep {
  id: string;
  plan: SweepPlan;
  yaml: string;
  baseDirectory: string | null;
  steps: SweepStep[];
}

export interface SweepPlaces {
  workspace: Workspace;
  resources: string;
}

export interface SweepText {
  yaml: string;
  /** Folder that relative dataset paths start from. */
  baseDirectory?: string;
}

/** Checks a sweep with all its points and datasets, and finds which of its runs there are. */
export async function prepareSweep(
  { workspace, resources }: SweepPlaces,
  { yaml, baseDirectory }: SweepText,
  runs: readonly RunSummary[],
): Promise<{ prepared: PreparedSweep | null; findings: Finding[] }> {
  const { plan, findings } = parseSweep(yaml);
  if (!plan) return { prepared: null, findings };
  const places = { workspace: workspace.path, resources };
  const kind = experimentKind(plan.kind);
  const datasets = new Map<string | undefined, SweepStep['dataset']>();
  for (const { experiment } of plan.runs) {
    const data = kind.data(experiment);
    if (!data || datasets.has(data.setting)) continue;
    datasets.set(data.setting, null);
    try {
      datasets.set(data.setting, await requireData(data, places, baseDirectory));
    } catch (error) {
      const { what, fix } = toProblem(error);
      findings.push({
        path: data.at,
        message: [what, fix].filter(Boolean).join(' '),
        ...plan.placeOfData(data),
      });
    }
  }
  if (findings.length === 0) findings.push(...unfitPoints(plan, yaml, datasets));
  if (findings.length > 0) return { prepared: null, findings };

  const id = sweepId(plan.name, plan.kind);
  const members = membersByKey(
    workspace,
    runs.filter(({ sweep }) => sweep?.id === id),
  );
  const steps = plan.runs.map((planned): SweepStep => {
    const dataset = datasets.get(kind.data(planned.experiment)?.setting) ?? null;
    const existing = members.get(keyOf(planned.experiment, dataset)) ?? null;
    return { planned, dataset, existing, todo: !existing ? 'create' : existing.resumable ? 'resume' : 'keep' };
  });
  return { prepared: { id, plan, yaml, baseDirectory: baseDirectory ?? null, steps }, findings: [] };
}

/** What of the points does not fit their datasets, every reason once. */
function unfitPoints(
  { runs, kind }: SweepPlan,
  yaml: string,
  datasets: ReadonlyMap<string | undefined, SweepStep['dataset']>,
): Finding[] {
  const reasons = new Map<string, Finding>();
  for (const { experiment } of runs) {
    const dataset = datasets.get(experimentKind(kind).data(experiment)?.setting);
    const unfit = dataset && unfitFinding(experiment, dataset.path, yaml);
    if (unfit) reasons.set(unfit.message, unfit);
  }
  return [...reasons.values()];
}

/** @throws AdjointError `invalid-experiment` with every finding at its line. */
export async function requireSweep(...args: Parameters<typeof prepareSweep>): Promise<PreparedSweep> {
  const { prepared, findings } = await prepareSweep(...args);
  if (prepared) return prepared;
  throw new AdjointError('invalid-experiment', 'The sweep is not valid.', {
    findings,
    fix: 'Correct the lines named above. Nothing was started.',
  });
}

/** Which run a point has: the same experiment on the same data, whatever it is called and in whatever order it was asked for. */
function keyOf(experiment: Experiment, dataset: Manifest['dataset']): string {
  const identity = experimentIdentity(experiment, dataset?.sha256);
  return createHash('sha256').update(identity).digest('base64');
}

function membersByKey(workspace: Workspace, members: readonly RunSummary[]): Map<string, RunSummary> {
  const found = new Map<string, RunSummary>();
  for (const member of members) {
    const key = keyOfRun(workspace, member.id);
    const before = key === null ? undefined : found.get(key);
    if (key !== null && (!before || worth(member.state) > worth(before.state))) found.set(key, member);
  }
  return found;
}

/** Of several runs of one point the one that is furthest counts. */
const worth = (state: RunState): number => (state === 'done' ? 2 : isFinalState(state) ? 0 : 1);

/** Filling in defaults again gives a run of an older version its key also after a setting was added. */
function keyOfRun(workspace: Workspace, id: string): string | null {
  try {
    const { kind, experiment, dataset } = workspace.run(id).manifest();
    return isKindName(kind) ? keyOf(experimentKind(kind).schema.parse(experiment), dataset) : null;
  } catch {
    return null; // Gone, damaged, or of a kind of settings that are no longer valid: no run of this sweep.
  }
}

/** Writes down what the sweep is to be. Runs that are not made yet have no identifier. */
export function recordSweep(
  workspace: Workspace,
  { id, plan, yaml, baseDirectory, steps }: PreparedSweep,
): SweepRecord {
  const now = new Date().toISOString();
  const record: SweepRecord = {
    format: 'adjoint-sweep/1',
    id,
    name: plan.name,
    kind: plan.kind,
    createdAt: findSweep(workspace, id)?.createdAt ?? now,
    updatedAt: now,
    source: yaml,
    baseDirectory,
    axes: plan.axes,
    repeats: plan.repeats,
    runs: steps.map(({ planned: { point, repeat, seed }, existing }) => ({
      ...{ run: existing?.id ?? null, point, repeat, seed },
    })),
  };
  writeSweep(workspace, record);
  return record;
}

/** Makes the directory of one run of a sweep. */
export function writeSweepRun(
  workspace: Workspace,
  { id, plan, steps }: PreparedSweep,
  { planned, dataset }: SweepStep,
  launch: Manifest['launch'],
): RunDirectory {
  const { experiment, seed, point, repeat, source } = planned;
  const sweep = { id, name: plan.name, point, repeat, size: steps.length };
  const { name } = experiment;
  return writeRun(workspace, { name, seed, experiment, source: source(), dataset, launch, clonedFrom: null, sweep });
}

/** What starting it would do, with the time that it would take as far as earlier runs tell. */
export function previewOf(
  { id, plan, steps }: PreparedSweep,
  runs: readonly RunSummary[],
  slots: number,
): NonNullable<SweepPreview['plan']> {
  const count = (todo: SweepStep['todo']) => steps.filter((step) => step.todo === todo).length;
  return {
    id,
    name: plan.name,
    axes: plan.axes,
    points: steps.length / plan.repeats,
    repeats: plan.repeats,
    runs: steps.length,
    kept: count('keep'),
    resumed: count('resume'),
    created: count('create'),
    secondsLeft: secondsOf(
      steps.filter(({ todo }) => todo !== 'keep'),
      runs,
      slots,
    ),
  };
}

/**
 * Active seconds a unit of work of finished runs on the same data, and alike otherwise: the median, so that one run on a busy machine
 * does not count.
 */
function secondsOf(steps: readonly SweepStep[], runs: readonly RunSummary[], slots: number): number | null {
  const rates = new Map<string, number[]>();
  for (const { kind, state, dataset, settings, activeSeconds } of runs) {
    const work = isKindName(kind) ? workOf(kind, dataset, settings) : null;
    if (state !== 'done' || !work) continue;
    rates.set(work.like, [...(rates.get(work.like) ?? []), activeSeconds / work.amount]);
  }
  let total = 0;
  for (const { planned, dataset, existing } of steps) {
    const { experiment } = planned;
    const work = workOf(experiment.kind, dataset?.name ?? null, flattenSettings(experiment));
    const known = work && rates.get(work.like)?.sort((a, b) => a - b);
    if (!known) return null;
    const progress = existing?.progress;
    const share = progress && progress.total > 0 ? 1 - progress.done / progress.total : 1;
    total += share * known[Math.floor(known.length / 2)] * work.amount;
  }
  return total / Math.max(1, Math.min(slots, steps.length));
}

function workOf(kind: KindName, dataset: string | null, settings: RunSummary['settings']) {
  const work = experimentKind(kind).work(settings);
  return work && { amount: work.amount, like: JSON.stringify([kind, dataset, work.like]) };
}
