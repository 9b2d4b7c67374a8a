import { describe, expect, it } from 'vitest';
import { parseFigure } from '@shared/figures/spec';
import type { Estimate } from '@shared/studies';
import { parseSweep } from '../experiments/sweeps/sweep';
import { annealing } from './annealing';
import { partMeans } from './curves';
import { madeUpRun } from './fixtures';
import { interference } from './interference';
import { lambdaTradeOff } from './lambdaTradeOff';
import { studies } from './registry';

const value = (cell: unknown) => (cell as Estimate).value;
const finals = (gap: number, eq: number, ineq: number, dist = 0.1) => ({
  'valid/gap_mean': gap,
  'valid/eq_mean': eq,
  'valid/ineq_mean': ineq,
  'valid/dist_mean': dist,
  'valid/violated_share': 1,
});

describe.each(studies.map((study) => [study.name, study] as const))('the study %s', (_, study) => {
  it('asks for sweeps that are valid with every default', () => {
    const sweeps = study.sweeps(study.settings.parse({}));
    for (const yaml of sweeps) expect(parseSweep(yaml).findings).toEqual([]);
    expect(sweeps.length).toBeGreaterThan(0);
  });
});

it('the studies of trade-off and interference share their runs', () => {
  expect(interference.sweeps(interference.settings.parse({}))).toEqual(
    lambdaTradeOff.sweeps(lambdaTradeOff.settings.parse({})),
  );
});

describe('the trade-off of λ', () => {
  const settings = lambdaTradeOff.settings.parse({ lambdas: [1, 10, 100, 1000] });
  // Violation .5/λ exactly, alternately of equality and inequality rows; λ = 1000 is worse than 100 in both measures.
  const runs = [1, 10, 100, 1000].flatMap((lambda) =>
    [0, 1, 2].map((seed) =>
      madeUpRun({
        seed,
        settings: { 'technique.lambda.value': lambda },
        final:
          lambda === 1000
            ? finals(0.9, 0.5 / 90, 0)
            : finals(-0.5 / lambda + 0.01 * seed, seed === 1 ? 0.01 / lambda : 0.5 / lambda, 0.5 / lambda),
      }),
    ),
  );
  const { reading, tables, figures, warnings } = lambdaTradeOff.analyse(settings, runs);

  it('averages over seeds and finds the dominated weight', () => {
    const [table] = tables;
    expect(table.rows.map((row) => row.lambda)).toEqual([1, 10, 100, 1000]);
    expect(table.rows.map((row) => row.front)).toEqual(['yes', 'yes', 'yes', 'no']);
    expect(value(table.rows[1].violation)).toBeCloseTo(0.05, 12);
    expect(value(table.rows[0].gap)).toBeCloseTo(-0.49, 12);
    expect(reading.some(({ text }) => text.includes('λ = 1000 is dominated'))).toBe(true);
  });

  it('recognises the law of the quadratic penalty method', () => {
    const lawful = runs.filter(({ summary }) => summary.settings['technique.lambda.value'] !== 1000);
    const [law] = lambdaTradeOff.analyse(settings, lawful).reading;
    expect(law.text).toContain('divides the violation by about 10.');
    expect(law.text).toContain('This is the 1/λ');
    expect(law.basis).toContain('−1');
  });

  it('says that a flat violation is no law', () => {
    const flat = [1, 10, 100].flatMap((lambda) =>
      [0, 1].map((seed) =>
        madeUpRun({ seed, settings: { 'technique.lambda.value': lambda }, final: finals(0.1, 0.2 + 0.01 * seed, 0) }),
      ),
    );
    expect(lambdaTradeOff.analyse(settings, flat).reading[0].text).toContain('does not fall reliably');
  });

  it('warns of few seeds, and gives no interval for one', () => {
    expect(warnings.join()).toContain('3 seeds');
    const single = lambdaTradeOff.analyse(
      settings,
      runs.filter(({ summary }) => summary.seed === 0),
    );
    expect(single.warnings.join()).toContain('one seed only');
    expect(single.tables[0].rows[0].gap).toMatchObject({ low: null, high: null });
  });

  it('draws figures that are valid specifications', () => {
    for (const { figure } of figures) expect(parseFigure(figure).panels.length).toBeGreaterThan(0);
  });
});

