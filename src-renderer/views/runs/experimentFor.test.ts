import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { experimentFor, trainingFor } from './experimentFor';

const dataset = (train: number, n = 20) => ({
  name: 'own',
  dims: { n, m: 10, e: 10, N: train },
  splits: { train, valid: 10, test: 10 },
});

describe('a first experiment on a dataset', () => {
  it('trains for about ten thousand steps, whatever the size', () => {
    for (const train of [5, 50, 166, 2000, 4166, 100_000]) {
      const { batchSize, epochs } = trainingFor(dataset(train));
      expect(batchSize).toBeLessThanOrEqual(train);
      const steps = epochs * Math.ceil(train / batchSize);
      expect(steps).toBeGreaterThan(4000);
      expect(steps).toBeLessThan(25_000);
    }
  });

  it('is a valid text that names the dataset', () => {
    expect(parse(experimentFor(dataset(4166, 100)))).toMatchObject({
      kind: 'training',
      dataset: 'own',
      technique: { kind: 'softPenalty' },
      training: { batchSize: 200, epochs: 500 },
    });
  });
});
