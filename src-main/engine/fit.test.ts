import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parseExperiment } from '../experiments/experiment';
import { generateQcqp, qcqpSettings } from '../modelling/families/qcqp';
import { type Dataset, splitByOrder, writeDataset } from '../store/dataset';
import { unfitFinding, unfitHere } from './fit';

const folder = mkdtempSync(join(tmpdir(), 'adjoint-fit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { family, N, X } = generateQcqp(qcqpSettings.parse({ n: 6, m: 3, e: 2, instances: 12, seed: 1 }));
const dataset: Dataset = {
  ...{ family: 'qcqp', ...family, N, X, Y: new Float64Array(N * family.n) },
  multipliers: { inequality: null, equality: null },
  splits: splitByOrder(N),
};
const [curved, affine] = [join(folder, 'curved.npz'), join(folder, 'affine.npz')];
writeDataset(curved, dataset);
writeDataset(affine, { ...dataset, H: new Float64Array(dataset.H.length) });

const yaml = (technique: string, name = 'curved') => `dataset: ${name}.npz\ntechnique:\n  kind: ${technique}\n`;
const unfit = (technique: string, path: string) => {
  const text = yaml(technique);
  return unfitFinding(parseExperiment(text).experiment!, path, text);
};

it('a technique that cannot be used on the rows of a dataset is a finding at its line, with the reason', () => {
  expect(unfit('hardNetAff', curved)).toMatchObject({
    ...{ path: 'technique.kind', line: 3 },
    message: expect.stringMatching(/^HardNet-Aff cannot be used on this dataset: it has 3 quadratic rows/) as string,
  });
  expect(unfit('hardNetAff', affine)).toBeNull();
  expect(unfit('convexProjection', curved)).toBeNull();
  expect(unfit('softPenalty', curved)).toBeNull();
});

it('the traits of a file are found anew when the file has changed', () => {
  const path = join(folder, 'changing.npz');
  writeDataset(path, dataset);
  expect(unfit('hardNetAff', path)).not.toBeNull();
  writeDataset(path, { ...dataset, H: new Float64Array(dataset.H.length) });
  expect(unfit('hardNetAff', path)).toBeNull();
});

it('while an experiment is being written, a dataset that is not there is left for later', () => {
  const text = yaml('hardNetAff', 'missing');
  expect(unfitHere(parseExperiment(text).experiment!, { workspace: folder, resources: folder }, text)).toBeNull();
});
