import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Provenance } from '@shared/datasets';
import { inspectDataset, readDataset, writeDataset } from './dataset';
import { readArrays } from './datasetFile';
import { alteredDataset, refusal, zeros } from './fixtures/alteredDatasets';
import { temporaryDirectory } from './fixtures/examples';
import type { NdArray } from './ndarray';

const npz = resolve('resources/datasets/qcqp-n20.npz');

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

const altered = (change: Record<string, NdArray | null>) => alteredDataset(directory.path, npz, change);

describe('a dataset', () => {
  it('without H has linear rows; with bounds it has bounds, which must not cross', () => {
    for (const path of altered({
      H: null,
      lower: zeros(20),
      upper: { ...zeros(20), data: new Float64Array(20).fill(Infinity) },
    })) {
      const dataset = readDataset(path);
      expect(dataset.diagonal).toBe(true);
      expect(dataset.H).toEqual(new Float64Array(200));
      expect(dataset.upper![3]).toBe(Infinity);
      writeDataset(path, dataset);
      expect(readArrays(path).has('H')).toBe(false);
      expect(readDataset(path)).toEqual(dataset);
    }
    for (const path of altered({ lower: zeros(20), upper: { ...zeros(20), data: new Float64Array(20).fill(-1) } }))
      expect(refusal(path).problem.what).toBe('Variable 0 has the bounds 0 and -1 (and 19 more).');
    for (const path of altered({ lower: zeros(19) }))
      expect(refusal(path).problem.what).toContain('lower has 19 entries but Q has 20');
  });

  it('keeps its provenance in both formats, and shows when its arrays are no longer those that were written', () => {
    const provenance: Provenance = {
      format: 'adjoint-dataset/1',
      family: 'qcqp',
      settings: { n: 20, note: 'größer ∂' },
      seed: 2025,
      generator: 1,
      code: { version: '1', commit: null },
      createdAt: '2026-11-24T00:00:00.000Z',
      run: null,
      seconds: 1,
      threads: 2,
      labels: { worstViolation: 1e-13, worstGap: 1e-12, statuses: { optimal: 200 }, leftOut: [] },
      sha256: '',
    };
    const [first, second] = ['one.npz', 'two.pkl'].map((name) => join(directory.path, name));
    writeDataset(first, { ...readDataset(npz), provenance });
    writeDataset(second, readDataset(first));
    const [a, b] = [inspectDataset(first).provenance!, inspectDataset(second).provenance!];
    expect(a).toMatchObject({ ...provenance, sha256: a.sha256, intact: true });
    expect(b).toEqual(a);
    const bytes = readFileSync(second);
    const place = bytes.indexOf(new Uint8Array(readDataset(first).p.buffer, 0, 8));
    bytes[place] ^= 1;
    writeFileSync(second, bytes);
    expect(inspectDataset(second).provenance).toMatchObject({ intact: false });
  });
});
