import { expect, test } from 'vitest';
import { licences } from './licences.mts';

test('every package that is shipped has a licence that lets it be', () => {
  const list = licences();
  expect(list.map(({ name }) => name)).toEqual(expect.arrayContaining(['vue', 'naive-ui', 'echarts', 'katex']));
  expect(list.map(({ name }) => name)).not.toContain('eslint');
  for (const { name, licence } of list) expect(`${name}: ${licence}`).toMatch(/: .*(MIT|ISC|BSD|Apache-2\.0|OFL-1\.1)/);
});
