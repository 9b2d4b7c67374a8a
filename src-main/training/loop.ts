import { availableParallelism } from 'node:os';
import type { Device, Tensor } from '../numerics/devices/device';
import { Generator, type GeneratorState } from '@shared/random/generator';
import { SeedSequence } from '@shared/random/seedSequence';
import { bindNetwork, bindOptimizer, bindSchedule, bindTechnique, type BoundTechnique } from './bound';
import { followedInstances } from './diagnosticsSchema';
import { divergence } from './divergence';
import type { TrainingExperiment } from './experimentSchema';
import { microBatches, signalToNoise } from './gradientNoise';
import { compareGradients, gradientsOf, type StepMetrics } from './gradients';
import { observeMonitor } from './monitor';
import { clipByGlobalNorm } from './optimizers/clip';
import { initSlots, type StepSize, updateAll } from './optimizers/optimizer';
import { deviceProblem } from './problem';
import type { SchedulePosition } from './schedules/schedule';
import { exactSeconds, secondsPerInstance } from './inferenceTime';
import { disposeState, type TrainingState } from './state';
import { Stopwatch } from './stopwatch';
import type { LayerEvaluation, LossTerms, Pass, TechniqueState } from './techniques/technique';
import { disposeAll, mapTensors, type NamedTensors, readScalars, upload } from './tensors';
import { pickRows } from './labelledSet';
import type { Training, TrainingData } from './training';
import { validate } from './validation';
import { allWeights, joinWeights, splitWeights, techniquePrefix } from './weights';

/** What one step is computed from: x [size,e], and what is random in the pass, [size, width] each. */
interface Batch {
  x: Tensor;
  size: number;
  noise: NamedTensors;
  /** Their numbers in the training set; absent for a part of a batch. */
  indices?: Int32Array;
}

/** Rows of the validation set that go through the network at once. */
const validationBatch = 1024;

export interface TrainingOptions {
  /** For tests: another technique than the one of the experiment. */
  technique?: BoundTechnique;
  /** Threads that layers on the host may use; all there are if absent. */
  threads?: number;
}

