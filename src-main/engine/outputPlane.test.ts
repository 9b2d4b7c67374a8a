import { resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { outputPlaneAskSchema, outputPlaneSchema } from '@shared/film';
import { fileSha256, readDataset } from '../store/dataset';
import { exampleManifest, temporaryDirectory } from '../store/fixtures/examples';
import { MetricWriter } from '../store/metricWriter';
import { RunDirectory } from '../store/runDirectory';
import { outputPlane } from './outputPlane';

const folder = temporaryDirectory();
afterAll(folder.remove);
const path = resolve('resources/datasets/qcqp-n20.npz');
const { n, e, A, Y, splits } = readDataset(path);

/** A run whose output for the first validation instance goes to its label along one line, off Ay = x by the first row of A. */
async function recordedRun(): Promise<RunDirectory> {
  const dataset = { name: 'qcqp-n20', path, sha256: await fileSha256(path) };
  const run = RunDirectory.create(folder.path + '/run', { ...exampleManifest('run'), dataset });
  const writer = MetricWriter.open(run, 1);
  const table = writer.table('epoch', [{ key: 'valid/probe_outputs', kind: 'vector', unit: '1', length: n }]);
  const [first] = splits.valid;
  for (let k = 0; k < 5; k++) {
    const away = (j: number) => (4 - k) * (0.1 * A[j] + 0.02 * Math.sin(1 + j) + (k % 2) * 0.01 * Math.cos(j));
    const y = Float64Array.from({ length: n }, (_, j) => Y[first * n + j] + away(j));
    table.append({ step: 10 * k, epoch: k, activeSeconds: k, wallTime: k }, { 'valid/probe_outputs': y });
  }
  writer.close();
  return run;
}

it('outputs are placed in the plane about y*, and later ones in the same plane, which is not made again', async () => {
  const run = await recordedRun();
  const ask = outputPlaneAskSchema.parse({ id: 'run' });
  const answer = outputPlaneSchema.parse(await outputPlane(ask, run.path));
  const [first] = splits.valid;
  expect(answer.instances).toEqual([first]);
  const { path: way, slice, share } = answer;
  expect(way.epoch).toEqual([0, 1, 2, 3, 4]);
  // Two directions within Ay = x hold all that moves there.
  expect(share).toBeCloseTo(1, 9);
  way.across.forEach((left) => expect(left).toBeLessThan(1e-6));
  for (const direction of slice!.directions)
    for (let i = 0; i < e; i++)
      expect(direction.reduce((sum, value, j) => sum + A[i * n + j] * value, 0)).toBeCloseTo(0, 9);
  // The last output is the label: f*, on the equalities, in the middle.
  for (const series of [way.s, way.t, way.fromEqualities, way.objective]) expect(series[4]).toBeCloseTo(0, 6);
  expect(way.fromEqualities[0]).toBeGreaterThan(0.1);

  const later = outputPlaneSchema.parse(
    await outputPlane({ ...ask, directions: slice!.directions as [number[], number[]] }, run.path),
  );
  expect(later).toEqual({ ...answer, slice: null });
});

it('an instance that was not recorded is refused', async () => {
  const ask = outputPlaneAskSchema.parse({ id: 'run', which: 1 });
  await expect(outputPlane(ask, folder.path + '/run')).rejects.toMatchObject({ code: 'bad-request' });
});
