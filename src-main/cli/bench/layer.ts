import { Command } from 'commander';
import { median } from '@shared/statistics/summary';
import { availableParallelism } from 'node:os';
import { LeastSquaresLayer, type LeastSquaresBatch } from '../../layers/leastSquares/leastSquaresLayer';
import { LeastSquaresPool } from '../../layers/leastSquares/pool';
import type { LeastSquaresSolver } from '../../layers/leastSquares/op';
import type { BackwardMode } from '../../layers/leastSquares/settings';
import { generateQcqp, qcqpSettings } from '../../modelling/families/qcqp';
import { loadDevice } from '../../numerics/devices/ladder';
import { defaultLeastSquaresSettings } from '../../solvers/leastSquares/settings';
import { action, type CommonOptions, printJson, printLine, withCommonOptions } from '../context';
import { medians, type PeerAnswer, ratiosTo, timePass, timePasses } from './passes';
import { Peer } from './peer';
import { largestDifference, nearLeastNorm } from './points';
import { ms, positive } from './text';
import { trainingSteps } from './trainingStep';

interface Options extends CommonOptions {
  batch: number;
  iterations: number;
  repeats: number;
  threads: number;
  peer?: string;
}

export function layerBench(): Command {
  return withCommonOptions(
    new Command('layer').description(
      'Seconds of the least-squares layer, forward and backward in each mode: Levenberg–Marquardt, QCQP n = 100, m = 50, e = 50, seed 2025.',
    ),
  )
    .option('--batch <size>', 'instances', positive, 64)
    .option('--iterations <count>', 'iterations of every instance', positive, 10)
    .option('--repeats <count>', 'timed passes, of which the median counts', positive, 15)
    .option('--threads <count>', 'threads', positive, availableParallelism())
    .option(
      '--peer <command>',
      'measures another program in alternation, such as "python scripts/peers/theseus_layer.py"',
    )
    .action(action((options: Options) => benchLayer(options)));
}

const modes: readonly BackwardMode[] = [
  { kind: 'unroll' },
  { kind: 'implicit', hessian: 'gaussNewton' },
  { kind: 'truncated', last: 3 },
  { kind: 'dlm', epsilon: 1e-2 },
];
const [anchorWeight, damping] = [0.1, 1e-3];

async function benchLayer({ batch: size, iterations, repeats, threads, peer: command, json }: Options): Promise<void> {
  const bench = new LayerBench(size, iterations, threads);
  const peer = command === undefined ? null : new Peer(command);
  try {
    if (peer) {
      const about = await peer.ask<Record<string, unknown>>(bench.problem());
      if (json) printJson({ what: 'peer', ...about });
    }
    for (const backward of modes) {
      const row = await bench.measure(backward, repeats, peer);
      if (json) printJson(row);
      else printLine(describe(row));
    }
    const step = await benchTrainingStep(size, iterations, repeats, threads);
    if (json) printJson(step);
    else
      printLine(
        `training step ${ms(step.s)}, of which the layer ${ms(step.layer_s)}; without it ${ms(step.without_s)}; the rest is ${step.rest.toFixed(2)} times that, and ${step.rest_paused.toFixed(2)} times one that follows a pause as long as the layer (${ms(step.paused_s)})`,
      );
    for (const row of bench.memory(50)) {
      if (json) printJson(row);
      else printLine(`${row.mode}, ${row.iterations} iterations: ${(row.bytes / 2 ** 20).toFixed(2)} MiB held`);
    }
  } finally {
    peer?.close();
  }
}

/**
 * A training step with the layer, in its mode anchored and unrolled, beside one of the soft penalty, which is the same step without it: `rest` is what
 * the former takes beside the layer, in units of the latter. A processor that has done something else for 20 ms, be it nothing, makes the same step
 * slower; `rest_paused` is in units of a step that comes after a pause as long as the layer, and so says what of `rest` is the layer's own doing.
 */
async function benchTrainingStep(batch: number, iterations: number, repeats: number, threads: number) {
  const problem = generateQcqp(qcqpSettings.parse({ n: 100, m: 50, e: 50, instances: 64, seed: 2025 })).family;
  const technique = {
    ...{ kind: 'theseusLayer', mode: 'anchored', backward: { kind: 'unroll' }, iterations },
    ...{ solver: { kind: 'levenbergMarquardt', damping }, anchor: { weight: anchorWeight }, probe: { instances: 0 } },
  };
  const device = await loadDevice('simd64', { threads });
  const measure = (technique: unknown, pause = 0) =>
    trainingSteps({ device, problem, technique, batch, warmUps: stepWarmUps, repeats: stepsAPass * repeats, pause });
  const layer = await measure(technique);
  const without = await measure({ kind: 'softPenalty', lambda: 10 });
  const layerTimes = layer.map(
    ({ metrics }) => ((metrics['time/inner_forward'] ?? 0) + (metrics['time/inner_backward'] ?? 0)) / 1000,
  );
  const rest = median(layer.map(({ seconds }, at) => seconds - layerTimes[at]));
  const without_s = median(without.map(({ seconds }) => seconds));
  const layer_s = median(layerTimes);
  const paused = await measure({ kind: 'softPenalty', lambda: 10 }, 1000 * layer_s);
  const paused_s = median(paused.map(({ seconds }) => seconds));
  device.dispose();
  return {
    ...{ what: 'layer-step', dtype: 'float64', batch, iters: iterations, threads },
    ...{
      s: median(layer.map(({ seconds }) => seconds)),
      ...{ layer_s, without_s, paused_s },
      rest: rest / without_s,
      rest_paused: rest / paused_s,
    },
  };
}

