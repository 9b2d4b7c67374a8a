import type { DatasetInfo } from '@shared/datasets';

/** Optimiser steps of a first training: some minutes on a laptop at n = 100, and enough to see where it goes. */
const steps = 10_000;

/** 1, 2 or 5 times a power of ten, the nearest one. */
function round(value: number): number {
  const decade = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  const stops = [1, 2, 5, 10].map((mantissa) => mantissa * decade);
  return stops.reduce((a, b) => (Math.abs(Math.log(b / value)) < Math.abs(Math.log(a / value)) ? b : a));
}

/** How a first training on a dataset is set up: batches that fit its size, epochs for about ten thousand steps. */
export function trainingFor(dataset: Pick<DatasetInfo, 'splits' | 'dims'>): { batchSize: number; epochs: number } {
  const train = dataset.splits.train ?? dataset.dims.N ?? 1;
  const batchSize = train >= 2000 ? 200 : train >= 64 ? 32 : Math.max(1, Math.min(8, train));
  return { batchSize, epochs: round(steps / Math.max(1, Math.ceil(train / batchSize))) };
}

/** A first experiment on a dataset, as the text that the editor begins with. */
export function experimentFor(dataset: Pick<DatasetInfo, 'name' | 'splits' | 'dims'>): string {
  const { batchSize, epochs } = trainingFor(dataset);
  const { n } = dataset.dims;
  const width = n !== undefined && n > 100 ? 400 : 200;
  return `# A first training on ${dataset.name}: a soft penalty,
# two layers, about ${steps / 1000} 000 steps.
kind: training
name: Soft penalty on ${dataset.name}
dataset: ${dataset.name}
network: { kind: mlp, hidden: [${width}, ${width}], activation: relu }
technique: { kind: softPenalty, lambda: 10 }
optimizer: { kind: adam, learningRate: 1e-3 }
training:
  epochs: ${epochs}
  batchSize: ${batchSize}
  gradientsEvery: 10
seed: 0
tags: []
notes: >-
  Watch the gap and the violations: where the gap is negative,
  the output is better than the optimum because it leaves the
  constraints violated.
`;
}
