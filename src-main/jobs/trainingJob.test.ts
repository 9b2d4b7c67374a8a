import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Clock, Manifest } from '@shared/run';
import { metricCatalogue } from '@shared/metrics/catalogue';
import { loadDevice } from '../numerics/devices/ladder';
import { writeDataset } from '../store/dataset';
import { resolveDefaults } from '../training/experimentSchema';
import firstStep from '../training/fixtures/firstStep.json' with { type: 'json' };
import { tinyDataset } from './fixtures/runs';
import { trainingJob } from './trainingJob';

const path = fileURLToPath(new URL('../../resources/datasets/qcqp-n20.npz', import.meta.url));
const experiment = resolveDefaults({ dataset: 'qcqp-n20', device: 'wasm' });
const context = async () => ({
  manifest: { experiment } as unknown as Manifest,
  device: await loadDevice('wasm'),
  dataPath: path,
  threads: 1,
  labelsEntry: '',
  workspace: undefined,
  log: () => undefined,
});

describe('a training job on qcqp-n20', () => {
  it('records at its first step what numpy computes from the file and the seed, to float32 precision', async () => {
    const job = await trainingJob.create(await context(), null);
    const rows: Record<string, unknown> = {};
    await job.advance((_, values) => Object.assign(rows, values));
    expect(job.position().step).toBe(0);
    await job.advance((_, values) => Object.assign(rows, values));
    expect(job.position()).toEqual({ step: 1, epoch: 1 / 6 });
    for (const [key, expected] of Object.entries(firstStep))
      expect(Math.abs((rows[key] as number) - expected) / Math.max(1, Math.abs(expected)), key).toBeLessThan(2e-6);
    job.dispose();
  });

  it.each([
    ['the standard method', {}],
    ['an augmented Lagrangian', { technique: { kind: 'augmentedLagrangian' } }],
    ['gradient surgery', { technique: { kind: 'pcgrad' } }],
    ['clipping', { optimizer: { kind: 'adamw', clip: 1 } }],
    ['a least-squares layer', { technique: { kind: 'theseusLayer', mode: 'anchored', backward: { kind: 'dlm' } } }],
  ])('records under keys of the catalogue only, each on its clock: %s', async (_, change) => {
    const experiment = resolveDefaults({ dataset: 'qcqp-n20', device: 'wasm', ...change });
    const job = await trainingJob.create(
      { ...(await context()), manifest: { experiment } as unknown as Manifest },
      null,
    );
    const { columns } = job;
    for (const clock of ['step', 'epoch'] as const) {
      const declared = columns[clock]!.map(({ key }) => key);
      const known = metricCatalogue.filter((metric) => metric.clock === clock).map(({ key }) => key);
      expect(known).toEqual(expect.arrayContaining(declared));
    }
    const recorded: Record<string, string[]> = {};
    for (let i = 0; i < 2; i++) await job.advance((clock, values) => (recorded[clock] = Object.keys(values)));
    for (const clock of Object.keys(columns) as Clock[])
      expect(recorded[clock].toSorted()).toEqual(columns[clock]!.map(({ key }) => key).toSorted());
    job.dispose();
  });
});

it('a dataset without validation instances is refused by name', async () => {
  const dataset = tinyDataset();
  dataset.splits.valid = new Int32Array(0);
  const dataPath = join(mkdtempSync(join(tmpdir(), 'adjoint-training-')), 'no-valid.npz');
  writeDataset(dataPath, dataset);
  await expect(trainingJob.create({ ...(await context()), dataPath }, null)).rejects.toMatchObject({
    code: 'invalid-dataset',
    problem: { where: 'splits.valid' },
  });
});
