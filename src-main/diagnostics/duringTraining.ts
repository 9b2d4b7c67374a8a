import { type Problem, problemText, toProblem } from '@shared/errors';
import { formatDuration } from '@shared/format';
import { Generator } from '@shared/random/generator';
import { SeedSequence } from '@shared/random/seedSequence';
import { loadDevice } from '../numerics/devices/ladder';
import type { Device } from '../numerics/devices/device';
import { restoreState, saveState } from '../training/checkpoint';
import type { DiagnosticsSettings, IntervalDiagnostic } from '../training/diagnosticsSchema';
import { intervalDiagnostics } from '../training/diagnosticsSchema';
import type { TrainingExperiment } from '../training/experimentSchema';
import { createTraining } from '../training/loop';
import type { Training, TrainingData } from '../training/training';
import { disposeState, type TrainingState } from '../training/state';
import { featureRank, gradientRank } from './effectiveRank';
import { gradientError } from './gradientError';
import { hessianProduct, hessianSpectrum, type Ritz } from './hessian';
import { inFloat64 } from './inFloat64';
import { lossLandscape } from './landscape';
import { LossProbe } from './lossProbe';
import { Pieces } from './pieces';
import type { Progress } from './progress';

/** A row of the clock `diagnostics` and what it has cost, in words. */
export interface Diagnosis {
  row: Record<string, number | Float64Array>;
  /** Seconds and passes of each part; of one that failed, which leaves its columns unmeasured, why. */
  costs: { part: IntervalDiagnostic; work: string; seconds: number }[];
  failures: { part: IntervalDiagnostic; problem: Problem }[];
}

const titles: Record<IntervalDiagnostic, string> = {
  hessian: 'Hessian',
  rank: 'Effective rank',
  landscape: 'Landscape',
  gradientError: 'Gradient error',
};

/** Which parts are due at the end of an epoch; those with an interval are also due when training ends. */
export function dueDiagnostics(settings: DiagnosticsSettings, epoch: number, last: boolean): IntervalDiagnostic[] {
  return intervalDiagnostics.filter((part) => settings[part].every > 0 && (last || epoch % settings[part].every === 0));
}

/** Lengths of the columns of the clock `diagnostics` that a run with these settings records; none when everything is off. */
export function diagnosticColumns(settings: DiagnosticsSettings): Record<string, number> {
  const { hessian, rank, landscape, gradientError: error } = settings;
  const ends = ['largest', 'largest_residual', 'smallest', 'smallest_residual'];
  const columns: Record<string, number> = {};
  if (hessian.every > 0) {
    for (const end of ends) columns[`hessian/${end}`] = hessian.count;
    columns['time/hessian'] = 1;
  }
  if (rank.every > 0) for (const key of ['rank/features', 'rank/gradients', 'time/rank']) columns[key] = 1;
  if (landscape.every > 0) {
    for (const key of ['loss', 'objective', 'penalty']) columns[`landscape/${key}`] = landscape.points ** 2;
    columns['time/landscape'] = 1;
  }
  if (error.every > 0)
    for (const key of ['gradient/difference_cosine', 'gradient/difference_error', 'time/gradient_error']) columns[key] = 1;
  return columns;
} // prettier-ignore

/**
 * The diagnostics of a run while it trains, at a state that they leave as it is. Instances and directions are drawn from the run's seed, the
 * same ones at every epoch and after every resume: what changes from one row to the next is the network. They are taken in float64, on a device
 * of their own where the run computes in float32, whose weights are exact there.
 */
export class TrainingDiagnostics {
  readonly #own: { device: Device; training: Training };
  readonly #experiment: TrainingExperiment;
  readonly #data: TrainingData;
  readonly #threads: number;
  #float64: { device: Device; training: Training } | null = null;

  constructor(
    own: { device: Device; training: Training },
    experiment: TrainingExperiment,
    data: TrainingData,
    threads: number,
  ) {
    this.#own = own;
    this.#experiment = experiment;
    this.#data = data;
    this.#threads = threads;
  }

