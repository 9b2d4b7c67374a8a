import { Command } from 'commander';
import type { Places } from '../context';
import { gemmBench } from './gemm';
import { hypergradientBench } from './hypergradient';
import { labelsBench } from './labels';
import { layerBench } from './layer';
import { ssigdBench } from './ssigd';
import { techniquesBench } from './techniques';
import { trainingBench } from './training';

export function benchCommand(places: Places): Command {
  return new Command('bench')
    .description('Times one thing on fixed data, for comparison with other programs.')
    .addCommand(labelsBench(places))
    .addCommand(hypergradientBench())
    .addCommand(layerBench())
    .addCommand(ssigdBench())
    .addCommand(trainingBench())
    .addCommand(techniquesBench())
    .addCommand(gemmBench());
}
