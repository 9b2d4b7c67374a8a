import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import type { StudyTable } from '@shared/studies';
import { parseFigure } from '@shared/figures/spec';
import { parseSweep } from '../experiments/experiment';
import { madeUpRun } from './fixtures';
import { gradientQuality } from './gradientQuality';
import { publishedTable } from './publishedTable';
import { ssigdTuning } from './ssigdTuning';
import type { Findings, StudyRun } from './study';

const words = ({ reading }: Findings) => reading.map(({ text }) => text).join('\n');
const tableOf = ({ tables }: Findings, name: string): StudyTable => tables.find((table) => table.name === name)!;

/** Every sweep of the plan is one that can be run, and every figure one that can be drawn. */
function expectSound(sweeps: string[], found: Findings) {
  for (const yaml of sweeps) expect(parseSweep(yaml).findings, yaml).toEqual([]);
  for (const { figure } of found.figures) expect(() => parseFigure(figure)).not.toThrow();
}

describe('published-table', () => {
  const settings = publishedTable.settings.parse({ sizes: [5, 10, 20], seeds: 2, tolerances: [1e-5] });
  const nothing = NaN;

  /** A comparison of which every number is chosen. */
  function comparison(family: string, d: number, seed: number, speedup: number): StudyRun {
    const rows = [
      { direct_share: 1, direct_failed: 0, layer_failed: 0, implicit_failed: 0, layer_refused: 0, direct_refused: 0 },
      { kink: 1, layer_refused: 1, direct_refused: 0 },
      { delta: 1e-6, stability_ratio: 40, layer_quotient: 3, true_quotient: 3, direct_quotient: 120 },
      { delta: 1e-2, stability_ratio: 1, layer_quotient: 3, true_quotient: 3, direct_quotient: 3 },
      { layer_variation: 1e-16, direct_variation: 1e-6, implicit_variation: 1e-6 },
      { ssigd_direct_F: 2.5, ssigd_layer_F: 2, ssigd_direct_seconds: 9, ssigd_layer_seconds: 1, ssigd_speedup: 9 },
      { direct_bytes: 2e6, layer_bytes: 1e6 },
    ] as Record<string, number>[];
    Object.assign(rows[0], {
      ...{ speedup, implicit_speedup: 3.7, direct_seconds: speedup, layer_seconds: 1, implicit_seconds: speedup / 3.7 },
      ...{ direct_error: 1e-3 * (seed + 1), layer_error: 1e-16, implicit_error: 0.5 },
    });
    const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    const values = Object.fromEntries(
      keys.map((key) => [`hypergradient/${key}`, rows.map((row) => row[key] ?? nothing)]),
    );
    return madeUpRun({
      seed,
      settings: { 'problem.kind': family, 'problem.d': d, tolerance: 1e-5 },
      series: { step: { epoch: rows.map((_, i) => i), values } },
    });
  }
  const runs = ['coupled', 'V2'].flatMap((family) =>
    [5, 10, 20].flatMap((d) => [0, 1].map((seed) => comparison(family, d, seed, 2 * d * (1 + 0.01 * seed)))),
  );
  const found = publishedTable.analyse(settings, runs);

  it('judges the published claims by the numbers', () => {
    expectSound(publishedTable.sweeps(settings), found);
    const text = words(found);
    expect(text).toContain(
      'On coupled: our layer is faster than direct differences: more than 4 times at d = 5, 10, 20',
    );
    expect(text).toContain('the factor grows with d');
    expect(text).toContain('differentiating once instead of d + 1 solves is faster: 3.5 to 4 times at d = 5, 10, 20');
    expect(text).toContain('the differentiated general solver by up to 0.50');
    expect(text).toContain('direct differences move up to 40.0 times as much, at δ = 1e−6');
    expect(text).toContain('At 6 kinks, where F has no gradient, the layer says so at 6, direct differences at 0');
    expect(text).toContain('SSIGD ends at another F with direct differences: up to 0.25 off');
  });

  it('would say so if the published speed-up held and the layer were the less accurate', () => {
    const other = runs.map((run) => {
      const { summary, series } = run;
      const changed: StudyRun['series'] = (clock, metrics) => {
        const table = series(clock, metrics);
        const values = { ...table.values };
        if ('hypergradient/speedup' in values)
          values['hypergradient/speedup'] = values['hypergradient/speedup'].map((value) =>
            Number.isNaN(value) ? NaN : 3.8,
          );
        if ('hypergradient/layer_error' in values)
          values['hypergradient/layer_error'] = values['hypergradient/layer_error'].map((value) => value * 1e15);
        return { ...table, values };
      };
      return { summary, series: changed };
    });
    const text = words(publishedTable.analyse(settings, other));
    expect(text).toContain('The published factor of 3.5 to 4 holds at d = 5, 10, 20 only.');
    expect(text).toContain('the layer is less accurate than direct differences');
  });

  it('marks V2 as vacuous in verdict, warnings, tables and figures', () => {
    expect(words(found)).toContain('V2, the published table’s own problem, is vacuous');
    expect(found.warnings.some((line) => line.startsWith('V2 is vacuous'))).toBe(true);
    for (const table of found.tables)
      expect(new Set(table.rows.map(({ family }) => family))).toEqual(new Set(['coupled', 'V2 (vacuous)']));
    for (const { figure, caption } of found.figures) {
      expect(figure.panels.map(({ title }) => title)).toEqual([
        'coupled, tolerance 1e−5',
        'V2 (vacuous), tolerance 1e−5',
      ]);
      expect(caption).toContain('On V2 the lower level ignores x');
    }
  });

  it('takes medians of a problem and geometric means over problems', () => {
    const row = tableOf(found, 'time').rows.find(({ family, d }) => family === 'coupled' && d === 10)!;
    expect(row.speedup).toMatchObject({ value: expect.closeTo(Math.sqrt(20 * 20.2), 9) as number });
    expect(row.share).toBe(1);
  });
});

