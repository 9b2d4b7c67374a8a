import { stringify } from 'yaml';
import { z } from 'zod';
import { comparedFamilies } from '../bilevel/comparison/experimentSchema';
import { warningsOf } from './estimates';
import { publishedFigures } from './publishedTableFigures';
import { publishedReading } from './publishedTableReading';
import { rowsOf } from './publishedTableRows';
import { publishedTables } from './publishedTableTables';
import type { Findings, Study } from './study';
import { vacuousReason } from './vacuous';

const settings = z.strictObject({
  families: z
    .array(z.enum(comparedFamilies))
    .min(1)
    .default(['V2', 'coupled'])
    .describe('Problems. V2 is the published table’s own; its lower level ignores x, and it is marked as vacuous.'),
  sizes: z
    .array(z.int().min(2).max(5000))
    .min(1)
    .default([5, 10, 20, 50, 100, 200, 500, 1000])
    .describe('Entries d of x, and of y.'),
  tolerances: z
    .array(z.number().positive())
    .min(1)
    .default([1e-5, 1e-8])
    .describe(
      'Of the general solver behind the baseline: 1e-5 is what CVXPY gives OSQP, 1e-8 what a careful user sets.',
    ),
  differenceStep: z.number().positive().default(1e-4).describe('Of the baseline’s differences.').meta({ scale: 'log' }),
  seeds: z.int().min(1).max(100).default(3).describe('Problems of each size, with seeds counted up from 0.'),
  points: z.int().min(1).max(1000).default(5).describe('Points x a problem.'),
  budgetSeconds: z
    .number()
    .positive()
    .default(1)
    .describe('What the baseline may take for one hypergradient; beyond it some coordinates stand for all.')
    .meta({ unit: 's' }),
});

export const publishedTable: Study<typeof settings> = {
  name: 'published-table',
  title: 'The published table: direct differences against the layer',
  question:
    'Do the published claims hold: accuracy, a speed-up of 3.5 to 4, stability, robustness? And what does our layer do to them?',
  method:
    'Takes hypergradients in three ways at the same points, one after the other: direct differences (a general solver solves the lower level again at x moved along every coordinate, as the published baseline does), ' +
    'the same general solver differentiated once (implicit), and the layer (active set). Errors are against the active-set formula in twice the precision. Where the baseline’s d + 1 solves exceed its budget, ' +
    'some coordinates drawn at random stand for all and the time is scaled.',
  settings,
  sweeps: ({ families, sizes, tolerances, seeds, ...rest }) => [
    stringify({
      kind: 'hypergradients',
      name: 'Published table',
      ...rest,
      allowVacuous: true,
      tags: ['study'],
      sweep: {
        axes: { 'problem.kind': families, tolerance: tolerances, 'problem.d': sizes },
        repeats: seeds,
      },
    }),
  ],
  analyse(_, runs): Findings {
    const rows = rowsOf(runs);
    const vacuous = [...new Set(rows.map(({ family }) => family))].flatMap((family) => {
      const reason = vacuousReason(family);
      return reason === null ? [] : [{ family, reason }];
    });
    return {
      reading: publishedReading(rows, vacuous),
      warnings: [
        ...vacuous.map(({ family, reason }) => `${family} is vacuous. ${reason}`),
        ...warningsOf(runs, new Map(rows.map((row) => [row, row.runs]))),
        ...extrapolated(rows),
      ],
      tables: publishedTables(rows),
      figures: publishedFigures(rows),
    };
  },
};

function extrapolated(rows: ReturnType<typeof rowsOf>): string[] {
  const sizes = [...new Set(rows.filter(({ share }) => share < 1).map(({ d }) => d))];
  return sizes.length === 0
    ? []
    : [
        `At d = ${sizes.join(', ')} the baseline exceeds its budget: its time is that of some coordinates scaled to all, and its errors are those of these coordinates.`,
      ];
}
