import { describe, expect, it } from 'vitest';
import { formatAge } from '../../components/age';
import { sparklinePath } from '../../components/sparkline';
import { LogBuffer, readLine } from './logBuffer';
import { linesOfPaths } from './yamlLines';

describe('the lines of settings', () => {
  const yaml = ['name: a', 'optimizer:', '  kind: adam', '  learningRate: 0.01 # often', 'network:', '  hidden:', '    - 200', '    - 100', '  activation: relu', 'training:', '  learningRate: 1', 'seed: 3'].join('\n'); // prettier-ignore

  it('are found by their path, not by their name alone', () => {
    expect(linesOfPaths(yaml, ['optimizer.learningRate'])).toEqual([4]);
    expect(linesOfPaths(yaml, ['training.learningRate', 'seed'])).toEqual([11, 12]);
  });

  it('cover a list as a whole', () => {
    expect(linesOfPaths(yaml, ['network.hidden'])).toEqual([6, 7, 8]);
    expect(linesOfPaths('hidden:\n- 1\n- 2\nseed: 1', ['hidden'])).toEqual([1, 2, 3]);
  });

  it('are none for what is not there', () => {
    expect(linesOfPaths(yaml, ['nothing', 'optimizer.beta1'])).toEqual([]);
  });
});

describe('the log', () => {
  it('begins with a whole line when it is a tail', () => {
    const buffer = new LogBuffer();
    buffer.append({ text: 'alf a line\nwhole\n', offset: 100, end: 117 });
    expect(buffer.lines()).toEqual(['whole']);
  });

  it('grows at both ends, and says whether anything came', () => {
    const buffer = new LogBuffer();
    expect(buffer.append({ text: 'b\n', offset: 0, end: 2 })).toBe(true);
    expect(buffer.append({ text: '', offset: 2, end: 2 })).toBe(false);
    expect(buffer.append({ text: 'c\nd', offset: 2, end: 5 })).toBe(true);
    buffer.prepend({ text: 'a\n', offset: 0, end: 0 });
    expect(buffer.lines()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('tells time from text, and failures by their first words', () => {
    expect(readLine('2026-11-23T04:15:45.701Z Failed: The disk is full.')).toEqual({
      time: '2026-11-23T04:15:45.701Z',
      text: 'Failed: The disk is full.',
      level: 'error',
    });
    expect(readLine('2026-11-23T04:15:45.701Z Repair: cut 3 rows').level).toBe('warning');
    expect(readLine('2026-11-23T04:15:45.701Z Epoch 3, training error 0.4, nothing failed').level).toBe('info');
    expect(readLine('                         at job.ts:3').time).toBe('');
  });
});

describe('a sparkline', () => {
  const heights = (values: (number | null)[]) =>
    [...sparklinePath(values, 40, 18).matchAll(/[ML][\d.]+ ([\d.]+)/g)].map((match) => Number(match[1]));

  it('spans its box, greatest at the top', () => {
    expect(heights([0, 1, 0.5])).toEqual([17, 1, 9]);
  });

  it('is logarithmic where values fall by decades', () => {
    expect(heights([100, 10, 1])).toEqual([1, 9, 17]);
  });

  it('leaves gaps open', () => {
    expect(sparklinePath([1, 2, null, 3, 4], 40, 18).match(/M/g)).toHaveLength(2);
    expect(sparklinePath([1, null, null], 40, 18)).toBe('');
  });
});

describe('ages', () => {
  const now = Date.parse('2026-11-23T12:00:00Z');
  it.each([
    ['2026-11-23T11:59:48Z', '12 s'],
    ['2026-11-23T11:55:00Z', '5 min'],
    ['2026-11-23T09:00:00Z', '3 h'],
    ['2026-11-21T12:00:00Z', '2 d'],
    ['2026-07-23T12:00:00Z', '4 mo'],
    ['2026-11-23T12:00:09Z', '0 s'],
    ['nonsense', '–'],
  ])('of %s is %s', (iso, text) => expect(formatAge(iso, now)).toBe(text));
});