describe('ssigd-tuning', () => {
  const settings = ssigdTuning.settings.parse({ betas: [0.1, 0.2, 0.4, 0.8], mus: [1, 2], rules: ['constant'] });
  const run = (beta: number, mu: number, F: number) =>
    madeUpRun({
      seed: 0,
      settings: {
        ...{ 'algorithm.kind': 'ssigd', 'algorithm.rule': 'constant', 'algorithm.beta': beta, 'algorithm.mu': mu },
      },
      final: { 'bilevel/F': F },
      series: { step: { epoch: [0], values: { 'bilevel/F': [10] } } },
    });
  const reference = madeUpRun({ seed: 0, settings: { 'algorithm.kind': 'dsigd' }, final: { 'bilevel/F': 0 } });

  it('says that a setting plays no part where F is the same to the last bit, and counts such points once', () => {
    const runs = settings.betas.flatMap((beta, i) => settings.mus.map((mu) => run(beta, mu, 8 - 2 * i)));
    const found = ssigdTuning.analyse(settings, [...runs, reference]);
    expectSound(ssigdTuning.sweeps(settings), found);
    expect(words(found)).toContain('μ_F plays no part');
    expect(words(found)).toContain('the 8 points of the grid are 4 different runs');
    expect(words(found)).toContain('The larger β, the better it ends');
    expect(tableOf(found, 'tuning-constant').rows[0]).toMatchObject({
      beta: 0.1,
      '1': { value: 0.8 },
      '2': { value: 0.8 },
    });
  });

  it('and does not where the last bit differs', () => {
    const runs = settings.betas.flatMap((beta, i) => settings.mus.map((mu) => run(beta, mu, 8 - 2 * i + mu * 1e-15)));
    expect(words(ssigdTuning.analyse(settings, [...runs, reference]))).toContain('both β and μ_F change where it ends');
  });

  it('its grid has 36 points a rule', () => {
    const [sweep] = ssigdTuning.sweeps(ssigdTuning.settings.parse({}));
    expect(parseSweep(sweep).plan?.runs).toHaveLength(36);
  });
});

describe('gradient-quality', () => {
  const settings = gradientQuality.settings.parse({ noises: [1], differenceSteps: [1e-5] });
  const steps = [...Array(40).keys()];
  /** F falls from 10 to its end as 2⁻ᵏ, at so many lower-level solves a step. */
  const run = (seed: number, estimator: Record<string, string | number>, end: number, solves: number) =>
    madeUpRun({
      seed,
      settings: { 'algorithm.kind': 'ssigd', ...estimator },
      final: { 'bilevel/F': end },
      series: {
        step: {
          epoch: steps.map((k) => k * solves),
          values: {
            'bilevel/F': steps.map((k) => end + (10 - end) * 2 ** -k),
            'time/estimate': steps.map(() => solves * 1e-3),
            'bilevel/gradient_error': steps.map(() => (estimator['estimator.kind'] === 'exact' ? 1e-16 : 0.3)),
          },
        },
      },
    });
  const seeds = [0, 1, 2, 3, 4, 5];
  const runs = seeds.flatMap((seed) => [
    run(seed, { 'estimator.kind': 'exact' }, 0.01 * seed, 1),
    run(seed, { 'estimator.kind': 'differences', 'estimator.step': 1e-5 }, 0.01 * seed + 1e-7 * (seed + 1), 51),
    run(seed, { 'estimator.kind': 'noisy', 'estimator.level': 1 }, 2 + 0.02 * seed, 1),
  ]);
  const reference = madeUpRun({ seed: 0, settings: { 'algorithm.kind': 'dsigd' }, final: { 'bilevel/F': 0 } });
  const found = gradientQuality.analyse(settings, [...runs, reference]);

  it('tells what costs more from what ends worse', () => {
    expectSound(gradientQuality.sweeps(settings), found);
    const text = words(found);
    expect(text).toContain('Differences, step 1e−5: ends where the exact hypergradient ends');
    expect(text).toContain('it takes 51 times the lower-level solves and 51 times the seconds');
    expect(text).toContain('Noise 1: ends worse than the exact hypergradient, by 20 % of the way');
    expect(text).toContain('6 of 6 runs never come within 1 % of the way');
  });
});

describe('on a problem whose lower level ignores x', () => {
  it.each([gradientQuality, ssigdTuning])(
    '$name is refused at the family, in words, unless that is wanted',
    (study) => {
      const refused = study.settings.safeParse({ family: 'V2' });
      expect(refused.error?.issues).toEqual([expect.objectContaining({ path: ['family'] })]);
      expect(refused.error?.issues[0].message).toContain('The lower level does not depend on x');
      const wanted = study.settings.parse({ family: 'V2', allowVacuous: true });
      for (const yaml of study.sweeps(wanted as never)) {
        expect((parse(yaml) as { allowVacuous: boolean }).allowVacuous).toBe(true);
        expect(parseSweep(yaml).findings).toEqual([]);
      }
    },
  );
});
