import { hypergradientMetrics } from '@shared/metrics/hypergradients';
import { Comparison, type Measured } from '../bilevel/comparison/comparison';
import { hypergradientsSchema } from '../bilevel/comparison/experimentSchema';
import { bilevelPreflight } from '../bilevel/preflight';
import type { Checkpoint } from '../store/checkpoint';
import { catalogueColumns } from './columns';
import type { Job, JobContext, JobKind, Recorder } from './job';

const ours = new Set(hypergradientMetrics.map(({ key }) => key));

/** Runs of kind `hypergradients`: measurements, one row each. */
export const hypergradientsJob: JobKind = {
  kind: 'hypergradients',
  device: () => null,
  checkpoints: (experiment) => ({ seconds: hypergradientsSchema.parse(experiment).checkpointSeconds, keep: 2 }),
  create({ manifest, log }: JobContext, checkpoint: Checkpoint | null): Promise<Job> {
    const experiment = hypergradientsSchema.parse(manifest.experiment);
    const saved = checkpoint ? (checkpoint.state as unknown as Saved) : null;
    const comparison = new Comparison(experiment, saved?.sampled ?? null);
    const { problem, tasks } = comparison;
    for (const { message } of bilevelPreflight(problem, new Float64Array(problem.d)).findings)
      log(`Beforehand: ${message}`);
    let done = saved?.step ?? 0;
    let isWarm = false;
    const speedups: number[] = [];
    return Promise.resolve({
      columns: { step: catalogueColumns('step', (key) => ours.has(key)) },
      total: tasks.length,
      unit: 'measurements',
      position: () => ({ step: done, epoch: done / tasks.length }),
      finished: () => done >= tasks.length,
      advance(record: Recorder) {
        if (!isWarm) {
          comparison.warmUp();
          isWarm = true;
          if (comparison.sampled! < problem.d)
            log(
              `The baseline differences ${comparison.sampled} of ${problem.d} coordinates in its time; what all of them take is extrapolated.`,
            );
        }
        const row = comparison.measure(tasks[done]);
        if (row.speedup !== undefined) speedups.push(row.speedup);
        record('step', columnsOf(row));
        done++;
        return Promise.resolve();
      },
      save: (activeSeconds) =>
        Promise.resolve({
          tensors: new Map(),
          state: { step: done, epoch: done / tasks.length, activeSeconds, sampled: comparison.sampled },
        }),
      conclusion: () =>
        speedups.length > 0
          ? `speed-up of the layer ${Math.min(...speedups).toPrecision(3)} to ${Math.max(...speedups).toPrecision(3)}`
          : `${tasks.length} measurements`,
      dispose: () => undefined,
    });
  },
};

interface Saved {
  step: number;
  sampled: number | null;
}

const columnsOf = (row: Measured): Record<string, number> =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [`hypergradient/${name}`, value]));
