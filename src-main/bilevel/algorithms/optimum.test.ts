import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { Generator } from '@shared/random/generator';
import { exact } from '../estimators/exact';
import { parseBilevelFile } from '../file/bilevelFile';
import { runOuter, type OuterAlgorithm } from './algorithm';
import { outerAlgorithms } from './registry';

/** Problems of the literature with known global optima. */
const folder = resolve('resources/cases/bilevel');
const cases = readdirSync(folder).map((name) => {
  const text = readFileSync(resolve(folder, name), 'utf8');
  const { expected } = JSON.parse(text) as { expected: { F: number } };
  return { name: name.replace('.json', ''), problem: parseBilevelFile(text, name).problem, F: expected.F };
});

/** Starts are drawn within ±10 unless most of that leads to other local optima. */
const startBox: Record<string, [number, number]> = {
  'calamai-vicente-1994b': [0, 2],
  'clark-westerberg-1990': [0, 3],
};

/** Where the defaults are not enough within five starts: steps that suit the scale of F, and penalties that suit kinks or slow directions. */
const tuned: Record<string, Record<string, object>> = {
  dsigd: { 'clark-westerberg-1990': { scale: 0.1 }, 'calamai-vicente-1994b': { scale: 0.1 } },
  ssigd: {
    'kink-1': { beta: 0.02, iterations: 20_000, radius: 1e-3 },
    'diagonal-box': { beta: 0.02, iterations: 20_000, radius: 1e-3 },
    'macal-hurter-1997': { beta: 2e-4 },
  },
  'lv-hba': {
    'clark-westerberg-1990': { penalty: 3 },
    'diagonal-box': { penalty: 30, iterations: 60_000 },
    'outrata-1990-1a': { penalty: 3, iterations: 60_000 },
  },
  'bic-gaffa': {
    'bard-1988-1': { penalty: 30, iterations: 60_000 },
    'clark-westerberg-1990': { penalty: 3, iterations: 60_000 },
    'diagonal-box': { penalty: 30, iterations: 60_000 },
    'outrata-1990-1a': { penalty: 3, iterations: 60_000 },
  },
};

describe.each(
  (outerAlgorithms as readonly OuterAlgorithm<string, z.ZodType>[]).map((entry) => [entry.title, entry] as const),
)('%s', (_, algorithm) => {
  it.each(cases)('on $name', ({ name, problem, F }) => {
    const refusal = algorithm.refusal(problem);
    if (name === 'shimizu-aiyoshi-1981-1') {
      expect(refusal).toContain('constraints that contain y');
      return;
    }
    expect(refusal).toBeNull();
    const settings = algorithm.settings.parse({ kind: algorithm.kind, ...tuned[algorithm.kind]?.[name] });
    const generator = new Generator(2);
    const [low, high] = startBox[name] ?? [-10, 10];
    const solver = () => algorithm.make(problem, settings, exact.make(problem, { kind: 'exact' }));
    let best = Infinity;
    for (let start = 0; start < 5 && best > 1e-3; start++) {
      const found = runOuter(solver(), generator.uniforms(low, high, problem.d)).F;
      const error = (found - F) / Math.max(1, Math.abs(F));
      expect(error).toBeGreaterThan(-1e-7);
      best = Math.min(best, error);
    }
    expect(best).toBeLessThan(1e-3);
  });
});
