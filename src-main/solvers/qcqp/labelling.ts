import { isDeepStrictEqual } from 'node:util';
import type { Provenance } from '@shared/datasets';
import { AdjointError } from '@shared/errors';
import type { ProblemFamily, QcqpInstances } from '../../modelling/families/family';
import type { FamilySettings } from '../../modelling/families/registry';
import type { Checkpoint, Json } from '../../store/checkpoint';
import type { Dataset } from '../../store/dataset';
import { statuses } from './batchMemory';
import type { LabelPool, QcqpLabels } from './labelPool';
import type { QcqpStatus } from './types';

/** Arrays of a labelling by name: row i is instance i, and rows up to `done` are filled. */
const widths = ({ n, m, e, lower, upper }: QcqpInstances['family']) => ({
  Y: n,
  inequality: m,
  equality: e,
  lower: lower || upper ? n : 0,
  upper: lower || upper ? n : 0,
  objective: 1,
  violation: 1,
  gap: 1,
  status: 1,
});
type ArrayName = keyof ReturnType<typeof widths>;
const labelArrays = Object.keys(widths({ n: 0, m: 0, e: 0 } as QcqpInstances['family'])) as ArrayName[];

/** How long a batch should take: short enough that commands are obeyed at once, long enough that threads are not waited for. */
const batchSeconds = 0.25;

/** The labels of a dataset, made batch by batch, so that it can be stopped and gone on with after any of them. */
export class Labelling {
  readonly instances: QcqpInstances;
  done = 0;
  readonly #arrays: Record<ArrayName, Float64Array>;
  readonly #widths: Record<ArrayName, number>;
  #batch: number;