type Row = Awaited<ReturnType<LayerBench['measure']>>;

function describe({ mode, fwd_s, fwd_bwd_s, cpu_s, peer, max_violation }: Row): string {
  const own = `${mode}: forward ${ms(fwd_s)}, forward and backward ${ms(fwd_bwd_s)} (processors ${ms(cpu_s)}), violation ${max_violation.toExponential(1)}`;
  if (!peer) return own;
  const found = `peer ${ms(peer.fwd_s)} and ${ms(peer.fwd_bwd_s)} (${ms(peer.cpu_s)}): ${peer.ratio.toFixed(1)} times faster (${peer.cpu_ratio.toFixed(1)})`;
  return `${own}; ${found}; y differs by ${peer.y_difference.toExponential(1)}, the gradient by ${peer.gradient_difference.toExponential(1)} of it`;
}

/** The layer on the published family: starts and anchors at A⁺x + .3 N(0, I), loss the mean of ½yᵀQy + pᵀy. */
class LayerBench {
  readonly #family;
  readonly #batch: LeastSquaresBatch;
  readonly #iterations: number;
  readonly #threads: number;
  readonly #q: Float64Array;

  constructor(size: number, iterations: number, threads: number) {
    const { family, X } = generateQcqp(qcqpSettings.parse({ n: 100, m: 50, e: 50, instances: size, seed: 2025 }));
    const { n } = family;
    this.#family = family;
    this.#iterations = iterations;
    this.#threads = threads;
    this.#q = Float64Array.from({ length: n }, (_, j) => family.Q[j * (n + 1)]);
    this.#batch = { size, anchor: nearLeastNorm(family, X, size), x: X };
  }

  /** What a peer needs to know. */
  problem(): unknown {
    const { n, e, m, A, G, H, h, p } = this.#family;
    const rows = (values: Float64Array, width: number) =>
      Array.from({ length: values.length / width }, (_, i) => [...values.subarray(i * width, (i + 1) * width)]);
    const { anchor, x } = this.#batch;
    return {
      ...{ n, e, m, A: rows(A, n), G: rows(G, n), H: rows(H, n), h: [...h], p: [...p], q: [...this.#q] },
      ...{ anchor: rows(anchor, n), x: rows(x, e), anchorWeight, damping, last: 3, epsilon: 1e-2 },
    };
  }

  #settings(backward: BackwardMode, iterations = this.#iterations) {
    const descent = { kind: 'levenbergMarquardt', damping, ellipsoidal: false } as const;
    const solver = { ...defaultLeastSquaresSettings, descent, maxIterations: iterations };
    return { mode: 'anchored', backward, solver } as const;
  }

  /** One forward and one backward pass; y, and the gradient for the network's output, which is start and anchor. */
  #pass(layer: LeastSquaresSolver) {
    const { n, p } = this.#family;
    const { size } = this.#batch;
    const { forwards, backwards, times } = timePass(
      () => layer.forward(this.#batch),
      ({ y }) => {
        const v = y.map((value, at) => (this.#q[at % n] * value + p[at % n]) / size);
        const { anchor, initial } = layer.backward(v, ['anchor', 'initial']).gradients;
        return anchor!.map((value, at) => value + initial![at]);
      },
    );
    const { y, violation } = forwards;
    return { y, violation, gradient: backwards, times };
  }

  async measure(backward: BackwardMode, repeats: number, peer: Peer | null) {
    const layer = new LeastSquaresPool(this.#family, anchorWeight, this.#settings(backward), this.#threads);
    const request = { mode: backward.kind, iterations: this.#iterations };
    this.#pass(layer);
    const other = await peer?.ask<PeerAnswer>({ ...request, withResult: true });
    const ask = peer ? () => peer.ask<PeerAnswer>(request) : undefined;
    const { last, own, theirs } = await timePasses(() => this.#pass(layer), { warmUps, repeats }, ask);
    layer.dispose();
    const times = medians(own);
    return {
      ...{ what: 'layer', solver: 'adjoint', dtype: 'float64', mode: backward.kind },
      ...{ batch: this.#batch.size, iters: this.#iterations, threads: this.#threads, ...times },
      max_violation: last.violation.reduce((a, b) => Math.max(a, b), 0),
      ...(other && {
        peer: {
          ...medians(theirs),
          ...ratiosTo(medians(theirs), times),
          y_difference: largestDifference(last.y, other.y!),
          gradient_difference: largestDifference(last.gradient, other.gradient!),
        },
      }),
    };
  }

  /** Bytes that a batch holds between its forward and its backward pass, and while the latter runs. */
  memory(iterations: number) {
    const measured: [string, BackwardMode][] = [
      ['unroll', { kind: 'unroll' }],
      ['unroll, checkpoints', { kind: 'unroll', checkpointed: true }],
      ['implicit', { kind: 'implicit', hessian: 'gaussNewton' }],
    ];
    return measured.map(([mode, backward]) => {
      const layer = new LeastSquaresLayer(this.#family, anchorWeight, this.#settings(backward, iterations));
      this.#pass(layer);
      return { what: 'layer-memory', mode, iterations, batch: this.#batch.size, bytes: layer.bytesHeld };
    });
  }
}

const warmUps = 20;
const stepWarmUps = 50;
const stepsAPass = 5;
