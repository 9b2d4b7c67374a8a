import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { methodSchema } from '@shared/contract';
import { metricCatalogue } from '@shared/metrics/catalogue';
import { changedSettings, experimentTitle, isSweep, methods, parseExperiment, parseSweep } from './experiment';
import { resolveDefaults } from '../training/experimentSchema';
import { flattenSettings } from '@shared/settings';
import { editDistance, nearest } from './nearest';

const findings = (yaml: string) => parseExperiment(yaml).findings;

describe('an experiment file', () => {
  it('needs only a dataset; every default is filled in', () => {
    const { experiment, findings } = parseExperiment('dataset: qcqp-n20');
    expect(findings).toEqual([]);
    expect(experiment).toMatchObject({
      kind: 'training',
      network: { kind: 'mlp', hidden: [200, 200], activation: 'relu' },
      technique: { kind: 'softPenalty', lambda: { kind: 'constant', value: 10 } },
      optimizer: { kind: 'adam', learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
      training: { epochs: 300, batchSize: 32 },
      device: 'auto',
      seed: 0,
    });
  });

  it.each(['lambda: 3', 'lambda: { value: 3 }', 'lambda: { kind: constant, value: 3 }'])(
    'takes %s for a constant',
    (text) => {
      const { experiment } = parseExperiment(`dataset: x\ntechnique: { kind: softPenalty, ${text} }`);
      expect(experiment).toHaveProperty('technique', { kind: 'softPenalty', lambda: { kind: 'constant', value: 3 } });
    },
  );

  it.each([
    [
      'a key that is there twice',
      'dataset: x\ntraining:\n  epochs: 1\n  epochs: 2',
      4,
      'the key “epochs” is there twice',
    ],
    ['tabs', 'dataset: x\ntraining:\n\tepochs: 1', 3, 'tabs cannot indent: use spaces'],
    ['two documents', 'dataset: x\n---\ndataset: y', 2, 'an experiment is one document'],
    ['an open bracket', 'dataset: [x', 1, 'Flow sequence'],
    [
      'aliases that would fill the memory',
      [
        'a: &a [1,1,1,1,1,1,1,1,1]',
        ...[...'bcde'].map((key, i) => `${key}: &${key} [${Array(9).fill(`*${'abcd'[i]}`)}]`),
      ].join('\n'),
      1,
      'excessive alias count',
    ],
    ['far too much text', `dataset: x\nnotes: ${'x'.repeat(100_000)}`, 1, 'at most 100000'],
    ['bytes that are no text', String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i)), 1, ''],
  ])('finds %s at its line', (_, yaml, line, message) => {
    const { experiment, findings } = parseExperiment(yaml);
    expect(experiment).toBeNull();
    expect(findings[0].line).toBe(line);
    expect(findings[0].message).toContain(message);
  });

  it('says where each unknown key is, and the nearest valid one', () => {
    const yaml = ['dataset: x', 'netwerk: { kind: mlp }', 'optimizer:', '  kind: adam', '  learning_rate: 1e-4'].join(
      '\n',
    );
    expect(findings(yaml)).toEqual([
      expect.objectContaining({ path: 'optimizer.learning_rate', line: 5, column: 3, suggestion: 'learningRate' }),
      expect.objectContaining({ path: 'netwerk', line: 2, column: 1, suggestion: 'network' }),
    ]);
    // Momentum belongs to another optimizer: Adam's own keys are what is valid here.
    const [finding] = findings('dataset: x\noptimizer: { kind: adam, momentum: 0.9 }');
    expect(finding.message).toBe(
      'unknown key “momentum”; known here: kind, learningRate, beta1, beta2, epsilon, schedule, warmup, clip',
    );
  });

  it.each([
    ['network: { kind: mpl }', 'network.kind', '“mpl” is not one of mlp', 'mlp'],
    ['optimizer: { kind: AdamW2 }', 'optimizer.kind', '“AdamW2” is not one of adam, adamw, sgd', 'adamw'],
    ['optimizer: { learningRate: 1 }', 'optimizer.kind', 'is missing; one of adam, adamw, sgd', undefined],
    [
      'network: { kind: mlp, activation: rellu }',
      'network.activation',
      '“rellu” is not one of relu, silu, gelu',
      'relu',
    ],
    ['network: { kind: mlp, hidden: [8, big] }', 'network.hidden[1]', 'expected a number, found “big”', undefined],
    ['training: { epochs: 3.5 }', 'training.epochs', 'expected a whole number, found 3.5', undefined],
    ['training: { batchSize: 0 }', 'training.batchSize', 'must be at least 1', undefined],
    ['optimizer: { kind: sgd, learningRate: 0 }', 'optimizer.learningRate', 'must be greater than 0', undefined],
    [
      'optimizer: { kind: sgd, nesterov: true }',
      'optimizer.nesterov',
      'nesterov’s method needs momentum above 0',
      undefined,
    ],
    ['technique: { kind: softPenalty, lambda: -1 }', 'technique.lambda.value', 'must be at least 0', undefined],
    ['seed: yes', 'seed', 'expected a number, found “yes”', undefined],
    ['tags: fast', 'tags', 'expected a list, found “fast”', undefined],
    ['device: gpu', 'device', '“gpu” is not one of auto, simd64, tensorflow, wasm, cpu', undefined],
  ])('%s: a finding at %s', (text, path, message, suggestion) => {
    const found = findings(`dataset: x\n${text}\n`);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ path, message, line: 2 });
    if (path !== 'device') expect(found[0].suggestion).toBe(suggestion);
  });

  it.each([
    ['', '', 'the experiment is empty', 1],
    ['- a\n- b', '', 'expected settings (key: value)', 1],
    ['dataset: x\nnetwork: [1', '', expect.stringContaining('Flow sequence'), 2],
    ['seed: 1', 'dataset', 'is missing: name a dataset or give a path', 1],
    [
      'kind: trainng\ndataset: x',
      'kind',
      'there is no kind of experiment “trainng”; known: training, dataset, bilevel, hypergradients',
      1,
    ],
    ['dataset: x\ndataset: y', '', 'the key “dataset” is there twice: keep one', 2],
  ])('%j is refused as a whole', (yaml, path, message, line) => {
    expect(parseExperiment(yaml).experiment).toBeNull();
    expect(findings(yaml)[0]).toMatchObject({ path, message, line });
  });

  it('says where the interval of a schedule is empty', () => {
    const yaml = 'dataset: x\ntechnique: { kind: softPenalty, lambda: { kind: linear, begin: 0.5, end: 0.2 } }';
    expect(findings(yaml)).toEqual([
      expect.objectContaining({ path: 'technique.lambda.end', message: 'must be greater than begin', line: 2 }),
    ]);
  });

  it('has a title even where it is not valid', () => {
    expect(experimentTitle('name: My run\nnonsense: 1')).toBe('My run');
    expect(experimentTitle('a: [')).toBeNull();
  });
});

