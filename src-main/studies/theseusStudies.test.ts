import { describe, expect, it } from 'vitest';
import { parseFigure } from '@shared/figures/spec';
import type { Estimate } from '@shared/studies';
import { backwardModes, roughness } from './backwardModes';
import { madeUpRun } from './fixtures';
import { innerIterations } from './innerIterations';
import { warmStart } from './warmStart';

const value = (cell: unknown) => (cell as Estimate).value;
const texts = ({ reading }: { reading: { text: string }[] }) => reading.map(({ text }) => text).join('\n');
const finals = {
  ...{ 'valid/gap_mean': 0.1, 'valid/eq_mean': 1e-3, 'valid/ineq_mean': 2e-3 },
  ...{ 'time/inner_backward': 4, 'time/inner_forward': 2, 'inner/gradient_norm_ratio': 1 },
};

describe('the study of backward modes', () => {
  // DLM is a tenth off however long; implicit is right after ten iterations and half off after two.
  const error = (kind: string, iterations: number) => (kind === 'dlm' ? 0.1 : iterations === 2 ? 0.5 : 1e-3);
  const runs = ['implicit', 'dlm'].flatMap((kind) =>
    [2, 10].flatMap((iterations) =>
      [0, 1, 2].map((seed) =>
        madeUpRun({
          seed,
          settings: {
            ...{ 'technique.mode': 'anchored', 'technique.backward.kind': kind, 'technique.iterations': iterations },
          },
          final: {
            ...finals,
            'inner/gradient_error': error(kind, iterations) * (1 + 0.01 * seed),
            'inner/gradient_cosine': 0.99,
            'inner/memory': kind === 'dlm' ? 1 : 3,
          },
          series: {
            epoch: {
              epoch: [1, 2, 3, 4, 5, 6],
              // The second half is flat for implicit and jumps by a tenth of 10 for DLM.
              values: { 'train/loss_epoch': kind === 'dlm' ? [9, 9, 9, 10, 11, 10] : [9, 9, 9, 10, 10, 10] },
            },
          },
        }),
      ),
    ),
  );
  const findings = backwardModes.analyse(backwardModes.settings.parse({}), runs);

  it('says which gradient is best where the solve has converged, and whose suffers where it has not', () => {
    expect(texts(findings)).toContain(
      'after 10 inner iterations, implicit is nearest to the exact gradient and DLM farthest',
    );
    expect(texts(findings)).toContain('gets clearly worse for implicit; DLM then has the smallest error');
    expect(texts(findings)).toContain('implicit holds 3 times the memory of DLM');
    expect(texts(findings)).toContain('roughest with DLM');
  });

  it('measures roughness by the median relative change of the second half', () => {
    expect(roughness(runs[0])).toBe(0);
    expect(roughness(runs.at(-1)!)).toBeCloseTo((0.1 + 1 / 11) / 2, 12);
    expect(findings.tables[0].rows.map((row) => value(row.megabytes))).toEqual([3, 1, 3, 1]);
  });

  it('draws figures that are valid', () => {
    for (const { figure } of findings.figures) expect(() => parseFigure(figure)).not.toThrow();
  });
});

describe('the study of inner iterations', () => {
  const runs = [1, 3, 10].flatMap((iterations) =>
    [0, 1, 2].map((seed) =>
      madeUpRun({
        seed,
        settings: { 'technique.mode': 'project', 'technique.iterations': iterations },
        final: {
          ...finals,
          'inner/gradient_norm_ratio': 1 + 1 / (iterations + 0.01 * seed),
          'inner/gradient_cosine': iterations < 3 ? 0.8 : 0.995,
          'gradient/signal_to_noise': 1 + seed,
          'gradient/objective_norm': 2,
          'inner/displacement': 1,
          'valid/gap_mean': 0.3 / iterations,
        },
      }),
    ),
  );
  const findings = innerIterations.analyse(innerIterations.settings.parse({}), runs);

  it('tells a trend from none, and from where on the direction is right', () => {
    expect(texts(findings)).toContain('falls from 1.99');
    expect(texts(findings)).toContain('from 3 iterations on');
    expect(texts(findings)).toContain('signal-to-noise ratio of the network’s gradient shows no clear trend');
    expect(texts(findings)).toContain('nearest to zero with 10 inner iterations');
    for (const { figure } of findings.figures) expect(() => parseFigure(figure)).not.toThrow();
  });
});

describe('the study of the warm start', () => {
  const epoch = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  const run = (distance: number, seed: number) => {
    const warm = epoch.map((at) => (distance === 0 ? 8 : 10 - at + 0.1 * seed));
    return madeUpRun({
      seed,
      settings: { 'technique.loss.distance': distance },
      final: { ...finals, 'inner/displacement': 1 },
      series: {
        epoch: {
          epoch,
          values: {
            'inner/iterations_median': warm,
            'inner/cold_iterations_median': epoch.map(() => 8),
            'inner/warm_start_gain': warm.map((count) => 8 / count),
            'inner/displacement': epoch.map(() => 1),
          },
        },
      },
    });
  };
  const findings = warmStart.analyse(
    warmStart.settings.parse({}),
    [0, 1].flatMap((distance) => [0, 1, 2].map((seed) => run(distance, seed))),
  );

  it('claims a gain and its growth only where the intervals carry them', () => {
    expect(texts(findings)).toContain('With α = 0 it makes no clear difference where the inner solve begins');
    expect(texts(findings)).toContain('With α = 0 the gain does not change clearly');
    expect(texts(findings)).toContain('With α = 1 the network’s output is the better start');
    expect(texts(findings)).toContain('With α = 1 the gain grows over training');
    // First third: epochs 1 to 3, so 9, 8, 7 iterations; last third: 6 to 9, so 4, 3, 2, 1.
    const [, row] = findings.tables[0].rows;
    expect(value(row.warmEarly)).toBeCloseTo(8.1, 12);
    expect(value(row.warmLate)).toBeCloseTo(2.6, 12);
    for (const { figure } of findings.figures) expect(() => parseFigure(figure)).not.toThrow();
  });
});
