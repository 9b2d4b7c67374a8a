import { expect, it } from 'vitest';
import { column, defaultColumns } from './columns';
import { aroundColumns, fitColumns, tagsBeside } from './columnFit';

const usual = defaultColumns(['training']).map(column);
const total = (fitted: { width: number }[]) => fitted.reduce((sum, { width }) => sum + width, aroundColumns);
const idsOf = (fitted: { column: { id: string } }[]) => fitted.map(({ column }) => column.id);
const widthOf = (fitted: ReturnType<typeof fitColumns>, id: string) =>
  fitted.find(({ column }) => column.id === id)?.width;

it('leaves out device, time and the last metric where a window is 1280 pixels wide', () => {
  const fitted = fitColumns(usual, {}, 1211, true);
  expect(total(fitted)).toBeLessThanOrEqual(1211);
  expect(idsOf(usual.map((column) => ({ column }))).filter((id) => !idsOf(fitted).includes(id))).toEqual([
    'metric:loss',
    'device',
    'active',
  ]);
});

it('fits every width down to state and name', () => {
  for (let available = 400; available < 2600; available += 37)
    expect(total(fitColumns(usual, {}, available, true))).toBeLessThanOrEqual(available);
  expect(idsOf(fitColumns(usual, {}, 200, true))).toEqual(['state', 'name']);
});

it('gives a wide window to names and to what differs, up to a limit', () => {
  const fitted = fitColumns(usual, {}, 1851, true);
  expect(total(fitted)).toBeGreaterThan(1840);
  expect(widthOf(fitted, 'name')).toBeGreaterThan(250);
  expect(widthOf(fitColumns(usual, {}, 4000, true), 'name')).toBe(420);
});

it('never touches a width or a set of columns that somebody chose', () => {
  expect(widthOf(fitColumns(usual, { name: 90, loss: 300 }, 1851, true), 'name')).toBe(90);
  expect(fitColumns(usual, {}, 700, false)).toHaveLength(usual.length);
});

it('keeps all columns at their own width while the width of the table is not known', () => {
  expect(fitColumns(usual, {}, 0, true).map(({ width }) => width)).toEqual(usual.map(({ width }) => width));
});

it('shows as many tags as have room behind the name', () => {
  const tags = ['demo', 'a-tag-that-somebody-made-rather-long', 'paper'];
  expect(tagsBeside('Soft penalty', tags, 250)).toBe(1);
  expect(tagsBeside('Soft penalty', tags, 600)).toBe(3);
  expect(tagsBeside('A name that is much longer than the cell in which it stands is', tags, 250)).toBe(0);
  expect(tagsBeside('Soft penalty', [], 20)).toBe(0);
});