describe('settings', () => {
  it('changed ones are told from defaults, also of a method that is not the default one', () => {
    const plain = resolveDefaults({ dataset: 'x', name: 'y', tags: ['z'] });
    expect(changedSettings(plain)).toEqual([]);
    const changed = resolveDefaults({
      dataset: 'x',
      network: { kind: 'mlp', hidden: [200, 100] },
      technique: { kind: 'softPenalty', lambda: 5 },
      optimizer: { kind: 'sgd', momentum: 0.9 },
      seed: 3,
    });
    expect(changedSettings(changed)).toEqual([
      'network.hidden',
      'technique.lambda.value',
      'optimizer.kind',
      'optimizer.momentum',
      'seed',
    ]);
  });

  it('of a schedule are told apart from other settings of its own kind only', () => {
    const changed = (lambda: object) =>
      changedSettings(resolveDefaults({ dataset: 'none', technique: { kind: 'softPenalty', lambda } }));
    expect(changed({ kind: 'linear' })).toEqual(['technique.lambda.kind']);
    expect(changed({ kind: 'step', every: 3 })).toEqual(['technique.lambda.kind', 'technique.lambda.every']);
  });

  it('flatten to one value a path', () => {
    expect(flattenSettings({ a: { b: 1, c: [1, 2] }, d: null })).toEqual({ 'a.b': 1, 'a.c': '1, 2', d: null });
  });
});

describe('methods', () => {
  it('all describe themselves and each of their settings; their metrics are in the catalogue', () => {
    const listed = methods();
    expect(new Set(listed.map(({ family }) => family))).toEqual(
      new Set([
        ...['experiment', 'network', 'technique', 'optimizer', 'schedule', 'learningRate'],
        ...['outerAlgorithm', 'estimator'],
      ]),
    );
    const keys = new Set(metricCatalogue.map(({ key }) => key));
    for (const method of listed) {
      methodSchema.parse(method);
      expect(method.summary.length, method.kind).toBeGreaterThan(10);
      for (const metric of method.metrics) expect(keys).toContain(metric);
      const properties = method.settings.properties as Record<string, Record<string, unknown>>;
      for (const [name, schema] of Object.entries(properties)) {
        if (name === 'kind') continue;
        expect(schema.description, `${method.kind}.${name}`).toBeTypeOf('string');
        if (name !== 'dataset') expect(schema, `${method.kind}.${name}`).toHaveProperty('default');
      }
    }
  });
});

describe('suggestions', () => {
  it('count swaps of neighbours as one edit', () => {
    expect(editDistance('constnat', 'constant')).toBe(1);
    expect(editDistance('kitten', 'sitting')).toBe(3);
    expect(editDistance('', 'abc')).toBe(3);
  });

  it('are given only if something is near', () => {
    expect(nearest('batch_size', ['batchSize', 'epochs'])).toBe('batchSize');
    expect(nearest('epoch', ['batchSize', 'epochs'])).toBe('epochs');
    expect(nearest('weightDecay', ['epochs', 'beta1'])).toBeUndefined();
  });
});

describe('examples', () => {
  const folder = fileURLToPath(new URL('../../resources/experiments/', import.meta.url));
  it.each(readdirSync(folder))('%s is valid and has a title and notes', (file) => {
    const yaml = readFileSync(folder + file, 'utf8');
    const { plan, findings } = isSweep(yaml) ? parseSweep(yaml) : { plan: null, ...parseExperiment(yaml) };
    expect(findings).toEqual([]);
    expect(experimentTitle(yaml)).not.toBeNull();
    const experiment = plan ? plan.runs[0].experiment : parseExperiment(yaml).experiment;
    expect(experiment!.notes.length).toBeGreaterThan(20);
  });
});