  due(state: TrainingState): IntervalDiagnostic[] {
    const { training } = this.#own;
    const last = training.finished(state);
    // A budget may end a run in the middle of an epoch.
    if (state.step % training.stepsPerEpoch !== 0 && !last) return [];
    return dueDiagnostics(this.#experiment.diagnostics, state.step / training.stepsPerEpoch, last);
  }

  /** What is due at a state, to be measured piece by piece; null where nothing is. */
  begin(state: TrainingState): Pieces<Diagnosis> | null {
    const parts = this.due(state);
    if (parts.length === 0) return null;
    const pieces: Pieces<Diagnosis> = new Pieces(async (pause) => {
      const { device, training } = await this.#inFloat64();
      const borrowed = device === this.#own.device;
      const seen = borrowed
        ? state
        : restoreState(device, inFloat64(await saveState(this.#own.device, state, training.stepsPerEpoch)));
      const found: Diagnosis = { row: {}, costs: [], failures: [] };
      try {
        for (const part of parts) {
          const start = pieces.seconds;
          try {
            const probe = await this.#probe(device, training, seen, part);
            const { values, work } = await this.#measure(part, probe, pause);
            const seconds = pieces.seconds - start;
            Object.assign(found.row, values, { [timeKeys[part]]: seconds });
            found.costs.push({ part, work, seconds });
          } catch (error) {
            // Far from the trained weights a layer may refuse what it is given. Training does not depend on it.
            found.failures.push({ part, problem: toProblem(error) });
          }
          await pause();
        }
      } finally {
        if (!borrowed) disposeState(seen);
      }
      return found;
    });
    return pieces;
  }

  dispose(): void {
    const made = this.#float64;
    if (made && made.device !== this.#own.device) made.training.release();
    this.#float64 = null;
  }

  async #inFloat64(): Promise<{ device: Device; training: Training }> {
    if (this.#float64) return this.#float64;
    if (this.#own.device.dtype === 'float64') return (this.#float64 = this.#own);
    const threads = this.#threads;
    const device = await loadDevice('simd64', { threads, packageFolders: [] });
    return (this.#float64 = { device, training: createTraining(device, this.#experiment, this.#data, { threads }) });
  }

  /** The seeds of the instances and of the directions: children of the run's seed that training does not draw from. */
  #seeds(): { instances: SeedSequence; directions: number } {
    const [instances, directions] = new SeedSequence(this.#experiment.seed, [diagnosticsKey]).spawn(2);
    return { instances, directions: directions.generateWords(1)[0] };
  }

  #probe(device: Device, training: Training, state: TrainingState, part: IntervalDiagnostic): Promise<LossProbe> {
    const { count } = this.#data.train;
    const order = new Generator(this.#seeds().instances).permutation(count);
    const instances = order.slice(0, Math.min(this.#experiment.diagnostics[part].instances, count));
    return LossProbe.at(device, training, state, instances);
  }

  async #measure(
    part: IntervalDiagnostic,
    probe: LossProbe,
    pause: Progress,
  ): Promise<{ values: Diagnosis['row']; work: string }> {
    const seed = this.#seeds().directions;
    const { hessian, landscape, gradientError: error } = this.#experiment.diagnostics;
    switch (part) {
      case 'hessian': {
        const { count, iterations: steps } = hessian;
        const product = (v: Float64Array) => hessianProduct(probe, v);
        const { largest, smallest, products } = await hessianSpectrum(product, probe.size, { count, steps, seed }, pause);
        return { values: { ...end('largest', largest, count), ...end('smallest', smallest, count) }, work: `${products} products` };
      }
      case 'rank': {
        const features = await featureRank(probe);
        const gradients = await gradientRank(probe, pause);
        return {
          values: { 'rank/features': features.rank, 'rank/gradients': gradients.rank },
          work: `${probe.work.gradients} gradients`,
        };
      }
      case 'landscape': {
        const { points, radius } = landscape;
        const { values } = await lossLandscape(probe, { points, radius, dimensions: 2, seed }, pause);
        const { loss, objective, penalty } = values;
        return {
          values: { 'landscape/loss': loss, 'landscape/objective': objective, 'landscape/penalty': penalty },
          work: `${probe.work.forward} points`,
        };
      }
      case 'gradientError': {
        const { cosine, relativeError } = await gradientError(probe, { directions: error.directions, seed }, pause);
        return {
          values: { 'gradient/difference_cosine': cosine, 'gradient/difference_error': relativeError },
          work: `${probe.work.forward} passes`,
        };
      }
    }
  } // prettier-ignore
}

/** Distinguishes the children of the run's seed that diagnostics draw from; training spawns 0, 1 and 2. */
const diagnosticsKey = 0xd1a6;

const timeKeys: Record<IntervalDiagnostic, string> = {
  hessian: 'time/hessian',
  rank: 'time/rank',
  landscape: 'time/landscape',
  gradientError: 'time/gradient_error',
};

/** One end of the spectrum; NaN where the space is too small for as many values as are wanted. */
function end(name: 'largest' | 'smallest', ritz: readonly Ritz[], count: number): Record<string, Float64Array> {
  const column = (key: keyof Ritz) => Float64Array.from({ length: count }, (_, k) => ritz.at(k)?.[key] ?? NaN);
  return { [`hessian/${name}`]: column('value'), [`hessian/${name}_residual`]: column('residual') };
}

/** Lines for the log: what each part was, what it took, and its share of the run's active time so far. */
export function describeDiagnosis({ costs, failures }: Diagnosis, activeSeconds: number): string[] {
  const share = (seconds: number) => {
    const percent = (100 * seconds) / activeSeconds;
    return percent < 1 ? 'less than 1 %' : `${Math.round(percent)} %`;
  };
  return [
    ...costs.map(
      ({ part, work, seconds }) =>
        `${titles[part]}: ${work}, ${seconds < 1 ? `${Math.ceil(1e3 * seconds)} ms` : formatDuration(seconds)}, ${share(seconds)} of the active time so far.`,
    ),
    ...failures.map(({ part, problem }) => `${titles[part]} could not be measured here: ${problemText(problem)}`),
  ];
}