  constructor(instances: QcqpInstances, threads: number) {
    this.instances = instances;
    this.#widths = widths(instances.family);
    this.#arrays = Object.fromEntries(
      labelArrays.map((name) => [name, new Float64Array(instances.N * this.#widths[name])]),
    ) as Record<ArrayName, Float64Array>;
    this.#batch = 4 * threads;
  }

  get total(): number {
    return this.instances.N;
  }

  /** Labels the next batch. Returns its first and last + 1 instance; `null` if the signal stopped it, and then nothing has changed. */
  async advance(pool: LabelPool, signal?: AbortSignal): Promise<{ from: number; to: number } | null> {
    const { family, N, X } = this.instances;
    const from = this.done;
    const to = Math.min(N, from + this.#batch);
    const began = performance.now();
    const labels = await pool.label(
      { family, X: X.subarray(from * family.e, to * family.e), N: to - from },
      { signal },
    );
    if (!labels) return null;
    const seconds = Math.max(1e-4, (performance.now() - began) / 1000);
    this.#keep(labels, from, to);
    this.done = to;
    // The first batches are slow while threads start and compile.
    const wanted = ((to - from) * batchSeconds) / seconds;
    this.#batch = Math.max(pool.threads, Math.ceil(Math.min(wanted, 4 * this.#batch)));
    return { from, to };
  }

  #keep(labels: QcqpLabels, from: number, to: number): void {
    for (const name of labelArrays) {
      if (name === 'status')
        for (let i = from; i < to; i++) this.#arrays.status[i] = statuses.indexOf(labels.status(i - from));
      else this.#arrays[name].set(labels[name], from * this.#widths[name]);
    }
  }

  status(i: number): QcqpStatus {
    return statuses[this.#arrays.status[i]] ?? 'numerical trouble';
  }

  /** Instances from `from` to `to` that have no label. */
  failed(from = 0, to = this.done): number[] {
    return Array.from({ length: to - from }, (_, i) => from + i).filter((i) => this.status(i) !== 'optimal');
  }

  /** The largest of violation and gap among the labelled instances of a range. */
  worst(from = 0, to = this.done): { violation: number; gap: number } {
    let [violation, gap] = [0, 0];
    for (let i = from; i < to; i++) {
      if (this.status(i) !== 'optimal') continue;
      violation = Math.max(violation, this.#arrays.violation[i]);
      gap = Math.max(gap, this.#arrays.gap[i]);
    }
    return { violation, gap };
  }

  meanObjective(): number {
    let [sum, count] = [0, 0];
    for (let i = 0; i < this.done; i++) {
      if (this.status(i) !== 'optimal') continue;
      sum += this.#arrays.objective[i];
      count++;
    }
    return count > 0 ? sum / count : NaN;
  }

  /** What has been done so far; `identity` says of which dataset. */
  save(identity: Json, activeSeconds: number): Checkpoint {
    const { done } = this;
    const tensors: Checkpoint['tensors'] = new Map();
    for (const name of labelArrays) {
      const width = this.#widths[name];
      if (width === 0) continue;
      tensors.set(name, { dtype: 'F64', shape: [done, width], data: this.#arrays[name].subarray(0, done * width) });
    }
    return { tensors, state: { identity, done, activeSeconds } };
  }

  /** Takes back what `save` gave. @throws AdjointError `conflict` if it is of another dataset */
  restore({ tensors, state }: Checkpoint, identity: Json): void {
    const saved = state as { identity?: Json; done?: Json } | null;
    const done = Number(saved?.done ?? NaN);
    const fits = labelArrays.every(
      (name) => this.#widths[name] === 0 || tensors.get(name)?.data.length === done * this.#widths[name],
    );
    if (!fits || !isDeepStrictEqual(saved?.identity, identity))
      throw new AdjointError('conflict', 'The partial labels are those of another dataset.', {
        fix: 'Give the settings that they were made with, or begin anew without them.',
      });
    for (const [name, { data }] of tensors) this.#arrays[name as ArrayName].set(data);
    this.done = done;
  }

  /**
   * The dataset, once all is done. With `leaveOut` the instances without a label are not in it.
   *
   * @throws AdjointError `bad-request` naming the instances without a label
   */
  dataset(
    family: ProblemFamily,
    settings: FamilySettings,
    failures: 'refuse' | 'leaveOut',
    origin: Pick<Provenance, 'code' | 'run' | 'seconds' | 'threads'>,
  ): Dataset {
    const leftOut = this.failed();
    if (failures === 'refuse' || leftOut.length === this.total) refuseUnlabelled(this, leftOut);
    const { family: constants, X } = this.instances;
    const kept = Array.from({ length: this.total }, (_, i) => i).filter((i) => this.status(i) === 'optimal');
    const rows = (data: Float64Array, width: number): Float64Array => {
      if (leftOut.length === 0) return data;
      const picked = new Float64Array(kept.length * width);
      kept.forEach((i, at) => picked.set(data.subarray(i * width, (i + 1) * width), at * width));
      return picked;
    };
    const { violation, gap } = this.worst();
    const counts: Record<string, number> = {};
    for (let i = 0; i < this.total; i++) counts[this.status(i)] = (counts[this.status(i)] ?? 0) + 1;
    const of = (name: ArrayName) => rows(this.#arrays[name], this.#widths[name]);
    const bounds = this.#widths.lower > 0 ? { lower: of('lower'), upper: of('upper') } : {};
    return {
      family: 'qcqp',
      ...constants,
      N: kept.length,
      X: rows(X, constants.e),
      Y: of('Y'),
      multipliers: { inequality: of('inequality'), equality: of('equality'), ...bounds },
      splits: family.splits(kept.length),
      provenance: {
        format: 'adjoint-dataset/1',
        family: family.kind,
        settings,
        seed: settings.seed,
        generator: family.version,
        createdAt: new Date().toISOString(),
        ...origin,
        labels: { worstViolation: violation, worstGap: gap, statuses: counts, leftOut },
        sha256: '',
      },
    };
  }
}

/** What partial labels belong to. */
export const identityOf = (family: ProblemFamily, settings: FamilySettings): Json => ({
  family: family.kind,
  version: family.version,
  settings: settings as Json,
});

/** What each status means for whoever asked for a label. */
const meaning: Record<QcqpStatus, string> = {
  optimal: 'has a label',
  'primal infeasible':
    'is infeasible: no y satisfies Ay = x and its rows; for this x its rows and bounds are too tight',
  'dual infeasible': 'is unbounded: the objective falls without end along a feasible ray',
  'iteration limit': 'was not solved within the iteration limit',
  'numerical trouble': 'was not solved to the accuracy of a label',
};

/** @throws AdjointError `bad-request` naming the instances without a label, if there are any: half a dataset is none */
export function refuseUnlabelled(labelling: Labelling, failed: readonly number[]): void {
  if (failed.length === 0) return;
  const findings = failed
    .slice(0, 8)
    .map((i) => ({ path: `X[${i}]`, message: `Instance ${i} ${meaning[labelling.status(i)]}` }));
  const more = failed.length > 1 ? ` (${failed.length} of ${labelling.done} instances so far have no label)` : '';
  throw new AdjointError('bad-request', `${findings[0].message}${more}.`, {
    where: `X[${failed[0]}]`,
    fix: 'Lower the tightness (up to 1 every instance of the QCQP family is feasible) or the spread of x, or leave such instances out.',
    findings,
  });
}
