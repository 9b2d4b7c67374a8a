import { spawnSync } from 'node:child_process';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32, deflateRawSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileSha256, inspectDataset, readDataset, writeDataset, type Dataset } from './dataset';
import { readArrays } from './datasetFile';
import { alteredDataset, refusal, zeros } from './fixtures/alteredDatasets';
import { temporaryDirectory } from './fixtures/examples';
import { seededRandom } from './fixtures/killing';
import type { NdArray } from './ndarray';
import { readNpy, writeNpy } from './npy';
import { readNpz } from './npz';
import { writePickle, type PickleOutput } from './pickleWriter';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const npz = at('../../resources/datasets/qcqp-n20.npz');
const pkl = at('./fixtures/qcqp-n20.pkl');

interface Expected {
  entries: Record<
    string,
    { dtype: string; shape: number[]; sum: number; first: number[]; last: number[]; checksum: number }
  >;
  objective: number[];
  activeQuadratics: number[];
}
const expected = JSON.parse(readFileSync(at('./fixtures/qcqp-n20.expected.json'), 'utf8')) as Expected;

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

const altered = (change: Record<string, NdArray | null>) => alteredDataset(directory.path, npz, change);

const indices = (...values: number[]): NdArray => ({
  dtype: 'int64',
  shape: [values.length],
  data: BigInt64Array.from(values, BigInt),
});

describe('the public data set', () => {
  it.each([npz, pkl])('has the arrays and checksums that were published: %s', (path) => {
    const arrays = readArrays(path);
    expect([...arrays.keys()].sort()).toEqual(Object.keys(expected.entries).sort());
    for (const [name, { shape, sum, first, last, checksum }] of Object.entries(expected.entries)) {
      const array = arrays.get(name)!;
      const values = Array.from<number | bigint | string, number>(array.data, Number);
      expect(array.shape).toEqual(shape);
      expect(values.slice(0, 3)).toEqual(first);
      expect(values.slice(-3)).toEqual(last);
      const size = values.reduce((a, b) => a + Math.abs(b), 1);
      expect(Math.abs(values.reduce((a, b) => a + b, 0) - sum)).toBeLessThan(1e-14 * size);
      expect(Math.abs(values.reduce((a, b, k) => a + b * Math.cos(k), 0) - checksum)).toBeLessThan(1e-14 * size);
    }
  });

  it('is the same from .npz and from .pkl', () => {
    expect(readDataset(pkl)).toEqual(readDataset(npz));
  });

  it('holds optima: objective and active quadratics are the published ones, and nothing is violated', () => {
    const { n, m, e, N, Q, p, A, G, H, h, X, Y, diagonal } = readDataset(npz);
    expect({ n, m, e, N, diagonal }).toEqual({ n: 20, m: 10, e: 10, N: 200, diagonal: true });
    for (let i = 0; i < N; i++) {
      const y = Y.subarray(i * n, (i + 1) * n);
      let objective = 0;
      for (let r = 0; r < n; r++) {
        objective += p[r] * y[r];
        for (let c = 0; c < n; c++) objective += 0.5 * y[r] * Q[r * n + c] * y[c];
      }
      expect(objective).toBeCloseTo(expected.objective[i], 12);
      for (let r = 0; r < e; r++) {
        let residual = -X[i * e + r];
        for (let c = 0; c < n; c++) residual += A[r * n + c] * y[c];
        expect(Math.abs(residual)).toBeLessThan(1e-13);
      }
      let active = 0;
      for (let j = 0; j < m; j++) {
        let value = -h[j];
        for (let c = 0; c < n; c++) value += (H[j * n + c] * y[c] + G[j * n + c]) * y[c];
        expect(value).toBeLessThan(1e-13);
        if (value > -1e-9) active++;
      }
      expect(active).toBe(expected.activeQuadratics[i]);
    }
  });

  it('is described for lists and pages', async () => {
    expect(inspectDataset(npz)).toMatchObject({
      name: 'qcqp-n20',
      family: 'qcqp',
      bytes: 60500,
      dims: { n: 20, m: 10, e: 10, N: 200 },
      splits: { train: 166, valid: 17, test: 17 },
      problem: null,
    });
    expect(inspectDataset(pkl).arrays.find(({ name }) => name === 'splits.train')).toEqual({
      name: 'splits.train',
      dtype: 'int64',
      shape: [166],
    });
    const sum = spawnSync('sha256sum', [npz], { encoding: 'utf8' });
    if (!sum.error) expect(await fileSha256(npz)).toBe(sum.stdout.slice(0, 64));
  });

  it.each(['copy.npz', 'copy.pkl'])('is written and read back bit for bit: %s', (name) => {
    const path = join(directory.path, name);
    const multipliers = { inequality: new Float64Array(2000).fill(0.25), equality: null };
    const dataset: Dataset = { ...readDataset(npz), multipliers };
    writeDataset(path, dataset);
    expect(readDataset(path)).toEqual(dataset);
  });

  it.each(['copy.npz', 'copy.pkl'])('is loaded by Python with numpy after we wrote it: %s', (name) => {
    const path = join(directory.path, name);
    writeDataset(path, readDataset(npz));
    const script = `
import sys
try:
    import numpy as np
except ImportError:
    sys.exit(77)
import pickle
def load(p):
    if p.endswith('.npz'):
        d = dict(np.load(p, allow_pickle=False))
        return {k.replace('splits_', 'splits.'): v for k, v in d.items()}
    with open(p, 'rb') as f: d = pickle.load(f)
    s = d.pop('splits')
    return {**d, **{'splits.' + k: v for k, v in s.items()}}
a, b = load(sys.argv[1]), load(sys.argv[2])
assert a.keys() == b.keys(), (a.keys(), b.keys())
for k in a: assert a[k].dtype == b[k].dtype and a[k].tobytes() == np.ascontiguousarray(b[k]).tobytes(), k`;
    const python = spawnSync('python3', ['-c', script, path, npz], { encoding: 'utf8' });
    if (python.error || python.status === 77) {
      console.log('skipped: python3 with numpy is not installed here');
      return;
    }
    expect(python.stderr).toBe('');
  });
});

