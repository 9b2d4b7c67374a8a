import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseFigure } from '@shared/figures/spec';
import type { Estimate } from '@shared/studies';
import { resolveDefaults } from '../training/experimentSchema';
import { techniques } from '../training/techniques/registry';
import { allTechniques } from './allTechniques';
import { type ArmName, armNames, arms } from './allTechniquesSweeps';
import { madeUpRun } from './fixtures';

const value = (cell: unknown) => (cell as Estimate).value;
const settings = allTechniques.settings.parse({ budgetSeconds: 100, validations: 20 });

interface Made {
  gap: number;
  violation: number;
  /** Seconds for an instance; the exact solver takes 1e-3. */
  inference: number;
  /** What the gap falls by in every tenth of the seconds. */
  fall?: number;
  cpu?: number;
}

/** Three seeds of a technique that differ by a thousandth of its gap. */
const runsOf = (kind: ArmName, { gap, violation, inference, fall = 0, cpu = 1 }: Made) =>
  [0, 1, 2].map((seed) => {
    const seconds = Array.from({ length: 21 }, (_, i) => 5 * i);
    const gaps = seconds.map((at) => gap * (1 + seed / 1000) + (fall * (100 - at)) / 10);
    return madeUpRun({
      seed,
      settings: { 'technique.kind': kind, 'training.epochs': 400 },
      final: {
        ...{ 'valid/gap_mean': gap * (1 + seed / 1000), 'valid/dist_mean': 0.1, 'time/training': 100, loss: 1 },
        ...{ 'valid/eq_max': violation, 'valid/ineq_max': violation, 'valid/violated_share': violation > 1e-4 ? 1 : 0 },
        ...{ 'valid/eq_mean': violation / 2, 'valid/ineq_mean': violation },
        ...{ 'time/inference': inference, 'time/exact_solver': 1e-3 },
      },
      series: {
        epoch: {
          epoch: seconds.map((at) => at / 5),
          values: {
            ...{ 'time/training': seconds, 'valid/gap_mean': gaps },
            ...{ 'valid/eq_mean': gaps.map(() => violation / 2), 'valid/ineq_mean': gaps.map(() => violation) },
          },
        },
        system: { epoch: [1, 2], values: { 'system/cpu': [cpu, cpu] } },
      },
    });
  });

const penalty = { gap: -0.2, violation: 0.05, inference: 1e-5 };
const projection = { gap: 0.02, violation: 1e-14, inference: 4e-3 };
const completion = { gap: 0.05, violation: 1e-6, inference: 1e-4, fall: 0.01 };
const runs = [
  ...runsOf('convexProjection', projection),
  ...runsOf('softPenalty', penalty),
  ...runsOf('dc3', completion),
];
const sweep = settings.techniques.indexOf('hardNetAff');
const found = allTechniques.analyse(settings, runs, [{ sweep, reason: 'it has 5 quadratic rows.' }]);
const text = found.reading.map((claim) => claim.text).join('\n');

