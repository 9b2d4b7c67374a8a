import type { Diagnosis, DiagnosisAsk, DiagnosticKind } from '@shared/diagnostics';
import { featureRank, gradientRank, type EffectiveRank } from '../diagnostics/effectiveRank';
import { landscapeFigure, singularValuesFigure, violationFigure } from '../diagnostics/figures';
import { gradientError } from '../diagnostics/gradientError';
import { hessianProduct, hessianSpectrum } from '../diagnostics/hessian';
import { lossLandscape } from '../diagnostics/landscape';
import { openCheckpoint } from '../diagnostics/openCheckpoint';
import type { Progress } from '../diagnostics/progress';
import { RunDirectory } from '../store/runDirectory';

/** Everything that is asked for around a checkpoint; every part is the whole answer so far. @throws AdjointError as `openCheckpoint` does */
export async function* diagnosis(ask: DiagnosisAsk, directory: string): AsyncGenerator<Diagnosis, void, void> {
  const start = performance.now();
  const { step, what, instances, seed } = ask;
  const opened = await openCheckpoint(RunDirectory.open(directory), {
    ...(step === undefined ? {} : { step }),
    ...{ instances, seed, threads: 1 },
  });
  const { probe } = opened;
  let found: Diagnosis = {
    ...{ run: ask.run, step: opened.step, epoch: opened.epoch, weights: probe.size, instances: probe.instances.length },
    ...{
      progress: null,
      cost: { ...probe.work, seconds: 0 },
      hessian: null,
      rank: null,
      gradient: null,
      violations: null,
      figures: [],
    },
  };
  const of = `${ask.run}, step ${opened.step}`;
  const steps: Record<DiagnosticKind, (progress: Progress) => Promise<Partial<Diagnosis>>> = {
    async hessian(progress) {
      const settings = { count: ask.count, steps: ask.iterations, seed };
      const spectrum = await hessianSpectrum((v) => hessianProduct(probe, v), probe.size, settings, progress);
      const { largest, smallest, products, asymmetry } = spectrum;
      return { hessian: { largest, smallest, products, asymmetry } };
    },
    async rank(progress) {
      const features = await featureRank(probe);
      const gradients = await gradientRank(probe, progress);
      const figure = singularValuesFigure({ features, gradients }, of);
      return {
        rank: { features: asJson(features), gradients: asJson(gradients) },
        figures: [...found.figures, { name: 'singular-values', caption: figure.caption, figure }],
      };
    },
    async landscape(progress) {
      const { points, radius } = ask;
      const figure = landscapeFigure(await lossLandscape(probe, { points, radius, dimensions: 2, seed }, progress), of);
      return { figures: [...found.figures, { name: 'landscape', caption: figure.caption, figure }] };
    },
    async gradient(progress) {
      const { directions } = ask;
      const { cosine, relativeError, norm, slopeRatio } = await gradientError(probe, { directions, seed }, progress);
      return {
        gradient: {
          ...{ cosine: numberOrNull(cosine), relativeError: numberOrNull(relativeError), norm: numberOrNull(norm) },
          ...{ slopeRatio: numberOrNull(slopeRatio), directions },
        },
      };
    },
    async violations() {
      const map = await opened.violations();
      const { equalities, instances: count } = map;
      const figure = violationFigure(map, of);
      return {
        violations: {
          ...{ equalities, instances: count, largest: Array.from(map.largest, numberOrNull) },
          violatedShare: [...map.violatedShare],
        },
        figures: [...found.figures, { name: 'violations', caption: figure.caption, figure }],
      };
    },
  };
  try {
    for (const kind of what) {
      const queue = new Newest<Diagnosis>();
      const part = (change: Partial<Diagnosis>, progress: Diagnosis['progress']): Diagnosis => ({
        ...{ ...found, ...change, progress },
        cost: { ...probe.work, seconds: (performance.now() - start) / 1e3 },
      });
      const work = steps[kind]((done, total) => queue.put(part({}, { what: kind, done, of: total }))).then(
        (change) => {
          found = part(change, null);
          queue.end();
        },
        (error: unknown) => queue.fail(error),
      );
      yield* queue;
      await work;
    }
    yield found;
  } finally {
    opened.dispose();
  }
}

const numberOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

const asJson = ({ rank, most, singularValues }: EffectiveRank) => ({
  ...{ rank: Number.isNaN(rank) ? null : rank, most },
  singularValues: [...singularValues],
});

/** What is put in comes out in order, but for what nobody took before something newer came. */
class Newest<T> {
  #value: T | null = null;
  #ended = false;
  #error: unknown = null;
  #wake = () => {};

  put(value: T): void {
    this.#value = value;
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  fail(error: unknown): void {
    this.#error = error ?? new Error('unknown');
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for (;;) {
      const value = this.#value;
      this.#value = null;
      if (value !== null) yield value;
      else if (this.#error !== null) throw this.#error;
      else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
