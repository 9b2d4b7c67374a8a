import { formatNumber, subscript } from '@shared/format';
import type { CertificateView, SolvedRow, SolveReport } from '@shared/solve';

// What a solve says, in words of the field that a student understands.

export type Tone = 'good' | 'attention' | 'bad';

export interface Verdict {
  tone: Tone;
  title: string;
  meaning: string;
}

/** How the solve ended, and what that means. */
export function verdictOf({ status, findings, ray }: Pick<SolveReport, 'status' | 'findings' | 'ray'>): Verdict {
  switch (status) {
    case 'optimal':
      return findings.length === 0
        ? {
            tone: 'good',
            title: 'Optimal',
            meaning:
              'y* is feasible, no feasible point is better, and it moves smoothly with the data: its derivative is exact.',
          }
        : {
            tone: 'attention',
            title: 'Optimal, but degenerate',
            meaning: 'y* is feasible and no feasible point is better. What is special about it:',
          };
    case 'primal infeasible':
      return {
        tone: 'bad',
        title: 'Infeasible',
        meaning:
          'No point satisfies all rows. The multipliers below prove it: the rows added up with them leave an inequality that no y can satisfy.',
      };
    case 'dual infeasible':
      return {
        tone: 'bad',
        title: 'Unbounded',
        meaning: ray
          ? 'The objective falls for ever along the ray below, which violates no row. A bound or some curvature along it is missing.'
          : 'The objective falls without bound, though along no straight line.',
      };
    case 'not convex':
      return {
        tone: 'bad',
        title: 'Not convex',
        meaning:
          'A matrix has a negative eigenvalue: what a solver for convex problems finds would be a stationary point, with no promise of being the best.',
      };
    case 'iteration limit':
      return {
        tone: 'bad',
        title: 'No answer: iteration limit',
        meaning:
          'The interior point did not come to an end. The numbers below are its last iterate, and prove nothing.',
      };
    case 'numerical trouble':
      return {
        tone: 'bad',
        title: 'No answer: numerical trouble',
        meaning:
          'Rounding stopped the interior point before its residuals were small. The numbers below prove nothing; scaling the data often helps.',
      };
  }
}

/** What a finding means for who differentiates through the problem. */
export const diagnosisWords: Record<string, { title: string; meaning: string }> = {
  'duplicate-constraint': {
    title: 'Duplicate constraint',
    meaning: 'Two active rows say the same. y* has a derivative, but how the multiplier is shared between them is arbitrary.',
  },
  'zero-multiplier': {
    title: 'Weakly active row',
    meaning: 'The row holds with equality but nothing pushes against it. To one side of the data it matters, to the other it does not: y* has a kink, and a gradient is only one of several.',
  },
  kink: {
    title: 'Kink at a bound',
    meaning: 'y* lies on a bound that nothing pushes it against. To one side of the data it stays there, to the other it leaves: left and right derivatives differ.',
  },
  'licq-failure': {
    title: 'Dependent active rows',
    meaning: 'More rows meet at y* than it takes to hold it (LICQ fails). Multipliers are not unique, and y* may move differently to either side of a row’s data.',
  },
  'redundant-equality': {
    title: 'Redundant equality',
    meaning: 'Some equality rows follow from the others. Their multipliers are not unique, and a change of only one of their b makes the problem infeasible.',
  },
  'not-unique': {
    title: 'Not unique',
    meaning: 'Many points are optimal. The one shown is one of them; there is no derivative of “the” solution. A little curvature along the free direction would choose one.',
  },
  'no-multiplier': {
    title: 'No multipliers',
    meaning: 'No point satisfies all rows strictly (Slater’s condition fails), and the KKT conditions have no solution although y* is optimal.',
  },
  'not-convex': { title: 'Negative curvature', meaning: 'Make the matrix positive semidefinite, or use a method for non-convex problems.' },
  infeasible: { title: 'Contradiction', meaning: 'Loosen one of the rows that carry a multiplier below.' },
  unbounded: { title: 'Direction of descent', meaning: 'Add a bound or curvature along it.' },
}; // prettier-ignore

/** Warnings that say no more than a finding does already. */
export const isRepeated = ({ code }: { code: string }, findings: SolveReport['findings']): boolean =>
  findings.length > 0 && ['kink', 'licq-failure', 'no-derivative'].includes(code);

export interface CertificateRow {
  key: string;
  title: string;
  value: string;
  exact: string;
  tone: Tone | 'neutral';
  meaning: string;
}

const within = (value: number, good: number, attention: number): Tone =>
  value <= good ? 'good' : value <= attention ? 'attention' : 'bad';

