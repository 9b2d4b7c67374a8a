import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { resolveDefaults } from '../../training/experimentSchema';
import { parseExperiment } from '../experiment';
import numpy from './fixtures/numpy.json';
import { experimentIdentity, isSweep, parseSweep } from './sweep';

const base = `name: Trade-off
dataset: qcqp-n20
technique: { kind: softPenalty, lambda: 10 }
optimizer: { kind: adam, learningRate: 1e-3 }
training: { epochs: 4, batchSize: 32 }
seed: 5
`;
const sweep = (block: string) => parseSweep(`${base}sweep:\n${block.replace(/^/gm, '  ')}\n`);

function plan(block: string) {
  const { plan, findings } = sweep(block);
  expect(findings).toEqual([]);
  return plan!;
}
const points = (block: string) => plan(block).runs.map(({ point }) => point);

describe('a sweep', () => {
  it('runs every combination, the last axis fastest, and every point once before any is repeated', () => {
    const { runs, axes, repeats, name } = plan(
      'axes:\n  technique.lambda: [1, 10, 100]\n  optimizer.learningRate: [1e-3, 1e-4]\nrepeats: 2',
    );
    expect(runs).toHaveLength(12);
    expect(runs.slice(0, 3).map(({ point }) => point)).toEqual([
      { 'technique.lambda': 1, 'optimizer.learningRate': 1e-3 },
      { 'technique.lambda': 1, 'optimizer.learningRate': 1e-4 },
      { 'technique.lambda': 10, 'optimizer.learningRate': 1e-3 },
    ]);
    expect(runs.map(({ repeat, seed }) => [repeat, seed])).toEqual([
      ...Array<unknown>(6).fill([0, 5]),
      ...Array<unknown>(6).fill([1, 6]),
    ]);
    expect(runs[0].experiment).toHaveProperty('technique', {
      kind: 'softPenalty',
      lambda: { kind: 'constant', value: 1 },
    });
    expect(runs[6].experiment.name).toBe('Trade-off · lambda = 1, learningRate = 0.001, seed 6');
    expect({ name, repeats, axes }).toEqual({
      name: 'Trade-off',
      repeats: 2,
      axes: [
        { path: 'technique.lambda', values: [1, 10, 100] },
        { path: 'optimizer.learningRate', values: [1e-3, 1e-4] },
      ],
    });
  });

  it('gives each run an experiment file of its own that means the same', () => {
    for (const { source, experiment } of plan('axes: { network.hidden: [[8], [16, 16]] }\nseeds: [3, 9]').runs)
      expect(parseExperiment(source()).experiment).toEqual(experiment);
  });

  it('repeats one experiment over seeds without any axis', () => {
    expect(plan('seeds: [0, 7]').runs.map(({ seed, point }) => [seed, point])).toEqual([
      [0, {}],
      [7, {}],
    ]);
  });

  it('has ranges with both ends, linear and logarithmic, rounded where the setting is a whole number', () => {
    expect(
      points('axes: { technique.lambda: { from: 0, to: 1, count: 5 } }').map((p) => p['technique.lambda']),
    ).toEqual([0, 0.25, 0.5, 0.75, 1]);
    const rates = points('axes: { optimizer.learningRate: { log: { from: 1e-5, to: 0.1, count: 5 } } }');
    expect(rates.map((p) => p['optimizer.learningRate'])).toEqual([1e-5, 1e-4, 1e-3, 0.01, 0.1]);
    const batches = points('axes: { training.batchSize: { log: { from: 8, to: 64, count: 4 } } }');
    expect(batches.map((p) => p['training.batchSize'])).toEqual([8, 16, 32, 64]);
    const epochs = points('axes: { training.epochs: { from: 1, to: 4, count: 3 } }');
    expect(epochs.map((p) => p['training.epochs'])).toEqual([1, 3, 4]);
  });

  it('draws at random what numpy draws; more samples go on where fewer ended', () => {
    const block = (samples: number) =>
      `axes:
  optimizer.learningRate: { logUniform: { from: 1e-4, to: 1e-1 } }
  training.batchSize: { integers: { from: 16, to: 64 } }
  network.activation: { choice: [relu, silu, gelu] }
  technique.lambda: { uniform: { from: 0.5, to: 2 } }
samples: ${samples}
seed: ${numpy.seed}`;
    const drawn = points(block(numpy.samples.length)).map((point) => Object.values(point));
    expect(drawn.map(([, batch, activation, lambda]) => [batch, activation, lambda])).toEqual(
      numpy.samples.map((sample) => sample.slice(1)),
    );
    // exp and log are the C library's in numpy and V8's here: the last bit may differ.
    drawn.forEach(([rate], i) => expect(Math.abs(Number(rate) / Number(numpy.samples[i][0]) - 1)).toBeLessThan(1e-15));
    expect(points(block(5)).map((point) => Object.values(point))).toEqual(drawn.slice(0, 5));
  });

  it('crosses samples with the grid: the same draws at every point', () => {
    const all = points(
      'axes:\n  technique.lambda: [1, 10]\n  optimizer.learningRate: { uniform: { from: 0.001, to: 0.1 } }\nsamples: 3',
    );
    expect(all).toHaveLength(6);
    const rates = all.map((point) => point['optimizer.learningRate']);
    expect(rates.slice(0, 3)).toEqual(rates.slice(3));
    expect(new Set(rates).size).toBe(3);
  });

  it('moves zipped axes together', () => {
    expect(points('zip:\n  - { network.hidden: [[8], [8, 8]], training.epochs: [2, 4] }')).toEqual([
      { 'network.hidden': '8', 'training.epochs': 2 },
      { 'network.hidden': '8, 8', 'training.epochs': 4 },
    ]);
  });

  it('varies the kind of a method: settings that another kind does not have are left out, equal points are one', () => {
    const { runs, axes } = plan('axes:\n  optimizer.momentum: [0, 0.9]\n  optimizer.kind: [adam, sgd]');
    expect(runs.map(({ point }) => point)).toEqual([
      { 'optimizer.kind': 'adam' },
      { 'optimizer.momentum': 0, 'optimizer.kind': 'sgd' },
      { 'optimizer.momentum': 0.9, 'optimizer.kind': 'sgd' },
    ]);
    expect(runs[0].experiment).toMatchObject({ optimizer: { kind: 'adam', learningRate: 1e-3 } });
    expect(runs[2].experiment).toMatchObject({ optimizer: { kind: 'sgd', learningRate: 1e-3, momentum: 0.9 } });
    expect(axes.map(({ path }) => path)).toEqual(['optimizer.kind', 'optimizer.momentum']);
  });

  it('takes whole methods as values', () => {
    const { runs } = plan('axes:\n  optimizer: [{ kind: adam }, { kind: sgd, momentum: 0.5 }]');
    expect(runs.map(({ point }) => point)).toEqual([
      { 'optimizer.kind': 'adam' },
      { 'optimizer.kind': 'sgd', 'optimizer.momentum': 0.5 },
    ]);
  });

  it('reaches into a method that the file leaves at its default', () => {
    const { plan } = parseSweep('dataset: x\nsweep:\n  axes: { optimizer.learningRate: [1e-3, 1e-2] }');
    expect(plan!.runs.map(({ experiment }) => experiment)).toMatchObject([
      { optimizer: { learningRate: 1e-3 } },
      { optimizer: { learningRate: 1e-2 } },
    ]);
  });

  it('is the same whenever it is worked out', () => {
    const block = 'axes: { technique.lambda: { logUniform: { from: 1, to: 100 } } }\nsamples: 4\nrepeats: 2';
    expect(JSON.stringify(plan(block))).toBe(JSON.stringify(plan(block)));
  });
});

