import type { Claim, Estimate } from '@shared/studies';
import { formatNumber, formatShort } from '@shared/format';
import { estimateText } from '@shared/reports/cells';
import { signTest } from '@shared/statistics/pairedTests';
import { logLogSlope, type Slope } from '@shared/statistics/slope';
import { median } from '@shared/statistics/summary';
import type { BilevelFamily } from '../bilevel/families';
import { slopeText } from './estimates';
import { geometric, measured, type Row } from './publishedTableRows';

/** The speed-up of the layer over direct differences as it was published. */
export const publishedSpeedup = [3.5, 4] as const;
/** Quotients within this of each other are called the same: a method that is right shows the curvature of F, whatever the method. */
const sameQuotient = 0.01;

/** The verdict, family by family; the vacuous ones come last and say what they are. */
export function publishedReading(
  rows: readonly Row[],
  vacuous: readonly { family: BilevelFamily; reason: string }[],
): Claim[] {
  const isVacuous = (family: BilevelFamily) => vacuous.some((entry) => entry.family === family);
  const families = [...new Set(rows.map(({ family }) => family))].sort(
    (a, b) => Number(isVacuous(a)) - Number(isVacuous(b)),
  );
  return families.flatMap((family) => {
    const reason = vacuous.find((entry) => entry.family === family)?.reason;
    const own = rows.filter((row) => row.family === family);
    const note: Claim[] =
      reason === undefined
        ? []
        : [
            {
              text: `${family}, the published table’s own problem, is vacuous: no claim about hypergradients can be tested on it. What differs on it are solvers.`,
              basis: reason,
            },
          ];
    // What solvers do on a vacuous problem stands in the tables; it is no verdict on hypergradients.
    const claims =
      reason === undefined
        ? [
            speed(own),
            differentiating(own),
            ...byTolerance(own).flatMap((members) => [accuracy(members), stability(members)]),
            robustness(own),
            consistency(own),
            ...endOfSsigd(own),
            ...memory(own),
          ]
        : [speed(own), differentiating(own)];
    const prefix = reason === undefined ? `On ${family}: ` : `On ${family} (vacuous): `;
    return [...note, ...claims.map(({ text, basis }) => ({ text: prefix + text, basis }))];
  });
}

const byTolerance = (rows: readonly Row[]): Row[][] =>
  [...new Set(rows.map(({ tolerance }) => tolerance))].map((tolerance) =>
    rows.filter((row) => row.tolerance === tolerance),
  );

/** Which rows agree with the published speed-up: where their interval, or the value without one, meets it. */
function places(rows: readonly Row[], of: (row: Row) => Estimate | null) {
  const [least, most] = publishedSpeedup;
  const known = rows.flatMap((row) => {
    const speedup = of(row);
    return speedup ? [{ row, speedup, low: speedup.low ?? speedup.value, high: speedup.high ?? speedup.value }] : [];
  });
  const name = (entries: typeof known) =>
    [...new Set(entries.map(({ row }) => row.d))].sort((a, b) => a - b).join(', ');
  return {
    known,
    below: name(known.filter(({ high }) => high < least)),
    within: name(known.filter(({ low, high }) => low <= most && high >= least)),
    above: name(known.filter(({ low }) => low > most)),
  };
}

/** The exponent of d over all problems; null below three sizes. */
function exponent(rows: readonly Row[], name: string): Slope | null {
  const pairs = rows.flatMap((row) =>
    row.runs.flatMap((run) => {
      const values = measured(run, name);
      return values.length > 0 ? [[row.d, median(values)]] : [];
    }),
  );
  if (new Set(pairs.map(([d]) => d)).size < 3) return null;
  return logLogSlope(
    pairs.map(([d]) => d),
    pairs.map(([, value]) => value),
  );
}

const exponentText = (growth: Slope | null): string =>
  growth ? `exponent in d ${slopeText(growth)}` : 'too few sizes for an exponent';

const where = ({ below, within, above }: ReturnType<typeof places>): string =>
  [
    within && `3.5 to 4 times at d = ${within}`,
    above && `more than 4 times at d = ${above}`,
    below && `less than 3.5 times at d = ${below}`,
  ]
    .filter(Boolean)
    .join('; ') || 'not measured';

