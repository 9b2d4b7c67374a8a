import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import {
  beginSweep,
  endSweep,
  readSweep,
  setAxis,
  setRepeats,
  setSamples,
  sweepPaths,
  type AxisField,
} from './sweepText';

const single = `# one run
dataset: x
technique: { kind: softPenalty, lambda: 10 } # the penalty
seed: 3
`;
const axis = (path: string, change: Partial<AxisField>): AxisField => ({ path, form: 'list', values: '', from: null, to: null, count: null, ...change }); // prettier-ignore
const block = (text: string) => (parse(text) as { sweep?: unknown }).sweep;

describe('the form of a sweep', () => {
  it('makes a sweep of a run and takes it back, comments and all', () => {
    const text = beginSweep(single);
    expect(block(text)).toEqual({ axes: { 'technique.lambda': [1, 10, 100] }, repeats: 2 });
    expect(text).toContain('technique.lambda: [ 1, 10, 100 ]');
    expect(text).toContain('# the penalty');
    expect(endSweep(text)).toBe(single);
    expect(readSweep(single)).toBeNull();
  });

  it('shows what the text says, whoever wrote it', () => {
    const text = `${single}sweep:
  axes:
    technique.lambda: { log: { from: 1, to: 100, count: 5 } }
    network.hidden: [[8], [16, 16]]
    optimizer.learningRate: { uniform: { from: 0.1, to: 1 } }
    training.epochs: { from: 1, to: 3, count: 3 }
  samples: 4
  seeds: [1, 2]
`;
    expect(readSweep(text)).toEqual({
      axes: [
        axis('technique.lambda', { form: 'log', from: 1, to: 100, count: 5 }),
        axis('network.hidden', { values: '[8], [16,16]' }),
        axis('optimizer.learningRate', { form: 'uniform', from: 0.1, to: 1 }),
        axis('training.epochs', { form: 'linear', from: 1, to: 3, count: 3 }),
      ],
      repeats: 1,
      samples: 4,
      more: ['seeds'],
    });
  });

  it('writes back what it shows: reading and writing every axis changes nothing', () => {
    let text = beginSweep(single);
    for (const field of [
      axis('technique.lambda', { form: 'log', from: 1, to: 100, count: 5 }),
      axis('network.hidden', { values: '[8], [16,16]' }),
      axis('optimizer.kind', { form: 'choice', values: 'adam, sgd' }),
      axis('training.batchSize', { form: 'integers', from: 8, to: 64 }),
    ])
      text = setAxis(text, field.path, field);
    text = setSamples(setRepeats(text, 3), 5);
    expect(block(text)).toEqual({
      axes: {
        'technique.lambda': { log: { from: 1, to: 100, count: 5 } },
        'network.hidden': [[8], [16, 16]],
        'optimizer.kind': { choice: ['adam', 'sgd'] },
        'training.batchSize': { integers: { from: 8, to: 64 } },
      },
      repeats: 3,
      samples: 5,
    });
    for (const field of readSweep(text)!.axes) expect(setAxis(text, field.path, field)).toBe(text);
  });

  it('moves an axis to another path and removes it', () => {
    const text = setAxis(beginSweep(single), 'technique.lambda', axis('seedless', { values: '1, 2' }));
    expect(block(text)).toMatchObject({ axes: { seedless: [1, 2] } });
    expect(readSweep(setAxis(text, 'seedless', null))!.axes).toEqual([]);
  });

  it('leaves a text alone that is no YAML yet', () => {
    expect(setRepeats('a: [', 3)).toBe('a: [');
    expect(readSweep('a: [')).toBeNull();
  });

  it('offers the settings there are, those written as one value as one', () => {
    const settings = { kind: 'training', dataset: 'x', 'technique.kind': 'softPenalty', 'technique.lambda.kind': 'constant', 'technique.lambda.value': 10, 'optimizer.learningRate': 1e-3, seed: 0 }; // prettier-ignore
    expect(sweepPaths(single, settings)).toEqual([
      'dataset',
      'technique.kind',
      'technique.lambda',
      'optimizer.learningRate',
    ]);
  });
});
