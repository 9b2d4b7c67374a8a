import type { ProblemTraits } from '@shared/applicability';
import type { DatasetInfo } from '@shared/datasets';
import { AdjointError } from '@shared/errors';
import { formatBytes, formatDuration } from '@shared/format';
import type { FamilyPreview, PreviewDataset, PreviewFamily, ProblemView, Slice } from '@shared/problems';
import { checkSettings, fileBytes, peakBytes, type QcqpInstances, type Sizes } from '../modelling/families/family';
import { traitsOf } from '../modelling/traits';
import { symmetricEigenvalues } from '../numerics/linalg/eigenvalues';
import { boundRows, makeSolver } from '../solvers/qcqp/bounds';
import { instanceView } from '../solvers/qcqp/instanceView';
import { labelQuality } from '../solvers/qcqp/labelQuality';
import { openFamily } from '../solvers/qcqp/ownProblem';
import { sliceThrough } from '../solvers/qcqp/slice';
import type { InstanceSolver } from '../solvers/qcqp/solver';
import { inspectDataset, readDataset, type Dataset } from '../store/dataset';

// What viewTask.ts computes of problems: a second of work or so that must not hold up the engine.

/** Entries of X, multiplications of the random bases and of a solve beyond which a preview would keep somebody waiting. */
const mostDraws = 2e7;
const mostBasisWork = 4e9;
const mostSolveWork = 2e10;
/** Largest Q whose spectrum is computed. */
const mostEigenvalues = 1000;
/** Milliseconds spent on timing labels for the estimate. */
const timingBudget = 200;

/** A preview, but for the techniques, which the engine knows. */
export type FamilyLook = Omit<FamilyPreview, 'fits'> & { traits: ProblemTraits | null };

/** What generating these settings would give, and some instances of it. Wrong settings are findings. */
export function previewFamily(input: PreviewFamily, threads: number, kept: string): FamilyLook {
  const { family, settings, findings } = openFamily(input.family, input.settings, kept);
  const memoryAvailable = process.availableMemory();
  const nothing = { bytes: 0, memory: 0, memoryAvailable, seconds: null, threads, view: null, traits: null, notes: [] };
  if (!family) return { ...nothing, findings, settings };
  const sized = { ...nothing, settings, bytes: fileBytes(family, settings), memory: peakBytes(family, settings) };
  const wrong = checkSettings(family, settings, memoryAvailable);
  if (wrong.length > 0) return { ...sized, findings: wrong };

  const notes: string[] = [];
  const drawn = settingsForPreview(settings, notes);
  if (!drawn) return { ...sized, findings: [], notes };
  const began = performance.now();
  let instances: QcqpInstances;
  try {
    instances = family.draw(drawn);
  } catch (error) {
    if (!(error instanceof AdjointError)) throw error;
    const { what, where, fix } = error.problem;
    return { ...sized, findings: [{ path: where ?? '', message: `${what}${fix ? ` ${fix}` : ''}` }] };
  }
  const drawSeconds = (performance.now() - began) / 1000;
  const solver = makeSolver(instances.family);
  const count = Math.min(input.instances, instances.N, sampleLimit(settings));
  if (count < input.instances && count < instances.N)
    notes.push(
      `Only ${count} instances are shown: one takes about ${formatDuration(solveWork(settings) / 2e9)} to solve.`,
    );
  const view = viewOf(
    instances,
    Array.from({ length: count }, (_, i) => i),
    solver,
    input,
  );
  const label = secondsPerLabel(instances, solver);
  const seconds = (drawSeconds * settings.instances) / drawn.instances + (label * settings.instances) / threads;
  return {
    ...sized,
    findings: [],
    seconds,
    view: { ...view, dims: { ...view.dims, N: settings.instances } },
    traits: instances.family.m * instances.family.n ** 3 > mostBasisWork ? null : traitsOf(instances.family),
    notes: [...notes, ...failuresAmong(view)],
  };
}

/** The same settings with fewer instances where drawing all of them would take long; null where even that is too much. */
function settingsForPreview<S extends Sizes & Record<string, unknown>>(settings: S, notes: string[]): S | null {
  const { n, m, e, instances, hessians } = settings;
  if (hessians === 'dense' && m * n ** 3 > mostBasisWork) {
    notes.push(
      `Drawing ${m} dense H_i of ${n} × ${n} takes about ${formatDuration((3 * m * n ** 3) / 1e9)}: there is no preview of it, but it can be generated.`,
    );
    return null;
  }
  if (solveWork(settings) > mostSolveWork) {
    notes.push(
      `An instance of this size takes about ${formatDuration(solveWork(settings) / 2e9)} to solve: there is no preview of it, but it can be generated.`,
    );
    return null;
  }
  const most = Math.max(8, Math.floor(mostDraws / e));
  if (instances <= most) return settings;
  notes.push(
    `The preview draws ${most} of ${instances} instances (${formatBytes(8 * most * e)} of X): what is drawn after X, and h, come out a little different.`,
  );
  return { ...settings, instances: most };
}

