import { availableParallelism } from 'node:os';
import { median } from '@shared/statistics/summary';
import { Command } from 'commander';
import { generateQcqp, qcqpSettings } from '../../modelling/families/qcqp';
import type { DeviceName } from '../../numerics/devices/device';
import { loadDevice } from '../../numerics/devices/ladder';
import { action, type CommonOptions, printJson, printLine, withCommonOptions } from '../context';
import { positive } from './text';
import { trainingSteps } from './trainingStep';

interface Options extends CommonOptions {
  device: DeviceName;
  batch: string;
  threads: number;
  repeats: number;
}

export function trainingBench(): Command {
  return withCommonOptions(
    new Command('training').description(
      'Seconds per training step: soft penalty, MLP 50-200-200-100 with relu, Adam, QCQP n = 100, m = 50, e = 50, seed 2025.',
    ),
  )
    .option('--device <name>', 'where to compute', 'simd64')
    .option('--batch <list>', 'batch sizes, separated by commas', '128,512')
    .option('--threads <count>', 'threads of the device', positive, availableParallelism())
    .option('--repeats <count>', 'timed steps, of which the median counts', positive, 200)
    .action(action((options: Options) => benchTraining(options)));
}

const warmUps = 100;

async function benchTraining({ device: name, batch, threads, repeats, json }: Options): Promise<void> {
  const device = await loadDevice(name, { threads });
  const { family: problem } = generateQcqp(qcqpSettings.parse({ n: 100, m: 50, e: 50, instances: 64, seed: 2025 }));
  for (const size of batch.split(',').map(positive)) {
    const technique = { kind: 'softPenalty', lambda: 10 };
    const steps = await trainingSteps({ device, problem, technique, batch: size, warmUps, repeats });
    const times = steps.map(({ seconds }) => seconds);
    const row = {
      what: 'training',
      device: device.name,
      dtype: device.dtype,
      batch: size,
      s: median(times),
      threads: device.threads,
    };
    if (json) printJson({ ...row, s_min: Math.min(...times) });
    else printLine(`batch ${size}: ${(1000 * row.s).toFixed(3)} ms a step on ${device.name}, ${row.threads} threads`);
  }
  device.dispose();
}
