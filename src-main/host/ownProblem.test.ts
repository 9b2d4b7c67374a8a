import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NdArray } from '../store/ndarray';
import { readDataset } from '../store/dataset';
import { writeNpz } from '../store/npz';
import { Office, problemOf, reach, type Desk } from './fixtures/desk';

let office: Office;
let desk: Desk;
beforeEach(async () => {
  office = new Office();
  desk = await office.open();
});
afterEach(() => office.dispose());

/** min y₁² + ½y₂² + y₁ − y₂ with y₁ + y₂ = b, y₁ ≤ h: where the row is not active, y₁ = (b − 2)/3. */
const file = { format: 'matrix-problem/1', n: 2, Q: [2, 1], p: [1, -1], A: [[1, 1]], b: [0.4], G: [[1, 0]], h: [0.3] };
const array = (shape: number[], ...values: number[]): NdArray => ({
  ...{ dtype: 'float64', shape },
  data: Float64Array.from(values),
});
const arrays = {
  ...{ Q: array([2, 2], 2, 0, 0, 1), p: array([2], 1, -1), A: array([1, 2], 1, 1), b: array([1], 0.4) },
  ...{ G: array([1, 2], 1, 0), h: array([1], 0.3) },
};
const samples = [-1, 0.25, 2, 5, 8, 11];

function write(name: string, content: object): string {
  const path = join(office.workspace, name);
  writeFileSync(path, name.endsWith('.npz') ? writeNpz(new Map(Object.entries(content))) : JSON.stringify(content));
  return path;
}
const open = (path: string) => desk.client.problems.open({ kind: 'path', path });
const preview = (settings: object) => desk.client.problems.preview({ family: 'matrix', settings: { ...settings } });

it('a file becomes a dataset, also after it has gone', async () => {
  const path = write('mine.json', { ...file, name: 'Mine' });
  const opened = await open(path);
  expect(opened).toMatchObject({ name: 'Mine', dims: { n: 2, e: 1, m: 1 }, samples: { b: 0, h: 0 } });
  const text = readFileSync(path).toString('base64');
  expect((await desk.client.problems.open({ kind: 'bytes', name: 'x.json', base64: text })).file).toBe(opened.file);
  rmSync(path);
  expect(await desk.client.problems.open({ kind: 'kept', sha256: opened.file })).toEqual(opened);

  const settings = { file: opened.file, spread: 0.1, instances: 40 };
  const looked = await preview(settings);
  expect(looked.findings).toEqual([]);
  expect(looked.view).toMatchObject({ dims: { n: 2, e: 1, m: 1, N: 40 }, quadraticRows: false });
  expect(looked.fits!.traits).toMatchObject({ n: 2, e: 1, m: 1, curvedRows: 0, equalityRank: 1, rank: 2 });
  expect(looked.fits!.techniques.every(({ refusal }) => refusal === null)).toBe(true);

  const { ids } = await desk.client.datasets.generate({ family: 'matrix', settings, name: 'own' });
  await reach(desk, ids[0], 'done');
  const info = await desk.client.datasets.show({ name: 'own' });
  expect(info.provenance).toMatchObject({ family: 'matrix', settings: { file: opened.file, vary: 'b', entries: '0' } });
  const { X, Y, N } = readDataset(info.path);
  for (let i = 0; i < N; i++) expect(Math.abs(Y[2 * i] - (X[i] - 2) / 3)).toBeLessThan(1e-10);
  // What the file remembers of its making opens the form it was made with.
  const { n: _, m: __, e: ___, ...remembered } = info.provenance!.settings;
  expect((await preview(remembered)).findings).toEqual([]);
}, 120_000);

