import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { AdjointError } from '@shared/errors';
import { applySettings } from './settings';

const yaml = `# an example
name: base
optimizer: { kind: adam, learningRate: 1e-3 }
technique:
  kind: softPenalty   # with a constant weight
  lambda: 10
`;

describe('applySettings', () => {
  it('sets nested values as YAML reads them and keeps the comments', () => {
    const text = applySettings(yaml, [
      'optimizer.learningRate=1e-4',
      'network.hidden=[64, 64]',
      'tags=[a, b]',
      'name=x=y',
    ]);
    expect(parse(text)).toEqual({
      name: 'x=y',
      optimizer: { kind: 'adam', learningRate: 1e-4 },
      technique: { kind: 'softPenalty', lambda: 10 },
      network: { hidden: [64, 64] },
      tags: ['a', 'b'],
    });
    expect(text).toContain('# with a constant weight');
  });

  it('refuses what is not key=value', () => {
    expect(() => applySettings(yaml, ['lambda'])).toThrow('is not key=value');
    expect(() => applySettings(yaml, ['=3'])).toThrow('is not key=value');
  });

  it('refuses a value that is not YAML, without a stack trace', () => {
    const refused = () => applySettings(yaml, ['network.hidden=[64']);
    expect(refused).toThrow(AdjointError);
    expect(refused).toThrow('The value of "--set network.hidden=[64" is not YAML');
  });

  it('refuses to go into a plain value', () => {
    expect(() => applySettings(yaml, ['technique.lambda.value=3'])).toThrow('"technique.lambda" is a value');
  });
});
