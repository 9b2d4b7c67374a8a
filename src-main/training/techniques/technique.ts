import type { z } from 'zod';
import type { Device, Tensor } from '../../numerics/devices/device';
import type { Method } from '../../modelling/method';
import type { ProblemTraits } from '../../modelling/traits';
import type { DeviceProblem, Qcqp } from '../problem';
import type { ScheduleSettings } from '../schedules/registry';
import type { SchedulePosition } from '../schedules/schedule';
import type { NamedArrays, NamedTensors } from '../tensors';

/**
 * The parts of the loss, scalars on the device. What is minimised is objective + constraint; the two are kept apart so that
 * their gradients can be compared (and, by gradient surgery, combined otherwise).
 */
export interface LossTerms {
  /** Mean of f over the batch, whatever the technique adds to the objective included. */
  objective: Tensor;
  /** What the constraints add to the loss, weights and multipliers included. */
  constraint: Tensor;
  /** Mean of ‖r‖² over the batch, unweighted: the metric `penalty`. */
  penalty: Tensor;
}

/** All that a technique remembers: tensors (multipliers) and numbers. Both are in every checkpoint. */
export interface TechniqueState {
  tensors: NamedTensors;
  values: Record<string, number>;
}

/** What a technique may look at while it computes. */
export interface Pass<Settings, Constants = unknown> {
  device: Device;
  problem: DeviceProblem;
  /** The same problem on the host. */
  data: Qcqp;
  settings: Settings;
  /** What `constants` made. */
  constants: Constants;
  state: TechniqueState;
  /** Weights that the technique itself brought in by `weights`. */
  weights: NamedTensors;
  /** Values at this step of the settings that `schedules` names. */
  scheduled: Readonly<Record<string, number>>;
  position: SchedulePosition;
  /** Threads that a layer on the host may use. */
  threads: number;
  /** Numbers of the batch's instances in the training set; absent outside of a step. */
  instances?: Int32Array;
  /** Adds to a step metric of the technique that is known only while the pass is computed; of passes that only look nothing is kept. */
  note(key: string, value: number): void;
}

/** What a technique with a layer says of a validation set, in float64. */
export interface LayerEvaluation {
  /** y [N,n] */
  outputs: Float64Array;
  /** Scalars and vectors of the clock `epoch`. */
  metrics: Record<string, number | null>;
  vectors: Record<string, Float64Array>;
  /** A row of the clock `inner`, if there is one. */
  inner: Record<string, Float64Array> | null;
  /** Lines for the log; of the cautions it takes the first of each code. */
  notes: string[];
  cautions: { code: string; message: string }[];
}

/**
 * A way to make a network respect constraints. One file each, listed in the registry. Only `terms` and `scalars` are needed:
 *
 *     raw output ─ layer ─► y ─ terms ─► objective, constraint ─ gradients ─► direct ─► optimizer ─ afterStep ─► state
 *
 * All functions are pure: tensors in, new tensors out. `layer` and `terms` are differentiated; `direct` is not.
 */
export interface Technique<Kind extends string, Settings extends z.ZodType, Constants = unknown> extends Method<
  Kind,
  Settings
> {
  /** Why it cannot be used on a problem, in a sentence; asked before a run is made. Null if it can. */
  refusal?(settings: z.output<Settings>, traits: ProblemTraits): string | null;
  /** What is computed once for a problem: factors, tensors. */
  constants?(settings: z.output<Settings>, problem: Qcqp, device: Device): Constants;
  /** Lets go of the tensors among the constants. */
  dispose?(constants: Constants): void;
  /** Numbers that the network puts out for an instance; n if absent. */
  networkOutputs?(settings: z.output<Settings>, problem: Qcqp): number;
  /** Lengths of those of its metrics that are vectors. */
  vectors?(settings: z.output<Settings>, problem: Qcqp): Record<string, number>;
  /** What a user should know about a run with these settings, though it is not refused. */
  cautions?(settings: z.output<Settings>, problem: Qcqp): string[];
  /** What it remembers at the start; nothing if absent. */
  init?(settings: z.output<Settings>, problem: Qcqp): { tensors?: NamedArrays; values?: Record<string, number> };
  /** Settings that change over training, by name; the loop evaluates them and keeps their memory. */
  schedules?(settings: z.output<Settings>): Record<string, ScheduleSettings>;
  /** Weights of its own that are trained along with the network's (learnt damping, learnt multipliers). */
  weights?(settings: z.output<Settings>, problem: Qcqp): NamedArrays;
  /** A layer over the network's raw output, [B,networkOutputs] → [B,n]; also applied in validation, unless there is `evaluate`. */
  layer?(pass: Pass<z.output<Settings>, Constants>, raw: Tensor, x: Tensor): Tensor;
  /** The layer on the host in float64, from raw outputs [N,networkOutputs] and x [N,e], and what is measured of it. */
  evaluate?(pass: Pass<z.output<Settings>, Constants>, raw: Float64Array, x: Float64Array): LayerEvaluation;
  /** The outputs of `evaluate` alone, nothing measured: what inference takes. Absent where `evaluate` measures next to nothing. */
  infer?(pass: Pass<z.output<Settings>, Constants>, raw: Float64Array, x: Float64Array): Float64Array;
  /** `raw` is the network's own output, y the layer's; they are the same without a layer. */
  terms(pass: Pass<z.output<Settings>, Constants>, y: Tensor, x: Tensor, raw: Tensor): LossTerms;
  /** Gradient surgery: the direction to hand to the optimizer. If present, both gradients are computed at every step. */
  direct?(pass: Pass<z.output<Settings>, Constants>, objective: NamedTensors, constraint: NamedTensors): NamedTensors;
  /**
   * New state after an update, from the outputs y that the batch had before it (dual ascent). The returned tensors are new ones;
   * nothing means that the state stays.
   */
  afterStep?(pass: Pass<z.output<Settings>, Constants>, y: Tensor, x: Tensor): TechniqueState | undefined;
  /** Values of the metrics listed in `metrics` before the update: numbers, or scalars on the device. */
  scalars(pass: Pass<z.output<Settings>, Constants>): Record<string, number | Tensor>;
}