export function createTraining(
  device: Device,
  experiment: TrainingExperiment,
  data: TrainingData,
  options: TrainingOptions = {},
): Training {
  const { tf } = device;
  const {
    batchSize,
    epochs,
    budgetSeconds,
    gradientsEvery,
    microBatches: parts,
    validateEvery,
    validateSeconds,
    earlyStopping,
  } = experiment.training;
  const { n, e } = data.problem;
  const network = bindNetwork(experiment.network);
  const optimizer = bindOptimizer(experiment.optimizer);
  const { technique, settings } = options.technique ?? bindTechnique(experiment.technique);
  const schedules = mapTensors(technique.schedules?.(settings) ?? {}, bindSchedule);
  const problem = deviceProblem(device, data.problem);
  const constants = technique.constants?.(settings, data.problem, device);
  const width = technique.networkOutputs?.(settings, data.problem) ?? n;
  const stepsPerEpoch = Math.ceil(data.train.count / batchSize);
  const totalSteps = stepsPerEpoch * epochs;
  const threads = options.threads ?? availableParallelism();
  const followed = followedInstances(experiment.diagnostics, data.valid.count);

  const stopped = ({ stopping }: TrainingState): boolean =>
    earlyStopping.patience > 0 && stopping.stale >= earlyStopping.patience;

  /** A validation that ends the run by early stopping is known only when it has been judged. */
  const mayBeLast = (state: TrainingState): boolean =>
    state.step >= totalSteps ||
    spent(state) ||
    (earlyStopping.patience > 0 && state.stopping.stale + 1 >= earlyStopping.patience);

  const spent = ({ trainedSeconds }: TrainingState): boolean => budgetSeconds > 0 && trainedSeconds >= budgetSeconds;

  /** Such that step / lengthOf is the share of the budget that is used, whatever the pace was: schedules go by it. */
  const lengthOf = ({ step, trainedSeconds }: TrainingState): number =>
    budgetSeconds > 0 && trainedSeconds > 0
      ? Math.min(totalSteps, step / Math.min(1, trainedSeconds / budgetSeconds))
      : totalSteps;

  const positionOf = (state: TrainingState): SchedulePosition => ({
    ...{ step: state.step, totalSteps: lengthOf(state), stepsPerEpoch },
  });

  const pass = (
    state: TrainingState,
    weights: NamedTensors = state.techniqueWeights,
    note: Pass<unknown>['note'] = () => undefined,
  ): Pass<unknown> => ({
    device,
    problem,
    data: data.problem,
    threads,
    settings,
    constants,
    state: state.technique,
    weights,
    scheduled: mapTensors(schedules, ({ value }, name) =>
      value(positionOf(state), state.schedules[techniquePrefix + name]),
    ),
    position: positionOf(state),
    note,
  });

  /** Prediction and loss of a batch; differentiated with respect to all weights. */
  const forward = (
    state: TrainingState,
    weights: NamedTensors,
    { x, noise, indices }: Batch,
    note?: Pass<unknown>['note'],
  ): { y: Tensor; raw: Tensor; buffers: NamedTensors; terms: LossTerms } => {
    const { own, added } = splitWeights(weights);
    const context = { ...pass(state, added, note), ...(indices ? { instances: indices } : {}) };
    const raw = network.apply(device, { weights: own, buffers: state.buffers, training: { noise } }, x);
    const y = technique.layer?.(context, raw.y, x) ?? raw.y;
    return { y, raw: raw.y, buffers: raw.buffers, terms: technique.terms(context, y, x, raw.y) };
  };

  // Independent streams, so that a change of the network does not change the order of the data.
  const streams = () => {
    const [weights, order, noise] = new SeedSequence(experiment.seed).spawn(3);
    return { weights, order, noise };
  };

  const batchOf = (state: TrainingState): Batch & { nextNoise: GeneratorState } => {
    const indices = state.order.subarray(state.position, state.position + batchSize);
    const rows = new Float64Array(indices.length * e);
    for (let i = 0; i < indices.length; i++)
      for (let j = 0; j < e; j++) rows[i * e + j] = data.train.X[indices[i] * e + j];
    const generator = state.noise ? Generator.fromState(state.noise) : new Generator(streams().noise);
    const noise = upload(device, network.noise(indices.length, generator));
    return {
      x: device.tensor(rows, [indices.length, e]),
      ...{ size: indices.length, noise, indices, nextNoise: generator.state },
    };
  };

  return {
    stepsPerEpoch,
    totalSteps,

    init() {
      const seeds = streams();
      const weights = upload(device, network.init({ inputs: e, outputs: width }, new Generator(seeds.weights)));
      const techniqueWeights = upload(device, technique.weights?.(settings, data.problem) ?? {});
      const initial = technique.init?.(settings, data.problem);
      return {
        step: 0,
        weights,
        buffers: upload(device, network.buffers()),
        techniqueWeights,
        slots: tf.tidy(() => initSlots(tf, optimizer, joinWeights(weights, techniqueWeights))),
        technique: { tensors: upload(device, initial?.tensors ?? {}), values: initial?.values ?? {} },
        schedules: {},
        stopping: { stale: 0 },
        observedStep: -1,
        noise: new Generator(seeds.noise).state,
        generator: new Generator(seeds.order).state,
        order: new Int32Array(0),
        position: 0,
        epochLoss: { sum: 0, count: 0 },
        trainedSeconds: 0,
        validatedSeconds: 0,
        activeSeconds: 0,
      };
    },

    finished: (state) => state.step >= totalSteps || stopped(state) || spent(state),
    expectedSteps: (state) => (stopped(state) ? state.step : Math.ceil(lengthOf(state))),
    stopped,

    async step(given) {
      const state = given.step % stepsPerEpoch === 0 ? beginEpoch(given, data.train.count) : given;
      const clock = new Stopwatch();
      const { nextNoise, ...batch } = batchOf(state);
      const { x, size } = batch;
      const weights = allWeights(state);
      const noted: Record<string, number> = {};
      const note = (key: string, value: number) => (noted[key] = (noted[key] ?? 0) + value);
      const loss = (candidate: NamedTensors) => forward(state, candidate, batch, note);
      try {
        const gathering = clock.lap();
        const compare = gradientsEvery > 0 && state.step % gradientsEvery === 0;
        const comparison = compare ? await lookAtGradients(state, weights, batch) : {};
        const diagnostics = clock.lap();
        const computed = gradientsOf(
          tf,
          weights,
          loss,
          technique.direct && ((f, p) => technique.direct!(pass(state), f, p)),
        );
        const [objective, constraint, penalty] = await device.read(computed.summary);
        const total = objective + constraint;
        const { 'time/inner_forward': innerForward = 0, 'time/inner_backward': innerBackward = 0 } = noted;
        const differentiating = clock.lap();
        const backward = differentiating - computed.forwardSeconds;
        const failure = await divergence(device, state, { objective, penalty, loss: total }, computed);
        if (failure) {
          computed.dispose();
          throw failure;
        }
        const learningRate =
          optimizer.learningRate * optimizer.schedule.value(positionOf(state), state.schedules[rateKey]);
        const scalars = await readScalars(device, () => technique.scalars(pass(state)));
        const { gradients, norm } = await clipped(computed.gradients);
        const updated = update(state, { t: state.step + 1, learningRate }, gradients, weights, (next) =>
          technique.afterStep?.(pass({ ...state, ...next }), computed.y, x),
        );
        if (gradients !== computed.gradients) disposeAll(gradients);
        disposeAll(state.buffers);
        const buffers = mapTensors(computed.buffers, (tensor) => tf.clone(tensor));
        computed.dispose();
        const updating = clock.lap();
        return {
          state: {
            ...state,
            ...updated,
            buffers,
            step: state.step + 1,
            noise: nextNoise,
            position: state.position + size,
            epochLoss: { sum: state.epochLoss.sum + total, count: state.epochLoss.count + 1 },
            trainedSeconds: state.trainedSeconds + gathering + differentiating + updating,
          },
          metrics: {
            loss: total,
            objective,
            penalty,
            ...scalars,
            ...noted,
            learning_rate: learningRate,
            ...(norm === null ? {} : { 'gradient/norm': norm }),
            ...comparison,
            'time/forward': computed.forwardSeconds * 1e3 - innerForward,
            'time/backward': backward * 1e3 - innerBackward,
            'time/update': updating * 1e3,
            ...(compare ? { 'time/diagnostics': diagnostics * 1e3 } : {}),
          },
        };
      } finally {
        x.dispose();
        disposeAll(batch.noise);
      }
    },

    validationDue(state) {
      if (spent(state)) return true;
      if (validateSeconds > 0) {
        // What has been validated is so again by whoever goes on from there.
        if (state.observedStep === state.step || state.observedStep < 0 || state.step === totalSteps) return true;
        return state.trainedSeconds - state.validatedSeconds >= validateSeconds;
      }
      if (state.step % stepsPerEpoch !== 0) return false;
      return (state.step / stepsPerEpoch) % validateEvery === 0 || state.step === totalSteps;
    },

    async validate(state, { timed } = { timed: mayBeLast(state) }) {
      const context = pass(state);
      const { X, count: instances } = data.valid;
      const raw = await throughNetwork(state, X, instances);
      const { sum, count } = state.epochLoss;
      const { outputs, metrics, vectors, ...rest }: LayerEvaluation = technique.evaluate?.(context, raw, X) ?? {
        ...{ outputs: raw, metrics: {}, vectors: {}, inner: null, notes: [], cautions: [] },
      };
      const measured = validate(data.problem, data.valid, outputs);
      return {
        metrics: {
          'train/loss_epoch': count > 0 ? sum / count : null,
          'time/training': state.trainedSeconds,
          ...(timed ? await times(state) : { 'time/inference': null, 'time/exact_solver': null }),
          ...measured.metrics,
          ...metrics,
        },
        vectors: {
          ...measured.vectors,
          ...(followed > 0 ? { 'valid/probe_outputs': outputs.slice(0, followed * n) } : {}),
          ...vectors,
        },
        outputs,
        ...rest,
      };
    },

    observe(state, metrics) {
      if (state.observedStep === state.step) return state;
      const next = { ...state.schedules };
      for (const [name, { observe }] of Object.entries(schedules)) {
        const key = techniquePrefix + name;
        next[key] = observe(state.schedules[key], metrics);
      }
      next[rateKey] = optimizer.schedule.observe(state.schedules[rateKey], metrics);
      const { improved, ...stopping } = observeMonitor(earlyStopping, state.stopping, metrics);
      const bestStep = improved ? state.step : state.stopping.bestStep;
      return {
        ...state,
        schedules: next,
        stopping: bestStep === undefined ? stopping : { ...stopping, bestStep },
        observedStep: state.step,
        validatedSeconds: state.trainedSeconds,
      };
    },

    look(state, weights, instances) {
      const { own, added } = splitWeights(weights);
      const x = device.tensor(pickRows(data.train.X, instances, e), [instances.length, e]);
      const raw = network.apply(device, { weights: own, buffers: state.buffers, training: null }, x);
      const context = { ...pass(state, added), instances };
      const y = technique.layer?.(context, raw.y, x) ?? raw.y;
      return { ...technique.terms(context, y, x, raw.y), features: raw.features };
    },

    dispose(state) {
      disposeState(state);
      release();
    },
    release,
  };

  function release(): void {
    problem.dispose();
    if (constants !== undefined) technique.dispose?.(constants);
  }

  /** What the network gives for X [count, e], or, of a technique without `evaluate`, what its layer makes of that. */
  async function throughNetwork(state: TrainingState, X: Float64Array, count: number): Promise<Float64Array> {
    const outputs = new Float64Array(count * (technique.evaluate ? width : n));
    for (let first = 0; first < count; first += validationBatch) {
      const rows = Math.min(validationBatch, count - first);
      const y = tf.tidy(() => {
        const x = device.tensor(X.subarray(first * e, (first + rows) * e), [rows, e]);
        const { y } = network.apply(device, { weights: state.weights, buffers: state.buffers, training: null }, x);
        return technique.evaluate ? y : (technique.layer?.(pass(state), y, x) ?? y);
      });
      outputs.set(await device.read(y), first * y.shape[1]!);
      y.dispose();
    }
    return outputs;
  }

  /** From x to y as after training, all instances in one batch, beside the solver that the labels come from. */
  async function times(state: TrainingState): Promise<Record<'time/inference' | 'time/exact_solver', number | null>> {
    const { X, count } = data.valid;
    return {
      'time/inference': await secondsPerInstance(count, async () => {
        const raw = await throughNetwork(state, X, count);
        if (technique.infer) technique.infer(pass(state), raw, X);
        else technique.evaluate?.(pass(state), raw, X);
      }),
      'time/exact_solver': exactSeconds(data.problem, X, count),
    };
  }

  /** What is measured of the gradients at a step; changes nothing. */
  async function lookAtGradients(state: TrainingState, weights: NamedTensors, batch: Batch): Promise<StepMetrics> {
    const terms = (candidate: NamedTensors) => forward(state, candidate, batch).terms;
    const compared = await compareGradients(device, weights, terms, network.layers);
    if (parts < 2) return compared;
    const losses = microBatches(batch.size, parts).map(({ first, end }) => (candidate: NamedTensors) => {
      const rows = (tensor: Tensor) => tf.slice(tensor, [first, 0], [end - first, tensor.shape[1]!]);
      const part = { x: rows(batch.x), size: end - first, noise: mapTensors(batch.noise, rows) };
      const { objective, constraint } = forward(state, candidate, part).terms;
      return tf.add(objective, constraint);
    });
    return { ...compared, 'gradient/signal_to_noise': await signalToNoise(device, weights, losses) };
  }

  /** The gradients as the optimizer gets them, new ones where they are clipped, and their norm before that. */
  async function clipped(gradients: NamedTensors): Promise<{ gradients: NamedTensors; norm: number | null }> {
    if (optimizer.clip === 0) return { gradients, norm: null };
    const result = tf.tidy(() => clipByGlobalNorm(tf, gradients, optimizer.clip) as never) as ReturnType<
      typeof clipByGlobalNorm
    >;
    const [norm] = await device.read(result.norm);
    result.norm.dispose();
    return { gradients: result.gradients, norm };
  }

  /** New weights and memory; the old tensors are disposed. */
  function update(
    state: TrainingState,
    at: StepSize,
    gradients: NamedTensors,
    weights: NamedTensors,
    afterStep: (next: Pick<TrainingState, 'weights' | 'techniqueWeights'>) => TechniqueState | undefined,
  ): Pick<TrainingState, 'weights' | 'techniqueWeights' | 'slots' | 'technique'> {
    const next = tf.tidy(() => {
      const updated = updateAll(tf, optimizer, at, weights, gradients, state.slots);
      const { own, added } = splitWeights(updated.weights);
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

const rateKey = 'learningRate';