/** Multiplications of one solve: some ten factorisations on the null space of A. */
function solveWork({ n, m, e }: Sizes): number {
  const k = n - e;
  return 12 * (k * k * (n + m) + k ** 3 / 3 + 4 * m * n);
}

const sampleLimit = (settings: Sizes): number => Math.max(1, Math.floor(mostSolveWork / solveWork(settings)));

/** The fastest of some solves: what else the machine does, and code that is not compiled yet, only add to a time. */
function secondsPerLabel({ family, X, N }: QcqpInstances, solver: InstanceSolver): number {
  let least = Infinity;
  const end = performance.now() + timingBudget;
  for (let i = 0; i < 3 || performance.now() < end; i++) {
    const began = performance.now();
    solver.solve(X, (i % N) * family.e);
    least = Math.min(least, (performance.now() - began) / 1000);
    if (performance.now() > end + 10 * timingBudget) break;
  }
  return least;
}

function failuresAmong({ instances }: ProblemView): string[] {
  const failed = instances.filter(({ status }) => status !== 'optimal');
  if (failed.length === 0) return [];
  const first = `Instance ${failed[0].instance} is ${failed[0].status}`;
  return [
    `${first}${failed.length > 1 ? `, as are ${failed.length - 1} more of the sample` : ''}: for such x the rows are too tight. ` +
      'Loosen them, or leave these instances out when generating.',
  ];
}

/** Instances of a dataset solved again beside its own labels. @throws AdjointError `invalid-dataset`, `bad-request` */
export function previewDataset(input: PreviewDataset, path: string): ProblemView {
  const dataset = readDataset(path);
  const beyond = [...input.instances, input.sliceOf ?? 0].find((i) => i >= dataset.N);
  if (beyond !== undefined)
    throw new AdjointError('bad-request', `There is no instance ${beyond}.`, {
      where: path,
      fix: `The dataset has the instances 0 to ${dataset.N - 1}.`,
    });
  return viewOf({ family: dataset, N: dataset.N, X: dataset.X }, input.instances, makeSolver(dataset), input, dataset);
}

function viewOf(
  { family, N, X }: QcqpInstances,
  chosen: readonly number[],
  solver: InstanceSolver,
  input: Pick<PreviewFamily, 'sliceOf' | 'plane' | 'gridSize'>,
  dataset?: Dataset,
): ProblemView {
  const { n, m, e } = family;
  const notes: string[] = [];
  const sliceOf = input.sliceOf !== undefined && input.sliceOf < N ? input.sliceOf : chosen[0];
  let slice: Slice | null = null;
  const look = (i: number) => {
    const x = X.subarray(i * e, (i + 1) * e);
    const began = performance.now();
    const result = solver.solve(x);
    const milliseconds = performance.now() - began;
    if (i === sliceOf) {
      if (result.status !== 'optimal') notes.push(`Instance ${i} is ${result.status}: it has no optimum to slice at.`);
      else {
        slice = sliceThrough(family, x, i, result.y, result.inequality, input);
        if (slice && !slice.violation.some((value) => value <= 0))
          notes.push('In this plane the feasible set is too thin to be seen: another plane shows more of it.');
        if (!slice) notes.push('The null space of A has fewer than two dimensions: there is no plane to slice along.');
      }
    }
    const label = dataset ? { y: dataset.Y.subarray(i * n, (i + 1) * n), x } : null;
    return instanceView(family, i, result, milliseconds, label);
  };
  const instances = chosen.map(look);
  if (!chosen.includes(sliceOf)) look(sliceOf);
  if (n > mostEigenvalues) notes.push(`The spectrum of Q is shown up to n = ${mostEigenvalues}.`);
  return {
    dims: { n, m, e, N },
    quadraticRows: family.H.some((value) => value !== 0),
    bounds: boundRows(family).length > 0,
    spectrum: n > mostEigenvalues ? [] : [...symmetricEigenvalues(n, family.Q.slice())].sort((a, b) => b - a),
    instances,
    slice,
    notes,
  };
}

/** What a file holds, and how good its labels are. Never throws for a bad file. */
export function inspectWithLabels(path: string): DatasetInfo {
  const info = inspectDataset(path);
  return info.problem ? info : { ...info, labels: labelQuality(readDataset(path)) };
}
