import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Manifest } from '@shared/run';
import { loadDevice } from '../numerics/devices/ladder';
import { type Checkpoint, type Json, readCheckpoint, writeCheckpoint } from '../store/checkpoint';
import { writeDataset } from '../store/dataset';
import { resolveDefaults } from '../training/experimentSchema';
import type { Job, Recorder } from './job';
import { tinyDataset } from './fixtures/runs';
import { trainingJob } from './trainingJob';

// A run is cut after every single piece of work, before and after each validation: its state goes into a checkpoint file, and a
// new job goes on from what is read back. Whatever a method remembers outside of its state would show.

const devices = { wasm: await loadDevice('wasm'), simd64: await loadDevice('simd64', { threads: 2 }) };
const dataset = tinyDataset();
/** The same with linear rows, for what is made for those alone. */
const affine = { ...dataset, H: new Float64Array(dataset.H.length) };
const folder = mkdtempSync(join(tmpdir(), 'adjoint-resume-'));
const dataPath = join(folder, 'tiny.npz');
const affinePath = join(folder, 'affine.npz');
writeDataset(dataPath, dataset);
writeDataset(affinePath, affine);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// 33 instances: the third batch of an epoch is a single one.
const training = { epochs: 4, batchSize: 16, gradientsEvery: 2, microBatches: 3 };
const sensitive = { patience: 1, threshold: 0.5 };

const networks = {
  'plain network': { hidden: [7] },
  dropout: { hidden: [7, 5], dropout: 0.3, activation: 'gelu' },
  'batch normalisation': { hidden: [7, 5], batchNorm: true, dropout: 0.1, activation: 'silu' },
};
const lambda = (kind: string, more: object = {}) => ({ kind: 'softPenalty', lambda: { kind, ...more } });
const techniques = {
  'constant λ': lambda('constant'),
  'linear λ': lambda('linear'),
  'exponential λ': lambda('exponential'),
  'λ in steps': lambda('step', { every: 1 }),
  'λ on plateau': lambda('onPlateau', sensitive),
  'augmented Lagrangian': { kind: 'augmentedLagrangian', every: 2, rho: 1 },
  'convex projection layer': { kind: 'convexProjection', distance: 0.1 },
  DC3: { kind: 'dc3', rate: 0.01, steps: 3, testSteps: 20 },
  FSNet: { kind: 'fsNet', iterations: 6, differentiated: 4, memory: 3, testIterations: 20 },
  'Π-net': { kind: 'piNet', iterations: 5, testIterations: 10, backwardIterations: 4 },
  'HardNet-Aff': { kind: 'hardNetAff', softEpochs: 2 },
  'Theseus layer': { kind: 'theseusLayer', iterations: 4, probe: { instances: 3, iterations: 6, every: 2 } },
  'Theseus layer with everything learnt': {
    kind: 'theseusLayer',
    mode: 'anchored',
    backward: { kind: 'truncated', last: 2 },
    solver: { kind: 'levenbergMarquardt', learnt: true },
    iterations: 4,
    anchor: { learnt: true },
    rowWeights: { learnt: true },
    loss: { distance: 0.5, lambda: { kind: 'onPlateau', ...sensitive }, backboneLambda: 0.1 },
    probe: { instances: 2, iterations: 5 },
  },
  PCGrad: { kind: 'pcgrad', lambda: { kind: 'onPlateau', ...sensitive } },
};
const learningRates = {
  'constant rate': {},
  'cosine after a warm-up': { warmup: 1.5, schedule: { kind: 'cosine' } },
  'rate in steps': { kind: 'sgd', learningRate: 1e-3, momentum: 0.9, schedule: { kind: 'step', every: 1 } },
  'exponential rate': { kind: 'adamw', weightDecay: 0.1, schedule: { kind: 'exponential' } },
  'rate on plateau, clipped': { clip: 1, schedule: { kind: 'onPlateau', ...sensitive } },
};
const loops = { 'every epoch': {}, 'every other epoch': { validateEvery: 2, microBatches: 0 } };