function speed(rows: readonly Row[]): Claim {
  const found = places(rows, ({ speedup }) => speedup);
  const growth = exponent(rows, 'speedup');
  const holds = found.within !== '';
  return {
    text:
      `our layer is faster than direct differences: ${where(found)}. The published factor of 3.5 to 4 holds at ${holds ? `d = ${found.within} only` : 'no size'}` +
      (growth && growth.low > 0 ? ': the factor grows with d and is no constant.' : '.'),
    basis: `Direct over layer ${list(found.known)}; ${exponentText(growth)}.`,
  };
}

function differentiating(rows: readonly Row[]): Claim {
  const found = places(rows, ({ implicitSpeedup }) => implicitSpeedup);
  const gain = geometric(
    rows.flatMap(({ speedup, implicitSpeedup }) =>
      speedup && implicitSpeedup ? [speedup.value / implicitSpeedup.value] : [],
    ),
  );
  return {
    text:
      `with the same general solver on both sides, as published, differentiating once instead of d + 1 solves is faster: ${where(found)}.` +
      (gain ? ` The active-set method of our layer multiplies it by ${formatNumber(gain.value, 2)}.` : ''),
    basis: `Direct over implicit ${list(found.known)}; ${exponentText(exponent(rows, 'implicit_speedup'))}.`,
  };
}

const list = (entries: { row: Row; speedup: Estimate }[]): string =>
  entries
    .map(
      ({ row, speedup }) =>
        `${estimateText(speedup)} (d = ${row.d}${row.tolerance ? `, tolerance ${formatShort(row.tolerance)}` : ''})`,
    )
    .join(', ');

function accuracy(rows: readonly Row[]): Claim {
  const pairs = rows.flatMap(({ ways }) =>
    ways.direct.errors.length === ways.layer.errors.length
      ? ways.direct.errors.map((error, i) => ({ direct: error, layer: ways.layer.errors[i] }))
      : [],
  );
  const worst = (of: (row: Row) => number | null) => Math.max(...rows.map((row) => of(row) ?? 0));
  const [direct, implicit, layer] = [
    worst(({ ways }) => ways.direct.worst),
    worst(({ ways }) => ways.implicit.worst),
    worst(({ ways }) => ways.layer.worst),
  ];
  const test = signTest(pairs.map(({ direct: a, layer: b }) => a - b));
  const clear = test.p < 0.05;
  const better = pairs.filter(({ direct: a, layer: b }) => a > b).length > pairs.length / 2;
  const tolerance = formatShort(rows[0].tolerance);
  return {
    text:
      `at a tolerance of ${tolerance} the layer is ${clear ? (better ? 'more accurate than' : 'less accurate than') : 'not clearly more accurate than'} direct differences: ` +
      `it is wrong by at most ${formatNumber(layer, 2)}, differences by up to ${formatNumber(direct, 2)}, the differentiated general solver by up to ${formatNumber(implicit, 2)}.` +
      (implicit > 1e-2 ? ' What makes the latter wrong is the active set that it reads off an inexact solution.' : ''),
    basis: `Largest relative error of an entry, ${pairs.length} points; sign test point by point, p = ${formatNumber(test.p, 2)}.`,
  };
}

function stability(rows: readonly Row[]): Claim {
  const ratios = rows.flatMap(({ stability }) => stability);
  const tolerance = formatShort(rows[0].tolerance);
  if (ratios.length === 0)
    return { text: `stability was not measured at a tolerance of ${tolerance}.`, basis: 'No ratio.' };
  const alike = ratios.filter(({ ratio }) => Math.abs(ratio.value - 1) <= sameQuotient);
  const off = ratios.filter(({ ratio }) => Math.abs(ratio.value - 1) > sameQuotient);
  const above = off.filter(({ ratio }) => ratio.value > 1);
  const largest = off.reduce<(typeof off)[number] | null>(
    (most, entry) =>
      most && Math.abs(Math.log(most.ratio.value)) >= Math.abs(Math.log(entry.ratio.value)) ? most : entry,
    null,
  );
  const offTruth = Math.max(...rows.map(distanceFromTruth));
  const asF = offTruth <= sameQuotient ? 'as F itself does' : 'otherwise than F does';
  return {
    text:
      largest === null
        ? `stability, tolerance ${tolerance}: no difference. Both move ${asF} when x moves.`
        : `stability, tolerance ${tolerance}: the layer moves ${asF}; direct differences move ${largest.ratio.value > 1 ? 'up' : 'down'} to ${formatNumber(largest.ratio.value, 3)} times as much, at δ = ${formatShort(largest.delta)}: ` +
          'the noise of the solver, divided by δ.',
    basis: `Ratio within ${100 * sameQuotient} % of 1 in ${alike.length} of ${ratios.length} pairs of size and δ, above in ${above.length}; farthest ${largest ? estimateText(largest.ratio) : '–'}. Layer over the true quotient: within ${formatNumber(offTruth, 2)} of 1.`,
  };
}

