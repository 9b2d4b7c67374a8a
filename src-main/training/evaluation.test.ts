import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { AdjointError } from '@shared/errors';
import { encodeArrays } from '../store/datasetFile';
import type { NdArray } from '../store/ndarray';
import { evaluatePredictions, evaluationSplits } from './evaluation';
import { problemForms } from './fixtures/evaluation';
import { flat } from './fixtures/reference';
import { pickRows } from './labelledSet';

const folder = mkdtempSync(join(tmpdir(), 'adjoint-evaluation-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const floats = (data: Float64Array, ...shape: number[]): NdArray => ({ dtype: 'float64', shape, data });

function file(arrays: Record<string, NdArray>, name = 'predictions.npz'): string {
  const path = join(folder, name);
  writeFileSync(path, encodeArrays(path, new Map(Object.entries(arrays))));
  return path;
}

describe.each(problemForms)('predictions for a problem with $name', ({ expected, dataset }) => {
  const { N, n } = dataset;
  const outputs = flat(expected.predictions);

  it.each(evaluationSplits)('are scored as numpy scores them: %s', (split) => {
    const numpy = expected.metrics[split];
    const path = file({ predictions: floats(outputs, N, n) });
    const { instances, metrics } = evaluatePredictions(dataset, split, path);
    expect(instances).toBe(split === 'all' ? N : dataset.splits[split].length);
    expect(Object.keys(metrics)).toEqual(Object.keys(numpy));
    for (const [key, value] of Object.entries(numpy)) expect(metrics[key], key).toBeCloseTo(value, 12);
  });

  it('may be those of the split alone, under either name and in either format', () => {
    const own = pickRows(outputs, dataset.splits.test, n);
    const whole = evaluatePredictions(dataset, 'test', file({ Y: floats(outputs, N, n) }));
    for (const name of ['own.npz', 'own.pkl'])
      expect(evaluatePredictions(dataset, 'test', file({ Y: floats(own, own.length / n, n) }, name))).toEqual(whole);
  });
});

describe('predictions that cannot be scored are refused with what is wrong', () => {
  const [{ dataset, expected }] = problemForms;
  const { N, n } = dataset;
  const outputs = flat(expected.predictions);
  const problemOf = (path: string, split: (typeof evaluationSplits)[number] = 'test') => {
    try {
      evaluatePredictions(dataset, split, path);
    } catch (error) {
      if (error instanceof AdjointError) return error.problem;
    }
    throw new Error('was not refused');
  };

  it.each([
    [{ y: floats(outputs, N, n) }, 'neither predictions nor Y; it has y'],
    [{ Y: floats(outputs, n, N) }, 'but the dataset asks for [12, 5] for all instances, or [4, 5] for split test'],
    [{ Y: floats(outputs.slice(0, 3 * n), 3, n) }, '[4, 5] for split test'],
    [{ Y: floats(outputs, N * n) }, '[12, 5]'],
    [
      { Y: floats(outputs.with(5 * n + 2, NaN).with(7 * n, Infinity), N, n) },
      'Instance 0 of split test has NaN at variable 2; 2 of 4 instances are not finite',
    ],
    [{ Y: { dtype: 'str', shape: [1], data: ['a'] } as NdArray }, 'must hold numbers'],
  ])('%#', (arrays, what) => {
    const problem = problemOf(file(arrays as Record<string, NdArray>));
    expect(problem).toMatchObject({ code: 'bad-request', what: expect.stringContaining(what) });
  });

  it('an entry that is not finite outside of the split does no harm', () => {
    const path = file({ Y: floats(outputs.with(0, NaN), N, n) });
    expect(evaluatePredictions(dataset, 'test', path).instances).toBe(4);
    expect(problemOf(path, 'all').what).toContain('Instance 0 has NaN');
  });

  it('a file that is not there', () => {
    expect(problemOf(join(folder, 'none.npz')).code).toBe('not-found');
  });
});
