import { describe, expect, it } from 'vitest';
import type { MethodInfo } from '@shared/contract';
import { flattenSettings } from '@shared/settings';
import { changesFrom, defaultsOf } from './settingDefaults';

const method = (family: string, kind: string, settings: Record<string, unknown>): MethodInfo => ({
  family, kind, title: kind, summary: '', reference: null, metrics: [], settings,
}); // prettier-ignore

const methods = [
  method('experiment', 'training', {
    properties: {
      kind: { const: 'training', default: 'training' },
      seed: { default: 0 },
      optimizer: {
        default: { kind: 'adam' },
        oneOf: [
          { properties: { kind: { const: 'adam' }, learningRate: { default: 0.001 } } },
          { properties: { kind: { const: 'sgd' }, learningRate: { default: 0.01 }, momentum: { default: 0 } } },
        ],
      },
      network: {
        default: { kind: 'mlp' },
        oneOf: [{ properties: { kind: { const: 'mlp' }, hidden: { default: [200, 200] } } }],
      },
    },
  }),
];

describe('defaults of an experiment', () => {
  const experiment = {
    kind: 'training',
    seed: 3,
    optimizer: { kind: 'sgd', learningRate: 0.1, momentum: 0 },
    network: { kind: 'mlp', hidden: [200, 200] },
  };
  const defaults = defaultsOf(experiment, methods);

  it('are those of the methods that it names', () => {
    expect(defaults['optimizer.learningRate']).toBe(0.01);
    expect(defaults['optimizer.kind']).toBe('adam');
    expect(defaults.seed).toBe(0);
  });

  it('show what was changed, beside what it would have been', () => {
    expect(changesFrom(flattenSettings(experiment), defaults)).toEqual([
      { path: 'seed', value: 3, reference: 0 },
      { path: 'optimizer.kind', value: 'sgd', reference: 'adam' },
      { path: 'optimizer.learningRate', value: 0.1, reference: 0.01 },
    ]);
  });

  it('leave the name out: it changes nothing', () => {
    expect(changesFrom({ name: 'b' }, { name: 'a' })).toEqual([]);
  });
});