/** The farthest that the layer's quotient is from the true one, relative. */
function distanceFromTruth({ runs }: Row): number {
  const distances = runs.flatMap((run) => {
    const [layer, truth] = [measured(run, 'layer_quotient'), measured(run, 'true_quotient')];
    return layer.length === truth.length ? layer.map((value, i) => Math.abs(value / truth[i] - 1)) : [];
  });
  return Math.max(0, ...distances);
}

function robustness(rows: readonly Row[]): Claim {
  const total = (of: (row: Row) => number) => rows.reduce((sum, row) => sum + of(row), 0);
  const calls = total(({ ways }) => ways.direct.calls);
  const [direct, layer] = [total(({ ways }) => ways.direct.failed), total(({ ways }) => ways.layer.failed)];
  const refused = total(({ ways }) => ways.layer.refused);
  const [asked, said] = [total(({ kinks }) => kinks.asked), total(({ kinks }) => kinks.said)];
  const baselineSaid = total(({ kinks }) => kinks.baselineSaid);
  const answers =
    direct === layer
      ? `both ways answer at ${calls - layer} of ${calls} points`
      : `the layer answers at ${calls - layer}, direct differences at ${calls - direct} of ${calls} points`;
  return {
    text:
      `${answers}; the layer falls back at ${refused} of them.` +
      (asked > 0
        ? ` At ${asked} kinks, where F has no gradient, the layer says so at ${said}, direct differences at ${baselineSaid}: they give a number and no word.`
        : ''),
    basis: `Success and fall-back rates over ${rows.reduce((sum, row) => sum + row.runs.length, 0)} problems.`,
  };
}

function consistency(rows: readonly Row[]): Claim {
  const all = (of: (row: Row) => Estimate | null) =>
    geometric(
      rows.flatMap((row) => {
        const value = of(row);
        return value ? [value.value] : [];
      }),
    );
  const direct = all(({ ways }) => ways.direct.variation);
  const layer = all(({ ways }) => ways.layer.variation);
  return {
    text:
      direct && layer
        ? `from other starts of its solver the layer’s hypergradient varies by ${formatNumber(layer.value, 2)}, that of direct differences by ${formatNumber(direct.value, 2)}.`
        : 'consistency was not measured.',
    basis: 'Coefficient of variation over starts, geometric mean over sizes, tolerances and problems.',
  };
}

function endOfSsigd(rows: readonly Row[]): Claim[] {
  const known = rows.flatMap(({ endDifference, d }) => (endDifference ? [{ d, value: endDifference.value }] : []));
  if (known.length === 0) return [];
  const largest = known.reduce((most, entry) => (entry.value > most.value ? entry : most));
  return [
    {
      text:
        largest.value < 1e-3
          ? 'none of this error matters to SSIGD itself: it ends at the same F with both.'
          : `SSIGD ends at another F with direct differences: up to ${formatNumber(largest.value, 2)} off, at d = ${largest.d}.`,
      basis: `Relative difference of F after the same steps, at most ${formatNumber(largest.value, 2)}, at d = ${[...new Set(known.map(({ d }) => d))].join(', ')}.`,
    },
  ];
}

function memory(rows: readonly Row[]): Claim[] {
  const last = rows.at(-1);
  const [direct, layer] = [last?.ways.direct.bytes, last?.ways.layer.bytes];
  if (!last || !direct || !layer) return [];
  return [
    {
      text: `at d = ${last.d} the layer holds ${formatNumber(layer.value / 1e6, 2)} MB, the solver of direct differences ${formatNumber(direct.value / 1e6, 2)} MB.`,
      basis: 'Live bytes after a call, without the problem’s data: a factor of Q each, and vectors.',
    },
  ];
}
