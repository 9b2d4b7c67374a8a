import { AdjointError } from '@shared/errors';
import type { Device, Tensor } from '../numerics/devices/device';
import type { Training } from '../training/training';
import { gradientOf } from '../training/gradients';
import type { TrainingState } from '../training/state';
import type { NamedTensors } from '../training/tensors';
import { allWeights } from '../training/weights';

/** Where the entries of one weight tensor lie among all of them. */
export interface WeightBlock {
  name: string;
  shape: number[];
  first: number;
  length: number;
}

/** Loss terms at a point: what is minimised is objective + constraint. */
export interface ProbedLoss {
  loss: number;
  objective: number;
  constraint: number;
  /** Mean of ‖r‖², unweighted. */
  penalty: number;
}

/**
 * The loss of a network as a function of all its trainable weights in a row, over fixed instances and with nothing random in it: running
 * statistics, no dropout. Diagnostics are functions of this.
 */
export class LossProbe {
  readonly blocks: readonly WeightBlock[];
  /** The weights of the state, [size]. */
  readonly weights: Float64Array;
  /** Passes so far: what a diagnostic has cost. */
  readonly work = { forward: 0, gradients: 0 };
  readonly instances: Int32Array;
  readonly #device: Device;
  readonly #training: Training;
  readonly #state: TrainingState;

  private constructor(
    device: Device,
    training: Training,
    state: TrainingState,
    instances: Int32Array,
    blocks: readonly WeightBlock[],
    weights: Float64Array,
  ) {
    this.#device = device;
    this.#training = training;
    this.#state = state;
    this.instances = instances;
    this.blocks = blocks;
    this.weights = weights;
  }

  /** @param instances numbers of training instances that the loss is the mean of */
  static async at(device: Device, training: Training, state: TrainingState, instances: Int32Array): Promise<LossProbe> {
    if (device.dtype !== 'float64')
      throw new AdjointError('unsupported', `Diagnostics need float64; ${device.name} computes in ${device.dtype}.`, {
        fix: 'Use the device simd64: differences of gradients in float32 are noise.',
      });
    const blocks: WeightBlock[] = [];
    const parts: Float64Array[] = [];
    let first = 0;
    for (const [name, tensor] of Object.entries(allWeights(state))) {
      const values = Float64Array.from(await device.read(tensor));
      blocks.push({ name, shape: [...tensor.shape], first, length: values.length });
      parts.push(values);
      first += values.length;
    }
    const weights = new Float64Array(first);
    blocks.forEach((block, i) => weights.set(parts[i], block.first));
    return new LossProbe(device, training, state, instances, blocks, weights);
  }

  get size(): number {
    return this.weights.length;
  }

  /** @param instances other ones than those of the probe */
  async loss(weights: Float64Array, instances = this.instances): Promise<ProbedLoss> {
    this.work.forward++;
    const { tf } = this.#device;
    const stacked = tf.tidy(() => {
      const { objective, constraint, penalty } = this.#training.look(this.#state, this.#tensors(weights), instances);
      return tf.stack([objective, constraint, penalty]);
    });
    const [objective, constraint, penalty] = await this.#device.read(stacked);
    stacked.dispose();
    return { loss: objective + constraint, objective, constraint, penalty };
  }

  /** ∇ of the loss with respect to all weights, [size]. */
  async gradient(weights: Float64Array, instances = this.instances): Promise<Float64Array> {
    this.work.gradients++;
    const { tf } = this.#device;
    const flat = tf.tidy(() => {
      const gradients = gradientOf(tf, this.#tensors(weights), (candidate) => {
        const { objective, constraint } = this.#training.look(this.#state, candidate, instances);
        return tf.add(objective, constraint);
      });
      return tf.concat(this.blocks.map(({ name }) => tf.reshape(gradients[name], [-1])));
    });
    const values = Float64Array.from(await this.#device.read(flat));
    flat.dispose();
    return values;
  }

  /** What the network's last layer starts from, [instances, width]. */
  async features(): Promise<{ values: Float64Array; width: number }> {
    this.work.forward++;
    const { tf } = this.#device;
    const features: Tensor = tf.tidy(
      () => this.#training.look(this.#state, this.#tensors(this.weights), this.instances).features,
    );
    const values = Float64Array.from(await this.#device.read(features));
    const width = features.shape[1]!;
    features.dispose();
    return { values, width };
  }

  #tensors(weights: Float64Array): NamedTensors {
    return Object.fromEntries(
      this.blocks.map(({ name, shape, first, length }) => [
        name,
        this.#device.tensor(weights.subarray(first, first + length), shape),
      ]),
    );
  }
}
