import { Command } from 'commander';
import { Generator } from '@shared/random/generator';
import { median } from '@shared/statistics/summary';
import { loadDevice } from '../../numerics/devices/ladder';
import { action, type CommonOptions, printJson, printLine, withCommonOptions } from '../context';
import { positive } from './text';

interface Options extends CommonOptions {
  size: number;
  threads: number;
  repeats: number;
}

export function gemmBench(): Command {
  return withCommonOptions(
    new Command('gemm').description(
      'Billions of operations a second in a product of square float64 matrices on simd64.',
    ),
  )
    .option('--size <n>', 'rows and columns', positive, 200)
    .option('--threads <count>', 'threads', positive, 1)
    .option('--repeats <count>', 'timed products, of which the median counts', positive, 300)
    .action(action((options: Options) => benchGemm(options)));
}

async function benchGemm({ size, threads, repeats, json }: Options): Promise<void> {
  const device = await loadDevice('simd64', { threads });
  const { tf } = device;
  const generator = new Generator(1);
  const [a, b] = [0, 1].map(() => device.tensor(generator.standardNormals(size * size), [size, size]));
  const times: number[] = [];
  for (let repeat = -50; repeat < repeats; repeat++) {
    const began = performance.now();
    const product = tf.matMul(a, b);
    if (repeat >= 0) times.push((performance.now() - began) / 1000);
    product.dispose();
  }
  const s = median(times);
  const row = { what: 'gemm', dtype: device.dtype, n: size, threads, s, gflops: (2 * size ** 3) / s / 1e9 };
  device.dispose();
  if (json) return printJson({ ...row, gflops_best: (2 * size ** 3) / Math.min(...times) / 1e9 });
  printLine(`${size} × ${size}, ${threads} threads: ${row.gflops.toFixed(1)} GF/s`);
}
