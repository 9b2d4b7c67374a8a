import { expect, it } from 'vitest';
import { entriesOf, matrixSettings } from './matrixSettings';

it.each([
  ['0, 2, 5-9', [0, 2, 5, 6, 7, 8, 9]],
  ['1 – 3', [1, 2, 3]],
  ['5 -7,1', [5, 6, 7, 1]],
  ['9-7', [7, 8, 9]],
  ['10 12', [10, 12]],
])('entries “%s” are what somebody means by it', (text, entries) => {
  expect(matrixSettings.shape.entries.parse(text)).toBe(text);
  expect(entriesOf(text)).toEqual(entries);
});

it('no entries are all of them', () => {
  expect(entriesOf(matrixSettings.parse({ file: 'mine.json' }).entries)).toBeUndefined();
});

it.each(['-5', '5-', '1-2-3', '1--2', '2, -'])('“%s” names no entries', (text) => {
  expect(matrixSettings.safeParse({ file: 'mine.json', entries: text }).error?.issues[0].message).toContain(
    'must be numbers of entries',
  );
});

it('a long list that goes wrong at its end is refused at once', () => {
  const { success } = matrixSettings.shape.entries.safeParse(`${'1234567890 '.repeat(2000)}x`);
  expect(success).toBe(false);
});