describe('what is wrong with a sweep', () => {
  it.each([
    ['axes: { technique.lambda: [1, -1] }', 'technique.lambda.value', 'must be at least 0 (at lambda = -1)'],
    ['axes: { technique.lamda: [1] }', 'technique.lamda', 'unknown key “lamda”; known here: kind, lambda'],
    [
      'axes: { technique.lambda.value: [1] }',
      'technique.lambda.value',
      '“technique.lambda” is a value in the experiment, not a group of settings: sweep “technique.lambda” as a whole',
    ],
    [
      'axes: { technique.lambda: 3 }',
      'sweep.axes.technique.lambda',
      expect.stringContaining('expected a list of values'),
    ],
    ['axes: { technique: { lambda: [1] } }', 'sweep.axes.technique', expect.stringContaining('named by its path')],
    ['axes: { seed: [1, 2] }', 'sweep.axes.seed', expect.stringContaining('say seeds: […]')],
    [
      'axes: { technique.lambda: { from: 1, to: 3 } }',
      'sweep.axes.technique.lambda.count',
      expect.stringContaining('expected'),
    ],
    [
      'axes: { technique.lambda: { log: { from: 0, to: 3, count: 2 } } }',
      'sweep.axes.technique.lambda.log.from',
      'must be greater than 0',
    ],
    [
      'axes: { technique.lambda: { from: 1, too: 3, count: 2 } }',
      'sweep.axes.technique.lambda',
      'unknown key “too”; a range has from, to, count',
    ],
    [
      'axes: { technique.lambda: { uniform: { from: 1, to: 3 } } }',
      'sweep.samples',
      'is missing: how many draws of the random axes',
    ],
    [
      'axes: { technique.lambda: { uniform: { from: 3, to: 1 } } }\nsamples: 2',
      'sweep.axes.technique.lambda.uniform.to',
      'must end above its beginning',
    ],
    ['repeats: 2\nseeds: [1]', 'sweep.seeds', 'give either repeats or seeds'],
    ['{}', 'sweep', 'nothing is swept: give axes, repeats or seeds'],
    ['repeat: 3', 'sweep.repeat', 'unknown key “repeat”; known here: axes, zip, samples, seed, repeats, seeds'],
    [
      'zip: [{ technique.lambda: [1, 2], training.epochs: [1] }]',
      'sweep.zip[0].training.epochs',
      'has 1 values, “technique.lambda” has 2',
    ],
    [
      'axes: { technique.lambda: { from: 1, to: 9, count: 200 } }\nrepeats: 100',
      'sweep',
      '200 × 100 are 20000 runs; a sweep has at most 10000',
    ],
  ])('%s: a finding at %s', (block, path, message) => {
    const { plan, findings } = sweep(block);
    expect(plan).toBeNull();
    expect(findings).toContainEqual(expect.objectContaining({ path, message }));
  });

  it('stands at its line, and names the point and how many others have it', () => {
    const { findings } = sweep('axes:\n  technique.lambda: [1, 10]\n  training.batchSize:\n    - 32\n    - 0');
    expect(findings).toEqual([
      expect.objectContaining({
        path: 'training.batchSize',
        line: 12,
        message: 'must be at least 1 (at lambda = 1, batchSize = 0 and 1 other point)',
      }),
    ]);
  });

  it('is told once where the experiment itself is wrong', () => {
    const { findings } = parseSweep(
      'dataset: x\ntraining: { epoch: 3 }\nsweep: { axes: { technique.lambda: [1, 2] } }',
    );
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ path: 'training.epoch', line: 2, suggestion: 'epochs' });
    expect(findings[0].message).not.toContain('at lambda');
  });

  it('is said of a sweep that is started as a run, and of a run that is started as a sweep', () => {
    expect(parseExperiment(`${base}sweep: { repeats: 2 }`).findings[0]).toMatchObject({ path: 'sweep', line: 7 });
    expect(parseSweep(base).findings[0].message).toContain('this experiment is one run');
    const dataset = 'kind: dataset\nsweep: { repeats: 2 }';
    expect(parseSweep(dataset).findings[0]).toMatchObject({
      path: 'kind',
      line: 1,
      message: expect.stringContaining('not swept'),
    });
    expect([isSweep(base), isSweep(`${base}sweep: {}`), isSweep('a: [')]).toEqual([false, true, false]);
  });
});