describe('the study of all techniques', () => {
  it('has every technique of the registry, each at settings that are valid', () => {
    expect(new Set(armNames)).toEqual(new Set(techniques.map(({ kind }) => kind)));
    for (const kind of armNames)
      expect(resolveDefaults({ dataset: 'any', technique: { kind, ...arms[kind].technique } }).technique.kind).toBe(
        kind,
      );
  });

  it.each([
    ['dc3', 'preset-dc3'],
    ['fsNet', 'preset-fsnet'],
    ['piNet', 'preset-pinet'],
    ['hardNetAff', 'preset-hardnet-aff'],
  ] as const)('trains %s, published, as its preset does', (kind, file) => {
    const preset = resolveDefaults(parse(readFileSync(`resources/experiments/${file}.yaml`, 'utf8')));
    const { technique, published } = arms[kind];
    const { network, optimizer, training } = published;
    const own = resolveDefaults({ network, optimizer, training, dataset: 'any', technique: { kind, ...technique } });
    expect(own.technique).toEqual(preset.technique);
    expect(own.network).toEqual(preset.network);
    expect(own.optimizer).toEqual(preset.optimizer);
    expect([own.training.epochs, own.training.batchSize]).toEqual([preset.training.epochs, preset.training.batchSize]);
  });

  it('asks for one network and the same seconds of every technique at equal time, and for whole trainings as published', () => {
    const equal = allTechniques.sweeps(settings).map((yaml) => parse(yaml) as Record<string, unknown>);
    expect(equal).toHaveLength(techniques.length);
    expect(new Set(equal.map(({ network, optimizer }) => JSON.stringify([network, optimizer]))).size).toBe(1);
    for (const experiment of equal)
      expect(experiment).toMatchObject({ threads: 1, training: { budgetSeconds: 100, validateSeconds: 5 } });
    const whole = allTechniques.settings.parse({ protocol: 'published', budgetSeconds: 0, techniques: ['dc3'] });
    expect(parse(allTechniques.sweeps(whole)[0])).toMatchObject({ training: { epochs: 1000, batchSize: 200 } });
    expect(allTechniques.settings.safeParse({ budgetSeconds: 0 }).success).toBe(false);
  });

  it('ranks gaps among the feasible only, and says what the others bought theirs with', () => {
    expect(found.tables[0].rows.map(({ title }) => title)).toEqual(['Soft penalty', 'DC3', 'Convex projection']);
    expect(value(found.tables[0].rows[2].gap)).toBeCloseTo(0.02002, 12);
    expect(text).toContain('Feasible: Convex projection, DC3. Not feasible: Soft penalty.');
    expect(text).toContain('Convex projection has the smallest gap, apart from every other');
    expect(text).toContain('Soft penalty lies below the optimum in the mean');
  });

  it('says that gaps alone are vacuous where nothing is feasible', () => {
    const { reading } = allTechniques.analyse(settings, runsOf('softPenalty', penalty));
    expect(reading[0].text).toContain('comparing them alone is vacuous');
  });

  it('compares the time of an instance with that of the exact solver', () => {
    expect(found.tables[1].rows.map(({ speed }) => value(speed))).toEqual([100, 10, 0.25]);
    expect(text).toContain('The exact solver takes 1 ms');
    expect(text).toContain(
      'Soft penalty is 100 times as fast; DC3 is 10 times as fast; Convex projection takes 4 times as long',
    );
    expect(text).toContain('Solving exactly is quicker than Convex projection');
  });

  it('names the techniques whose gap still falls at the end', () => {
    expect(text).toContain('it still falls with DC3.');
    const still = allTechniques.analyse(settings, runsOf('dc3', { ...completion, fall: 0 })).reading;
    expect(still.at(-1)!.text).toContain('No gap still moves');
  });

  it('tells the whole length of a published training from the share that was done', () => {
    const published = allTechniques.settings.parse({ protocol: 'published', techniques: ['dc3'] });
    const { tables, reading } = allTechniques.analyse(published, runsOf('dc3', completion));
    // 20 of 400 epochs took 100 s.
    expect(value(tables[1].rows[0].whole)).toBeCloseTo(2000, 9);
    expect(reading.map((claim) => claim.text).join()).toContain('of which 5.0 % are done');
  });

  it('names what was left out and why, and runs that did not have their core', () => {
    expect(found.tables.at(-1)!.rows).toEqual([{ title: 'HardNet-Aff', reason: 'it has 5 quadratic rows.' }]);
    expect(found.warnings.join()).not.toContain('of a core');
    const { warnings } = allTechniques.analyse(settings, runsOf('dc3', { ...completion, cpu: 0.5 }));
    expect(warnings.join()).toContain('DC3 had less than 90 % of a core');
  });

  it('names runs without a finite violation, which its reading leaves out', () => {
    const { warnings } = allTechniques.analyse(settings, [
      ...runs,
      ...runsOf('piNet', { ...projection, violation: NaN }),
    ]);
    expect(warnings.join()).toContain('3 runs have no finite final value');
  });

  it('draws figures that are valid specifications, also where a violation is zero', () => {
    const { figures } = allTechniques.analyse(settings, [...runs, ...runsOf('piNet', { ...projection, violation: 0 })]);
    for (const { figure } of figures) expect(parseFigure(figure).panels.length).toBeGreaterThan(0);
    const [panel] = parseFigure(figures[0].figure).panels;
    for (const series of panel.series)
      if (series.mark === 'points') expect(Math.min(...(series.x as number[]))).toBeGreaterThan(0);
  });
});