describe('annealing', () => {
  const settings = annealing.settings.parse({ from: 1, to: 100 });
  const arm = (technique: Record<string, string | number>, factor: number, gap: number) =>
    [0, 1, 2, 3].map((seed) =>
      madeUpRun({
        seed,
        settings: technique,
        // Seeds differ by far more than schedules do: only differences seed by seed can tell them apart.
        final: finals(gap * (1 + seed), 0, factor * 10 ** -seed),
        series: {
          epoch: {
            epoch: [1, 2, 3],
            values: { 'valid/gap_mean': [1, 1, 1], 'valid/eq_mean': [1, 1, 1], 'valid/ineq_mean': [1, 1, 1] },
          },
        },
      }),
    );
  const runs = [
    ...arm(
      { 'technique.kind': 'softPenalty', 'technique.lambda.kind': 'constant', 'technique.lambda.value': 100 },
      1,
      0.2,
    ),
    ...arm(
      { 'technique.kind': 'softPenalty', 'technique.lambda.kind': 'constant', 'technique.lambda.value': 1 },
      8,
      0.1,
    ),
    ...arm({ 'technique.kind': 'softPenalty', 'technique.lambda.kind': 'exponential' }, 0.5, 0.2),
    ...arm({ 'technique.kind': 'augmentedLagrangian' }, 0.25, 0.3),
  ];
  const { tables, reading, figures } = annealing.analyse(settings, runs);

  it('compares seed by seed with the constant final λ', () => {
    const byName = new Map(tables[0].rows.map((row) => [row.name, row]));
    expect(byName.get('Constant, final λ')!.factor).toBeNull();
    expect(value(byName.get('Exponential')!.factor)).toBeCloseTo(0.5, 12);
    expect(value(byName.get('Augmented Lagrangian')!.factor)).toBeCloseTo(0.25, 12);
    expect(value(byName.get('Constant, initial λ')!.gapDifference)).toBeCloseTo(-0.25, 12);
  });

  it('says what is clear and what is not', () => {
    const of = (name: string) => reading.find(({ text }) => text.startsWith(name))!;
    expect(of('Exponential').text).toContain('less violation, no clear difference in the gap');
    expect(of('Augmented Lagrangian').text).toContain('less violation, a larger gap');
    expect(of('Constant, initial λ').text).toContain('more violation, a smaller gap');
    expect(of('Exponential').basis).toContain('exact p = 0.13, n = 4');
  });

  it('draws figures that are valid specifications', () => {
    for (const { figure } of figures) parseFigure(figure);
  });
});

describe('interference of the gradients', () => {
  const settings = interference.settings.parse({});
  const steps = Array.from({ length: 300 }, (_, i) => (i + 1) / 10);
  /** Cosine falls from .5 to −.5 over training; every second comparison is missing. */
  const run = (lambda: number, seed: number, ratio: number) =>
    madeUpRun({
      seed,
      settings: { 'technique.lambda.value': lambda },
      series: {
        step: {
          epoch: steps,
          values: {
            'gradient/cosine': steps.map((at, i) => (i % 2 === 0 ? NaN : 0.5 - at / 30 + 0.001 * seed)),
            'gradient/norm_ratio': steps.map((_, i) => (i % 2 === 0 ? NaN : ratio)),
          },
        },
      },
    });
  const runs = [0, 1, 2].flatMap((seed) => [run(1, seed, 0.1), run(100, seed, 20)]);
  const { tables, reading, figures } = interference.analyse(settings, runs);

  it('measures dominance, conflict and their change over training', () => {
    const [low, high] = tables[0].rows;
    expect([value(low.dominates), value(high.dominates)]).toEqual([0, 1]);
    expect(value(low.conflicts)).toBeCloseTo(0.5, 1);
    expect(value(high.change)).toBeCloseTo(-2 / 3, 2);
    expect(reading[0].text).toBe(
      'The penalty’s gradient dominates at most steps for λ = 100, and the objective’s for λ = 1.',
    );
    expect(reading[2].text).toBe('Interference grows over training for λ = 1, 100.');
  });

  it('draws curves with bands over the seeds', () => {
    const [panel] = parseFigure(figures[0].figure).panels;
    const [line] = panel.series;
    if (line.mark !== 'line') throw new Error('no line');
    expect(line.y[0]).toBeCloseTo(0.5 - 1 / 60, 1);
    expect(line.low![0]).toBeLessThan(line.high![0] as number);
  });
});

it('means over parts of training leave out what was not measured', () => {
  const means = partMeans(Float64Array.of(1, 2, 3, 4), Float64Array.of(1, NaN, 5, 7), 4, 2);
  // Part one holds epoch 1 (and the missing one); epochs 2 and 3 fall at or beyond the middle.
  expect([...means]).toEqual([1, 6]);
});