describe('a dataset that does not hold together', () => {
  it.each<[Record<string, NdArray | null>, string]>([
    [{ h: zeros(9) }, 'G has 10 rows but h has 9'],
    [{ Q: zeros(20, 19) }, 'Q has 20 rows and 19 columns; it must be square'],
    [{ p: zeros(21) }, 'p has 21 entries but Q has 20 columns'],
    [{ A: zeros(10, 19) }, 'A has 19 columns but Q has 20'],
    [{ H: zeros(10, 20, 19) }, 'H has 19 variables but Q has 20 columns'],
    [{ X: zeros(200, 11) }, 'X has 11 columns but A has 10 rows'],
    [{ Y: zeros(199, 20) }, 'Y has 199 rows but X has 200'],
    [{ Y: null }, 'Array Y is missing'],
    [{ G: zeros(10, 20, 1) }, 'G has 3 axes (float64[10, 20, 1]) where 2 are needed'],
    [{ 'multipliers.inequality': zeros(200, 11) }, 'lambda is float64[200, 11] but X has 200 rows and G has 10'],
    [{ p: { dtype: 'str', shape: [20], data: Array<string>(20).fill('x') } }, 'p is str[20]; it must hold numbers'],
    [{ 'splits.test': null }, 'Split test is missing'],
    [{ 'splits.test': indices(199, 200) }, 'splits.test[1] is 200, but there are instances 0 to 199'],
    [{ 'splits.test': indices(-1) }, 'splits.test[0] is -1'],
    [{ 'splits.test': indices(199, 5) }, 'Instance 5 is in splits train and test'],
    [{ 'splits.test': indices(199, 199) }, 'Instance 199 is twice in split test'],
  ])('is refused by name: %#', (change, message) => {
    for (const path of altered(change)) {
      const { problem } = refusal(path);
      expect(problem.code).toBe('invalid-dataset');
      expect(problem.what).toContain(message);
      expect(problem.where).toContain(path);
      expect(inspectDataset(path).problem?.what).toBe(problem.what);
    }
  });

  it.each([
    [{ X: null, Y: null, trainX: zeros(2, 10), validX: zeros(2, 10) }, 'kept by split (trainX, validX): join them'],
    [{ Q: null, q: zeros(20, 20) }, 'Capitals count: rename q to Q'],
    [{ 'splits.valid': null, 'splits.val': indices(170) }, 'rename splits.val to splits.valid'],
    [{ 'splits.test': { dtype: 'bool' as const, shape: [200], data: new Uint8Array(200) } }, 'numpy.flatnonzero(mask)'],
  ])('that is kept in another form is told how to change it: %#', (change, hint) => {
    for (const path of altered(change)) {
      const { problem } = refusal(path);
      expect(`${problem.what} ${problem.fix}`).toContain(hint);
    }
  });

  it('names what stands in the place of an array', () => {
    const pickle = (name: string, value: PickleOutput) => {
      const path = join(directory.path, 'odd.pkl');
      const arrays = [...readArrays(npz)].filter(([key]) => !key.startsWith('splits.') && key !== name);
      writeFileSync(path, writePickle(new Map<string, PickleOutput>([...arrays, [name, value]])));
      return path;
    };
    expect(refusal(pickle('h', 3)).problem.what).toContain('h is a number, not an array');
    expect(refusal(pickle('H', 3)).problem.what).toContain('H is a number, not an array');
    expect(refusal(pickle('splits', 3)).problem.what).toContain('splits is a number');
    expect(refusal(pickle('splits', zeros(200))).problem.what).toContain('not a dict of three');
  });

  it('may hold the matrices H_i as a list', () => {
    const arrays = [...readArrays(npz)].filter(([key]) => !key.startsWith('splits.') && key !== 'H');
    const body = (value: PickleOutput) => writePickle(value).subarray(2, -1);
    const matrices = Array.from({ length: 10 }, (_, i) => ({ ...zeros(20, 20), data: new Float64Array(400).fill(i) }));
    const latin1 = (text: string) => Buffer.from(text, 'latin1');
    const path = join(directory.path, 'list.pkl');
    writeFileSync(
      path,
      Buffer.concat([
        ...[latin1('\x80\x04'), body(new Map(arrays)), latin1('\x8c\x01H](')],
        ...[...matrices.map(body), latin1('es.')],
      ]),
    );
    const { diagonal, H } = readDataset(path);
    expect(diagonal).toBe(false);
    expect([H.length, H[399], H[400], H[3999]]).toEqual([4000, 0, 1, 9]);
  });

  it('names the entry that is NaN or infinite, and how many there are', () => {
    const Y = readArrays(npz).get('Y')!;
    const data = (Y.data as Float64Array).slice();
    data[3 * 20 + 17] = Number.NaN;
    data[5 * 20] = Infinity;
    for (const path of altered({ Y: { ...Y, data } }))
      expect(refusal(path).problem.what).toBe('Y[3, 17] is NaN, 2 entries in all.');
  });

  it('lists every disagreement as a finding', () => {
    const [path] = altered({ h: zeros(9), p: zeros(3) });
    expect(refusal(path).problem.findings?.map(({ path }) => path)).toEqual(['p', 'G']);
  });

  it('may lack splits, which are then by order', () => {
    const [path] = altered({ 'splits.train': null, 'splits.valid': null, 'splits.test': null });
    const { splits } = readDataset(path);
    expect([splits.train.length, splits.valid.length, splits.test.length]).toEqual([166, 17, 17]);
    expect([splits.train[0], splits.valid[0], splits.test[16]]).toEqual([0, 166, 199]);
    const few = { X: zeros(3, 10), Y: zeros(3, 20) };
    const [small] = altered({ ...few, 'splits.train': null, 'splits.valid': null, 'splits.test': null });
    expect(inspectDataset(small).splits).toEqual({ train: 1, valid: 1, test: 1 });
  });

  it('may have dense quadratics and float32 numbers', () => {
    const Q = readArrays(npz).get('Q')!;
    const [path] = altered({
      H: zeros(10, 20, 20),
      Q: { dtype: 'float32', shape: [20, 20], data: Float32Array.from(Q.data as Float64Array) },
    });
    const dataset = readDataset(path);
    expect(dataset.diagonal).toBe(false);
    expect(dataset.Q[0]).toBe(Math.fround((Q.data as Float64Array)[0]));
  });

  it('that is no file, no dataset or another kind of file is said so', () => {
    expect(refusal(join(directory.path, 'none.npz')).code).toBe('not-found');
    expect(refusal(join(directory.path, 'a.csv')).problem.fix).toContain('extensions');
    writeFileSync(join(directory.path, 'text.npz'), 'hello');
    expect(refusal(join(directory.path, 'text.npz')).problem.what).toContain('not a zip archive');
    writeFileSync(join(directory.path, 'list.pkl'), Buffer.from('\x80\x02].', 'latin1'));
    expect(refusal(join(directory.path, 'list.pkl')).problem.what).toContain('holds a list, not a dict of arrays');
    expect(inspectDataset(join(directory.path, 'none.npz'))).toMatchObject({
      bytes: 0,
      problem: { code: 'not-found' },
    });
  });
});

