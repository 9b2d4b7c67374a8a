import { Generator } from '@shared/random/generator';
import type { Device } from '../../numerics/devices/device';
import { resolveDefaults } from '../../training/experimentSchema';
import { createTraining } from '../../training/loop';
import type { TrainingData } from '../../training/training';

interface Steps {
  device: Device;
  problem: TrainingData['problem'];
  technique: unknown;
  batch: number;
  warmUps: number;
  repeats: number;
  /** Milliseconds that the thread is busy before each step without touching memory; not timed. */
  pause?: number;
}

export interface TimedStep {
  seconds: number;
  /** Of the processors, all threads together. */
  cpuSeconds: number;
  metrics: Readonly<Record<string, number | null>>;
}

/** Training steps of an MLP of 200, 200 with relu by Adam: times and metrics of each that is timed. */
export async function trainingSteps(asked: Steps): Promise<TimedStep[]> {
  const { device, problem, technique, batch, warmUps, repeats, pause = 0 } = asked;
  const X = new Generator(7).uniforms(-0.5, 0.5, batch * problem.e);
  // One batch is the whole set, as for the programs that this is compared with; labels play no part in a step.
  const set = { count: batch, X, Y: new Float64Array(batch * problem.n) };
  const experiment = resolveDefaults({
    dataset: 'none',
    network: { kind: 'mlp', hidden: [200, 200], activation: 'relu' },
    technique,
    optimizer: { kind: 'adam', learningRate: 1e-3 },
    training: { epochs: warmUps + repeats, batchSize: batch, gradientsEvery: 0 },
  });
  const training = createTraining(device, experiment, { problem, train: set, valid: set });
  let state = training.init();
  const steps: TimedStep[] = [];
  while (!training.finished(state)) {
    const until = performance.now() + pause;
    while (performance.now() < until);
    const before = process.cpuUsage();
    const began = performance.now();
    const taken = await training.step(state);
    const seconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(before);
    ({ state } = taken);
    const metrics = taken.metrics as Record<string, number>;
    if (state.step > warmUps) steps.push({ seconds, cpuSeconds: (user + system) / 1e6, metrics });
  }
  training.dispose(state);
  return steps;
}
