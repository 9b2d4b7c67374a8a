import type { Device, Tensor } from '../numerics/devices/device';
import { Generator } from '@shared/random/generator';
import { SeedSequence } from '@shared/random/seedSequence';
import { bindNetwork, bindOptimizer, bindTechnique, type BoundTechnique } from './bound';
import { divergence } from './divergence';
import type { TrainingExperiment } from './experimentSchema';
import { compareGradients, gradientsOf } from './gradients';
import { initSlots, updateAll } from './optimizers/optimizer';
import { deviceProblem, type Qcqp } from './problem';
import type { TrainingState } from './state';
import type { LossTerms, Pass, TechniqueState } from './techniques/technique';
import { disposeAll, type NamedTensors, upload } from './tensors';
import { type LabelledSet, validationMetrics } from './validation';

export interface TrainingData {
  problem: Qcqp;
  train: LabelledSet;
  valid: LabelledSet;
}

/** One training run as four functions over an explicit state (`init`, `step`, `finished`, `validate`): whoever drives them may
 * stop between any two calls, save the state, and go on later with the same bits. */
export interface Training {
  stepsPerEpoch: number;
  totalSteps: number;
  init(): TrainingState;
  finished(state: TrainingState): boolean;
  /**
   * One update. Takes the state over: its tensors are disposed, the returned state has new ones.
   * @throws AdjointError `diverged`; the given state is then untouched.
   */
  step(state: TrainingState): Promise<{ state: TrainingState; metrics: Record<string, number | null> }>;
  /** Whether an epoch has just ended (or nothing has begun) and is to be validated. */
  validationDue(state: TrainingState): boolean;
  /** Metrics of the epoch clock at this state, the mean training loss of the epoch included. Changes nothing. */
  validate(state: TrainingState): Promise<Record<string, number | null>>;
  dispose(state: TrainingState): void;
}

/** Rows of the validation set that go through the network at once. */
const validationBatch = 1024;

export interface TrainingOptions {
  /** For tests: another technique than the one of the experiment. */
  technique?: BoundTechnique;
}

