import { expect, it } from 'vitest';
import { Generator } from '@shared/random/generator';
import { objectiveAt } from './evaluate';
import { exactProblem } from './fixtures/exact';
import { scaleProblem, unscaleMultipliers } from './scaling';
import { solveConvex } from './solve';

/** Random powers of two: an optimum in whole numbers stays exact in any units. */
function randomUnits(seed: number, { n, e, m, soc }: { n: number; e: number; m: number; soc: unknown[] }) {
  const generator = new Generator(seed);
  const powers = (length: number) => Float64Array.from({ length }, () => 2 ** generator.integer(-15, 16));
  return {
    ...{ variables: powers(n), objective: powers(1)[0] },
    ...{ equality: powers(e), inequality: powers(m), soc: powers(soc.length) },
  };
}

it.each(['as they are', 'in random units'])(
  '150 problems with a known optimum, most of them degenerate, %s',
  (units) => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 150; seed++) {
      const { problem, y, multipliers, weak } = exactProblem(seed);
      const inUnits = randomUnits(seed, problem);
      const solution = solveConvex(units === 'as they are' ? problem : scaleProblem(problem, inUnits));
      const scaled = units !== 'as they are';
      const where = `seed ${seed}`;
      expect(solution.status, where).toBe('optimal');
      const objective = objectiveAt(problem, y);
      const found = scaled ? solution.objective / inUnits.objective : solution.objective;
      expect(Math.abs(found - objective) / Math.max(1, Math.abs(objective)), where).toBeLessThan(1e-10);
      const names = solution.findings.map(({ diagnosis }) => diagnosis);
      for (const name of names) seen.add(name);
      if (names.includes('not-unique')) continue;
      solution.y.forEach((value, j) =>
        expect(Math.abs((scaled ? value * inUnits.variables[j] : value) - y[j]), where).toBeLessThan(1e-10),
      );
      // Multipliers, and with them which rows are weak, are known where they are unique.
      if (solution.certificate.activeRank < solution.certificate.activeCount) continue;
      expect(
        solution.findings.flatMap(({ diagnosis, rows }) => (diagnosis === 'zero-multiplier' ? rows : [])),
        where,
      ).toEqual(weak);
      const dual = scaled ? unscaleMultipliers(problem, inUnits, solution.multipliers) : solution.multipliers;
      for (const kind of ['equality', 'inequality', 'lower', 'upper'] as const)
        dual[kind].forEach((value, i) => expect(Math.abs(value - multipliers[kind][i]), where).toBeLessThan(1e-9));
    }
    for (const name of ['not-unique', 'zero-multiplier', 'duplicate-constraint', 'redundant-equality', 'licq-failure'])
      expect(seen).toContain(name);
  },
);
