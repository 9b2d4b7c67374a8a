import { Command } from 'commander';
import { median } from '@shared/statistics/summary';
import type { QcqpInstances } from '../../modelling/families/family';
import { generateQcqp, qcqpSettings } from '../../modelling/families/qcqp';
import { LabelPool, type QcqpLabels } from '../../solvers/qcqp/labelPool';
import { action, printJson, printLine, withCommonOptions, type CommonOptions, type Places } from '../context';

export function labelsBench(places: Places): Command {
  return withCommonOptions(
    new Command('labels').description(
      'Seconds per label: QCQP, n = 100, m = 50, e = 50, a batch of 64 over all cores, seed 2025.',
    ),
  )
    .option('--repeats <count>', 'timed batches, of which the median counts', (text) => Math.max(1, Number(text)), 9)
    .action(action((options: CommonOptions & { repeats: number }) => benchLabels(options, places)));
}

const warmUps = 8;

async function benchLabels(options: CommonOptions & { repeats: number }, places: Places): Promise<void> {
  const instances = generateQcqp(qcqpSettings.parse({ n: 100, m: 50, e: 50, instances: 64, seed: 2025 }));
  const pool = new LabelPool(places.labelsEntry);
  const times: number[] = [];
  let labels: QcqpLabels | null = null;
  try {
    // The first batches compile; after them every batch reduces the family anew, as the first batch of a user does.
    for (let repeat = -warmUps; repeat < options.repeats; repeat++) {
      const began = performance.now();
      labels = await pool.label({ ...instances, family: { ...instances.family } });
      if (repeat >= 0) times.push((performance.now() - began) / 1000 / instances.N);
    }
  } finally {
    await pool.close();
  }
  const row = {
    what: 'labels',
    solver: 'adjoint',
    s_per_instance: median(times),
    max_violation: largestViolation(instances, labels!.Y),
    max_gap: labels!.gap.reduce((a, b) => Math.max(a, b), 0),
    obj: [...labels!.objective.slice(0, 5)],
    batch: instances.N,
    threads: pool.threads,
  };
  if (options.json) return printJson(row);
  printLine(
    `${(1000 * row.s_per_instance).toFixed(3)} ms a label on ${row.threads} threads, largest violation ${row.max_violation.toExponential(1)}`,
  );
}

/** max over instances and rows of relu(c_i(y)) and |Ay − x|, in plain loops that share nothing with the solver. */
function largestViolation({ family, X, N }: QcqpInstances, Y: Float64Array): number {
  const { n, m, e, A, G, H, h } = family;
  let worst = 0;
  for (let k = 0; k < N; k++) {
    for (let i = 0; i < m; i++) {
      let value = -h[i];
      for (let j = 0; j < n; j++) value += (H[i * n + j] * Y[k * n + j] + G[i * n + j]) * Y[k * n + j];
      worst = Math.max(worst, value);
    }
    for (let i = 0; i < e; i++) {
      let value = -X[k * e + i];
      for (let j = 0; j < n; j++) value += A[i * n + j] * Y[k * n + j];
      worst = Math.max(worst, Math.abs(value));
    }
  }
  return worst;
}