describe('.npy and .npz files', () => {
  it('names array and byte when a .npy is truncated, lies, or holds objects', () => {
    const good = writeNpy({ dtype: 'float64', shape: [2, 3], data: new Float64Array(6) });
    const header = (text: string) => {
      const bytes = good.slice();
      bytes.set(Buffer.from(text.padEnd(117)), 10);
      return bytes;
    };
    const message = (bytes: Uint8Array) => {
      try {
        readNpy(bytes, 'Q');
      } catch (error) {
        return (error as Error).message;
      }
      return 'read';
    };
    expect(message(good)).toBe('read');
    expect(message(good.subarray(0, good.length - 8))).toBe(
      'Array "Q" should have 48 bytes for float64[2, 3] but has 40 (byte 168).',
    );
    expect(message(good.subarray(0, 50))).toBe('Array "Q" is truncated in its header (byte 50).');
    expect(message(good.subarray(1))).toContain('not in .npy format');
    expect(message(header("{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999, 9999999999), }"))).toContain(
      'should have Infinity bytes',
    );
    expect(message(header("{'descr': '|O', 'fortran_order': False, 'shape': (6,), }"))).toContain('Python objects');
    expect(message(header("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (6,), }"))).toContain(
      'is not read',
    );
    expect(message(header("{'descr': '<f8', 'shape': (6,), }"))).toContain('damaged header');
  });

  it('reads deflated archives, and refuses one that promises too much', () => {
    const array = writeNpy({ dtype: 'float64', shape: [1000], data: new Float64Array(1000).fill(0.5) });
    const archive = zipSync({ 'a.npy': array }, { level: 6 });
    expect(readNpz(archive).get('a')!.data).toEqual(new Float64Array(1000).fill(0.5));
    const view = new DataView(archive.buffer);
    const directoryAt = view.getUint32(archive.length - 22 + 16, true);
    view.setUint32(directoryAt + 24, 0xfffffff0, true);
    expect(() => readNpz(archive)).toThrow('Array "a" promises more bytes than it can hold');
  });

  it('reads what numpy writes in zip64 form', () => {
    const array = writeNpy({ dtype: 'float64', shape: [4], data: Float64Array.of(1, 2, 3, 4) });
    const packed = deflateRawSync(array);
    const name = Buffer.from('x.npy');
    const extra = Buffer.alloc(20);
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(16, 2);
    extra.writeBigUInt64LE(BigInt(array.length), 4);
    extra.writeBigUInt64LE(BigInt(packed.length), 12);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(8, 8);
    local.writeUInt16LE(name.length, 26);
    local.writeUInt16LE(extra.length, 28);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(8, 10);
    central.writeUInt32LE(crc32(array), 16);
    central.writeUInt32LE(0xffffffff, 20);
    central.writeUInt32LE(0xffffffff, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt16LE(extra.length, 30);
    const body = Buffer.concat([local, name, extra, packed]);
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt16LE(1, 10);
    end.writeUInt32LE(body.length, 16);
    expect(readNpz(Buffer.concat([body, central, name, extra, end])).get('x')!.data).toEqual(
      Float64Array.of(1, 2, 3, 4),
    );
  });

  it.each([npz, pkl])('never does worse than a named error when damaged, and never reads other numbers: %s', (good) => {
    const pristine = readFileSync(good);
    const whole = readDataset(good);
    const path = join(directory.path, good.endsWith('npz') ? 'bad.npz' : 'bad.pkl');
    const random = seededRandom(3);
    let refused = 0;
    for (let round = 0; round < 1500; round++) {
      const bytes = Buffer.from(pristine);
      // Most of a pickle's bytes are numbers: aim half of the flips at its structure.
      const structure = round % 2 === 0 ? bytes.length : 400;
      bytes[Math.floor(random() * structure)] ^= 1 << Math.floor(random() * 8);
      writeFileSync(path, bytes);
      if (random() < 0.3) truncateSync(path, Math.floor(random() * bytes.length));
      const start = performance.now();
      const { problem } = inspectDataset(path);
      expect(performance.now() - start).toBeLessThan(1000);
      if (problem) {
        refused++;
        expect(['invalid-dataset', 'unsafe-pickle']).toContain(problem.code);
      } else if (good.endsWith('.npz')) expect(readDataset(path)).toEqual(whole);
    }
    expect(refused).toBeGreaterThan(400);
  });
});