/** Every quantity of a certificate with what it means, and whether it is as it should be. */
export function certificateRows(c: CertificateView): CertificateRow[] {
  const row = (key: string, title: string, value: number | null, tone: CertificateRow['tone'], meaning: string) => ({
    ...{ key, title, tone, meaning },
    value: formatNumber(value, 3),
    exact: String(value ?? 'none'),
  });
  const margin = c.complementarityMargin;
  const dependent = c.activeRank < c.activeCount;
  return [
    row('primal', 'Primal residual', c.primalResidual, within(c.primalResidual, 1e-9, 1e-6), 'Largest violation of any row: is y* feasible?'),
    row('dual', 'Dual residual', c.relativeDualResidual, within(c.relativeDualResidual, 1e-9, 1e-6), `‖∇L‖ over the size of its terms (${formatNumber(c.dualResidual, 2)} absolute): do the multipliers balance the objective?`),
    row('gap', 'Relative gap', c.relativeGap, within(c.relativeGap, 1e-9, 1e-6), 'Multipliers times slacks over max(1, |f|): how far from the best value at most.'),
    row('signs', 'Multiplier signs', c.multiplierSigns, c.multiplierSigns >= -1e-9 ? 'good' : 'bad', 'The most negative multiplier of an inequality; 0 if all push the right way.'),
    row('multiplier', 'Least active multiplier', c.smallestActiveMultiplier, c.smallestActiveMultiplier === null ? 'neutral' : c.smallestActiveMultiplier > 1e-6 ? 'good' : 'attention', 'How firmly the weakest active row holds. At 0 the solution has a kink.'),
    row('slack', 'Least inactive slack', c.smallestInactiveSlack, c.smallestInactiveSlack === null ? 'neutral' : c.smallestInactiveSlack > 1e-6 ? 'good' : 'attention', 'How near the next row is. Differences with larger steps run into it.'),
    row('margin', 'Strict complementarity', margin, margin === null ? 'neutral' : margin > 1e-6 ? 'good' : 'attention', 'The smaller of the two: the distance to a change of the active set.'),
    {
      ...{ key: 'rank', title: 'Active rows, rank', value: `${c.activeCount}, ${c.activeRank}`, exact: `${c.activeCount} rows of rank ${c.activeRank}` },
      tone: dependent ? 'attention' : 'good',
      meaning: dependent ? 'Active gradients are dependent (LICQ fails): multipliers are not unique.' : 'Active gradients are independent (LICQ holds): multipliers are unique.',
    },
    {
      ...row('condition', 'Condition of the KKT matrix', c.condition, c.condition === null ? (c.singular ? 'attention' : 'neutral') : within(c.condition, 1e8, 1e12), 'By how much derivatives can amplify rounding: about this times 1e−16 is their error.'),
      ...(c.condition === null ? { value: c.singular ? 'singular' : '–', exact: c.singular ? 'singular' : 'not computed at this size' } : {}),
    },
  ];
} // prettier-ignore

/** A row's name as tables and messages have it. */
export function rowName({ kind, index }: Pick<SolvedRow, 'kind' | 'index'>): string {
  if (kind === 'equality') return `equality ${index}`;
  if (kind === 'inequality') return `row ${index}`;
  if (kind === 'soc') return `cone ${index}`;
  return kind === 'lower' ? `y${subscript(index)} ≥ lower` : `y${subscript(index)} ≤ upper`;
}

/** What the entry of a vector datum is called. */
export const entryName = (datum: string, index: number): string => `${datum}${subscript(index)}`;

/** KaTeX of what there is: objective, then a line for each kind of row. */
export function formulaOf({ dims, structure }: Pick<SolveReport, 'dims' | 'structure'>): string[] {
  const { n, e, m, soc } = dims;
  const objective = structure.Q === 'none' ? 'p^\\top y' : '\\tfrac12\\, y^\\top Q\\, y + p^\\top y';
  const rows = [
    ...(e > 0 ? ['A\\, y = b'] : []),
    ...(m > structure.curved ? ['G_i^\\top y \\le h_i'] : []),
    ...(structure.curved > 0 ? ['y^\\top H_i\\, y + G_i^\\top y \\le h_i'] : []),
    ...boundsOf(structure),
    ...(soc > 0 ? ['\\lVert F_k y + g_k \\rVert_2 \\le c_k^\\top y + d_k'] : []),
  ];
  const variable = n === 1 ? 'y \\in \\mathbb R' : `y \\in \\mathbb R^{${n}}`;
  return [`\\min_{${variable}}\\; ${objective}`, ...rows];
}

function boundsOf({ lower, upper }: SolveReport['structure']): string[] {
  if (lower > 0 && upper > 0) return ['\\ell \\le y \\le u'];
  if (lower > 0) return ['y \\ge \\ell'];
  return upper > 0 ? ['y \\le u'] : [];
}