// Every pair of technique and schedule of the learning rate on the plain network; on the others every technique and every schedule.
const cases = Object.entries(networks).flatMap(([network, ofNetwork], k) =>
  Object.entries(techniques).flatMap(([technique, ofTechnique], j) =>
    Object.entries(learningRates)
      .filter((_, i) => k === 0 || i === (j + k) % 5)
      .map(([rate, ofRate], i) => {
        const [loop, ofLoop] = Object.entries(loops)[(i + j) % 2];
        return {
          name: [network, technique, rate, loop].join(', '),
          change: {
            network: { kind: 'mlp', ...ofNetwork },
            technique: ofTechnique,
            optimizer: { kind: 'adam', ...ofRate },
            training: { ...training, ...ofLoop },
          },
        };
      }),
  ),
);

async function jobOf(change: object, checkpoint: Checkpoint | null, on: keyof typeof devices): Promise<Job> {
  const experiment = resolveDefaults({ dataset: 'tiny', device: on, ...change });
  const manifest = { experiment } as unknown as Manifest;
  const surroundings = { threads: 1, labelsEntry: '', workspace: undefined, log: () => undefined };
  const path = experiment.technique.kind === 'hardNetAff' ? affinePath : dataPath;
  return trainingJob.create({ manifest, device: devices[on], dataPath: path, ...surroundings }, checkpoint);
}

/** Drives a job to its end; where `cut`, through a checkpoint file after each piece of work. */
async function drive(change: object, cut: boolean, on: keyof typeof devices = 'wasm') {
  const rows = new Map<string, string>();
  const path = join(folder, 'cut.safetensors');
  let job = await jobOf(change, null, on);
  const through = async (): Promise<Checkpoint> => {
    writeCheckpoint(path, await job.save(0));
    job.dispose();
    return readCheckpoint(path);
  };
  const record: Recorder = (clock, values) => {
    const key = `${clock} ${job.position().step}`;
    // What a process measures of itself: seconds, and buffers that have grown with the batches it has seen.
    const measured = (name: string) => name.startsWith('time/') || name === 'inner/memory';
    const timeless = Object.entries(values).filter(([name]) => !measured(name));
    const text = timeless.map(([name, value]) => `${name} ${value as number}`).join('\n');
    // A validation that is repeated after a cut must give the row that it supersedes.
    expect(rows.get(key) ?? text).toBe(text);
    rows.set(key, text);
  };
  let [cuts, at] = [0, -1];
  while (!job.finished()) {
    await job.advance(record);
    const { step } = job.position();
    if (step !== at) [cuts, at] = [0, step];
    // Once before the validation of an epoch's end and once after it; a third cut would ask for the validation for ever.
    if (cut && cuts++ < 2) job = await jobOf(change, await through(), on);
  }
  const { tensors, state: saved } = await through();
  // Seconds of steps are measured too.
  const { trainedSeconds: _, validatedSeconds: __, ...state } = saved as Record<string, Json>;
  const bits = Object.fromEntries(
    [...tensors].map(([name, { data }]) => [name, Buffer.from(data.buffer).toString('hex')]),
  );
  return { bits, state, rows };
}

describe('cut after every piece of work, a run ends with the same bits and the same series', () => {
  it.each(cases)('$name', async ({ change }) => {
    const whole = await drive(change, false);
    expect(await drive(change, true)).toEqual(whole);
    expect(whole.rows.size).toBeGreaterThan(12);
  });

  it.each(['wasm', 'simd64'] as const)('also where it stops early, on %s', async (on) => {
    const earlyStopping = { metric: 'valid/dist_mean', patience: 2, threshold: 0.2 };
    const network = { kind: 'mlp', ...networks['batch normalisation'] };
    const change = { network, training: { ...training, epochs: 40, earlyStopping } };
    const whole = await drive(change, false, on);
    expect((whole.state as { step: number }).step).toBeLessThan(120);
    expect(await drive(change, true, on)).toEqual(whole);
  });
});