describe('a sweep of bilevel runs', () => {
  const text = 'kind: bilevel\nproblem: { kind: V1, d: 3, n: 4 }\nalgorithm: { kind: ssigd, rule: strongly-convex }\n';

  it('has a grid and seeds, and leaves out settings that an algorithm does not have', () => {
    const { plan, findings } = parseSweep(
      `${text}sweep: { axes: { algorithm.kind: [ssigd, dsigd], algorithm.beta: [1e-3, 1e-2] }, seeds: [4, 5] }`,
    );
    expect(findings).toEqual([]);
    expect(plan!.runs.map(({ point, seed }) => [point['algorithm.kind'], point['algorithm.beta'], seed])).toEqual([
      ['ssigd', 1e-3, 4],
      ['ssigd', 1e-2, 4],
      ['dsigd', undefined, 4],
      ['ssigd', 1e-3, 5],
      ['ssigd', 1e-2, 5],
      ['dsigd', undefined, 5],
    ]);
    expect(plan!.runs.map(({ experiment }) => experiment)).toMatchObject(Array(6).fill({ kind: 'bilevel' }));
  });

  it('says at its line what does not fit together at a point', () => {
    const { findings } = parseSweep(`${text}useLayer: false\nsweep:\n  axes:\n    problem.kind: [V1, V2]\n`);
    expect(findings).toEqual([
      expect.objectContaining({ path: 'problem.kind', line: 7, message: expect.stringContaining('(at problem = V2)') }),
    ]);
  });
});

describe('the identity of an experiment', () => {
  const identity = (yaml: string) => experimentIdentity(resolveDefaults(parseExperiment(yaml).experiment));

  it('is what it does, not what it is called nor how it is written', () => {
    const plain = identity('dataset: x\ntechnique: { kind: softPenalty, lambda: 3 }');
    expect(
      identity(
        'name: other\ntags: [a]\nnotes: b\ntechnique: { lambda: { kind: constant, value: 3 }, kind: softPenalty }\ndataset: x',
      ),
    ).toBe(plain);
    expect(identity('dataset: x\ntechnique: { kind: softPenalty, lambda: 4 }')).not.toBe(plain);
    expect(identity('dataset: y\ntechnique: { kind: softPenalty, lambda: 3 }')).not.toBe(plain);
  });

  it('is that of the run after its manifest is read back', () => {
    const { experiment } = plan('seeds: [1]').runs[0];
    expect(experimentIdentity(parse(JSON.stringify(experiment)) as typeof experiment)).toBe(
      experimentIdentity(experiment),
    );
  });
});
