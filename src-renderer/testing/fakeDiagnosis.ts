import type { Diagnosis } from '@shared/diagnostics';
import { parseFigure } from '@shared/figures/spec';

export const madeUpDiagnosis: Diagnosis = {
  ...{ run: 'run-0000', step: 18, epoch: 3, weights: 2068, instances: 128, progress: null },
  cost: { forward: 442, gradients: 248, seconds: 5.1 },
  hessian: {
    largest: [{ value: 1994.2, residual: 2.1e-16 }],
    smallest: [{ value: -47.9, residual: 9.2 }],
    ...{ products: 60, asymmetry: 7.1e-12 },
  },
  rank: {
    features: { rank: 36.5, most: 64, singularValues: [2, 1] },
    gradients: { rank: 87.8, most: 128, singularValues: [3, 1] },
  },
  gradient: { cosine: 0.8125, relativeError: 0.6, norm: 2.5, slopeRatio: 1.1, directions: 16 },
  violations: { equalities: 1, instances: 20, largest: [0.2, 0.003], violatedShare: [1, 0.25] },
  figures: [
    {
      ...{ name: 'landscape', caption: 'Loss around run-0000.' },
      figure: parseFigure({
        ...{ format: 'adjoint-figure', version: 1 },
        panels: [{ series: [{ mark: 'heat', label: 'Loss', x: [0, 1], y: [0, 1], z: [1, 2, 3, 4] }] }],
      }),
    },
  ],
};

/** Diagnostics of the made-up engine; a test may put other parts in their place. */
export class FakeDiagnostics {
  parts: () => AsyncIterable<Diagnosis> = async function* () {
    await Promise.resolve();
    yield { ...madeUpDiagnosis, hessian: null, rank: null, figures: [] };
    yield madeUpDiagnosis;
  };
  readonly handlers: Record<string, (input: never) => unknown> = { 'diagnostics.look': () => this.parts() };
}
