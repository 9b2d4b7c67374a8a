import { describe, expect, it } from 'vitest';
import { defaultAddress, parseNumbers, readAddress, writeAddress, type AuditAddress } from './address';

describe('the address of an audit', () => {
  const whole: AuditAddress = {
    source: { kind: 'run', id: 'r-1', step: 40 },
    ...{ split: 'test', instances: 3, iterations: [2, 9], anchorWeights: [0, 0.5], measure: 'bytes' },
    shown: { mode: 'anchored', iterations: 7, anchorWeight: 0.5, instance: 4 },
  };

  it('brings back what it was written from', () => {
    const query = (address: AuditAddress) => readAddress(writeAddress(address) as Record<string, string>);
    expect(query(whole)).toEqual(whole);
    expect(query(defaultAddress)).toEqual(defaultAddress);
    const untrained: AuditAddress = { ...whole, source: { kind: 'dataset', dataset: 'd', seed: 3, hidden: [8] } };
    expect(query(untrained)).toEqual(untrained);
  });

  it('holds nothing that is the default', () => {
    expect(writeAddress(defaultAddress)).toEqual({});
  });

  it('leaves out what makes no sense', () => {
    const query = { run: 'r', iterations: '0,x', anchor: '-1', measure: 'beauty', k: '1.5', split: 'none' };
    expect(readAddress(query)).toEqual({ ...defaultAddress, source: { kind: 'run', id: 'r' } });
  });
});

it('numbers are read with commas between, each once and in order', () => {
  expect(parseNumbers('10, 2,2')).toEqual([2, 10]);
  expect(parseNumbers('1,,2')).toBeNull();
  expect(parseNumbers('-1')).toBeNull();
});