export function createTraining(
  device: Device,
  experiment: TrainingExperiment,
  data: TrainingData,
  options: TrainingOptions = {},
): Training {
  const { tf } = device;
  const { batchSize, epochs, gradientsEvery, validateEvery } = experiment.training;
  const { n, e } = data.problem;
  const network = bindNetwork(experiment.network);
  const optimizer = bindOptimizer(experiment.optimizer);
  const { technique, settings } = options.technique ?? bindTechnique(experiment.technique);
  const problem = deviceProblem(device, data.problem);
  const stepsPerEpoch = Math.ceil(data.train.count / batchSize);
  const totalSteps = stepsPerEpoch * epochs;

  const pass = (state: TrainingState, weights: NamedTensors = state.techniqueWeights): Pass<unknown> => ({
    device,
    problem,
    settings,
    state: state.technique,
    weights,
    position: { step: state.step, totalSteps },
  });

  /** Prediction and loss of a batch; differentiated with respect to all weights. */
  const forward = (state: TrainingState, weights: NamedTensors, x: Tensor): { y: Tensor; terms: LossTerms } => {
    const { own, added } = split(weights);
    const context = pass(state, added);
    const raw = network.apply(device, own, x);
    const y = technique.layer?.(context, raw, x) ?? raw;
    return { y, terms: technique.terms(context, y, x) };
  };

  const batchOf = (state: TrainingState): { x: Tensor; size: number } => {
    const indices = state.order.subarray(state.position, state.position + batchSize);
    const rows = new Float64Array(indices.length * e);
    indices.forEach((index, i) => rows.set(data.train.X.subarray(index * e, (index + 1) * e), i * e));
    return { x: device.tensor(rows, [indices.length, e]), size: indices.length };
  };

  return {
    stepsPerEpoch,
    totalSteps,

    init() {
      // Independent streams, so that a change of the network does not change the order of the data.
      const [forWeights, forOrder] = new SeedSequence(experiment.seed).spawn(2);
      const weights = upload(device, network.init({ inputs: e, outputs: n }, new Generator(forWeights)));
      const techniqueWeights = upload(device, technique.weights?.(settings, data.problem) ?? {});
      const initial = technique.init?.(settings, data.problem);
      return {
        step: 0,
        weights,
        techniqueWeights,
        slots: tf.tidy(() => initSlots(tf, optimizer, join(weights, techniqueWeights))),
        technique: { tensors: upload(device, initial?.tensors ?? {}), values: initial?.values ?? {} },
        generator: new Generator(forOrder).state,
        order: new Int32Array(0),
        position: 0,
        epochLoss: { sum: 0, count: 0 },
        activeSeconds: 0,
      };
    },

    finished: (state) => state.step >= totalSteps,

    async step(given) {
      const state = given.step % stepsPerEpoch === 0 ? beginEpoch(given, data.train.count) : given;
      const clock = new Stopwatch();
      const { x, size } = batchOf(state);
      const weights = join(state.weights, state.techniqueWeights);
      const loss = (candidate: NamedTensors) => forward(state, candidate, x);
      try {
        const compare = gradientsEvery > 0 && state.step % gradientsEvery === 0;
        const comparison = compare ? await compareGradients(device, weights, (w) => loss(w).terms) : {};
        const diagnostics = clock.lap();
        const computed = gradientsOf(
          tf,
          weights,
          loss,
          technique.direct && ((f, p) => technique.direct!(pass(state), f, p)),
        );
        const [objective, constraint, penalty] = await device.read(computed.summary);
        const total = objective + constraint;
        const backward = clock.lap() - computed.forwardSeconds;
        const failure = await divergence(device, state, { objective, penalty, loss: total }, computed.y);
        if (failure) {
          computed.dispose();
          throw failure;
        }
        const updated = update(state, computed.gradients, weights, (next) =>
          technique.afterStep?.(pass({ ...state, ...next }), computed.y, x),
        );
        computed.dispose();
        const scalars = technique.scalars(settings, state.technique, { step: state.step, totalSteps });
        return {
          state: {
            ...state,
            ...updated,
            step: state.step + 1,
            position: state.position + size,
            epochLoss: { sum: state.epochLoss.sum + total, count: state.epochLoss.count + 1 },
          },
          metrics: {
            loss: total,
            objective,
            penalty,
            ...scalars,
            learning_rate: optimizer.learningRate,
            ...comparison,
            'time/forward': computed.forwardSeconds * 1e3,
            'time/backward': backward * 1e3,
            'time/update': clock.lap() * 1e3,
            ...(compare ? { 'time/diagnostics': diagnostics * 1e3 } : {}),
          },
        };
      } finally {
        x.dispose();
      }
    },

    validationDue(state) {
      if (state.step % stepsPerEpoch !== 0) return false;
      return (state.step / stepsPerEpoch) % validateEvery === 0 || state.step === totalSteps;
    },

    async validate(state) {
      const outputs = new Float64Array(data.valid.count * n);
      for (let first = 0; first < data.valid.count; first += validationBatch) {
        const rows = Math.min(validationBatch, data.valid.count - first);
        const y = tf.tidy(() => {
          const x = device.tensor(data.valid.X.subarray(first * e, (first + rows) * e), [rows, e]);
          const raw = network.apply(device, state.weights, x);
          return technique.layer?.(pass(state), raw, x) ?? raw;
        });
        outputs.set(await device.read(y), first * n);
        y.dispose();
      }
      const { sum, count } = state.epochLoss;
      return {
        'train/loss_epoch': count > 0 ? sum / count : null,
        ...validationMetrics(data.problem, data.valid, outputs),
      };
    },

    dispose(state) {
      for (const tensors of [state.weights, state.techniqueWeights, state.slots, state.technique.tensors])
        disposeAll(tensors);
      problem.dispose();
    },
  };

  /** New weights and memory; the old tensors are disposed. */
  function update(
    state: TrainingState,
    gradients: NamedTensors,
    weights: NamedTensors,
    afterStep: (next: Pick<TrainingState, 'weights' | 'techniqueWeights'>) => TechniqueState | undefined,
  ): Pick<TrainingState, 'weights' | 'techniqueWeights' | 'slots' | 'technique'> {
    const next = tf.tidy(() => {
      const updated = updateAll(tf, optimizer, state.step + 1, weights, gradients, state.slots);
      const { own, added } = split(updated.weights);
      const parts = { weights: own, techniqueWeights: added };
      return { ...parts, slots: updated.slots, technique: afterStep(parts) as never };
    }) as Pick<TrainingState, 'weights' | 'techniqueWeights' | 'slots'> & { technique: TechniqueState | undefined };
    for (const tensors of [state.weights, state.techniqueWeights, state.slots]) disposeAll(tensors);
    if (next.technique) disposeAll(state.technique.tensors);
    return { ...next, technique: next.technique ?? state.technique };
  }
}

function beginEpoch(state: TrainingState, count: number): TrainingState {
  const generator = Generator.fromState(state.generator);
  const order = generator.permutation(count);
  return { ...state, order, generator: generator.state, position: 0, epochLoss: { sum: 0, count: 0 } };
}

const techniquePrefix = 'technique/';

/** All trainable weights under one roof, for gradients and optimizer. */
function join(weights: NamedTensors, added: NamedTensors): NamedTensors {
  const all = { ...weights };
  for (const [name, tensor] of Object.entries(added)) all[techniquePrefix + name] = tensor;
  return all;
}

function split(all: NamedTensors): { own: NamedTensors; added: NamedTensors } {
  const [own, added]: [NamedTensors, NamedTensors] = [{}, {}];
  for (const [name, tensor] of Object.entries(all)) {
    if (name.startsWith(techniquePrefix)) added[name.slice(techniquePrefix.length)] = tensor;
    else own[name] = tensor;
  }
  return { own, added };
}

/** Seconds since it was made or last asked. */
class Stopwatch {
  #last = performance.now();

  lap(): number {
    const now = performance.now();
    const seconds = (now - this.#last) / 1e3;
    this.#last = now;
    return seconds;
  }
}