it('arrays of a .npz are the same problem, and its samples are the instances', async () => {
  const opened = await open(write('mine.npz', { ...arrays, b_samples: array([6, 1], ...samples) }));
  expect(opened).toMatchObject({ name: 'mine', samples: { b: 6, h: 0 } });
  const settings = { file: opened.file, law: 'samples', instances: 6 };
  const { ids } = await desk.client.datasets.generate({ family: 'matrix', settings, name: 'sampled' });
  await reach(desk, ids[0], 'done');
  const { X, Y } = readDataset(join(office.workspace, 'datasets', 'sampled.npz'));
  expect([...X]).toEqual(samples);
  // From b = 2.9 on the row y₁ ≤ 0.3 is active.
  samples.forEach((b, i) => expect(Math.abs(Y[2 * i] - Math.min(0.3, (b - 2) / 3))).toBeLessThan(1e-9));
  expect((await preview({ ...settings, instances: 7 })).findings).toMatchObject([
    { path: 'instances', message: 'The file has 6 samples of b: choose at most as many' },
  ]);
}, 120_000);

it('limits vary by a variable each, which the preview counts', async () => {
  const { file: sha256 } = await open(write('mine.json', file));
  const { view, fits } = await preview({ file: sha256, vary: 'h', spread: 0.1 });
  expect(view!.dims).toMatchObject({ n: 3, e: 2, m: 1 });
  expect(fits!.traits).toMatchObject({ n: 3, e: 2, equalityRank: 2 });
});

describe('what is wrong is named', () => {
  it.each([
    ['an unknown array', { ...arrays, lowr: array([2], 0, 0) }, 'lowr', 'is no part of a problem'],
    ['a matrix of another shape', { ...arrays, A: array([2], 1, 1) }, 'A', 'has 1 dimensions; there should be 2'],
    ['a number that is none', { ...arrays, p: array([2], 1, NaN) }, 'p', 'holds NaN at entry 1'],
    ['limits without rows', { ...arrays, h: array([2], 0.3, 1) }, 'G', 'has 1 rows; there should be 2'],
    ['samples of another length', { ...arrays, b_samples: array([1, 2], 1, 2) }, 'b_samples[0]', 'has 2 entries'],
  ])('%s in a .npz, by its name', async (_, content, path, message) => {
    const { code, findings } = await problemOf(open(write('wrong.npz', content)));
    expect(code).toBe('bad-request');
    expect(findings).toContainEqual({ path, message: expect.stringContaining(message) as string });
  });

  it.each([
    [{ vary: 'b' }, { A: undefined, b: undefined }, 'vary', 'no equality rows, so that b cannot vary'],
    [{ entries: '0, 4-5' }, {}, 'entries', 'b has no entry 4; it has 1'],
    [{ entries: 'first' }, {}, 'entries', 'must be numbers of entries'],
    [{ law: 'samples' }, {}, 'law', 'The file has no samples of b'],
    [{ spread: -1 }, {}, 'spread', ''],
    [{}, { Q: [2, -1] }, 'file', 'Q has the eigenvalue -1'],
    [{}, { A: [[1, 1], [2, 2]], b: [0, 0] }, 'file', 'only rank 1'], // prettier-ignore
  ])('settings %j with %j', async (settings, change, path, message) => {
    const opened = await open(write('mine.json', { ...file, ...change }));
    const { findings } = await preview({ file: opened.file, ...settings });
    expect(findings[0]).toMatchObject({ path, message: expect.stringContaining(message) as string });
  });

  it('a file that is not kept, or not there, or no problem; nothing is kept of it', async () => {
    expect((await preview({ file: 'a'.repeat(64) })).findings).toMatchObject([
      { path: 'file', message: /keeps no problem file with this checksum\. Choose the file again\./ },
    ]);
    expect((await preview({})).findings).toMatchObject([{ path: 'file', message: 'is missing: name a problem file' }]);
    expect(await problemOf(open(join(office.workspace, 'none.json')))).toMatchObject({ code: 'not-found' });
    expect(await problemOf(open(write('other.json', { format: 'nlls/1' })))).toMatchObject({ code: 'bad-request' });
    expect(readdirSync(join(office.workspace, 'datasets'))).not.toContain('problems');
  });
});
