import { AdjointError, type Problem } from '@shared/errors';
import type { Audited, SolveCase, SolveReport, SolveRun } from '@shared/solve';
import { discSlice } from './fakeProblems';

const dims = { n: 2, e: 0, m: 2, soc: 0 };
const cases: SolveCase[] = [
  { name: 'disc', about: 'the end of a disc', dims, diagnosis: null },
  { name: 'corner', about: 'a kink', dims, diagnosis: 'zero-multiplier' },
  { name: 'nowhere', about: 'two rows that contradict each other', dims, diagnosis: 'infeasible' },
  { name: 'endless', about: 'no bound', dims, diagnosis: 'unbounded' },
];

/** Minimise −y₀ over the unit disc around (−1, 0), as `discSlice` has it. */
const disc: SolveReport = {
  name: 'disc', about: 'the end of a disc', where: 'disc', dims, structure: { Q: 'none', curved: 1, lower: 0, upper: 1 },
  status: 'optimal', findings: [], warnings: [], objective: 0, y: [0, 0], lower: [null, null], upper: [null, 0.5],
  rows: [
    { kind: 'inequality', index: 0, curved: true, value: 0, multiplier: 0.5, state: 'active' },
    { kind: 'inequality', index: 1, curved: false, value: -0.5, multiplier: 0, state: 'inactive' },
  ],
  rowCount: 2,
  certificate: {
    primalResidual: 1e-16, dualResidual: 1e-16, relativeDualResidual: 1e-16, gap: 0, relativeGap: 0, multiplierSigns: 0, smallestActiveMultiplier: 0.5,
    smallestInactiveSlack: 0.5, complementarityMargin: 0.5, activeCount: 1, activeRank: 1, condition: 4, singular: false,
  },
  infeasibility: null, ray: null,
  trace: {
    iterations: [0, 1, 2, 3].map((k) => ({ dual: 10 ** (-2 * k), primal: 10 ** (-3 * k), gap: 10 ** (-k), objective: 0.5 ** k })),
    end: 'converged', polish: { steps: 2, dual: 1e-16, primal: 0, gap: 0 },
  },
  slice: discSlice(), path: [[-1, 0.4, 0], [-0.5, 0.2, 0], [-0.1, 0.05, 0], [-0.001, 0, 0]],
  sensitivity: {
    cotangent: [1, 1], words: 'the sum of all y*', ownCotangent: false, refusal: null, oneSidedOnly: [], gradients: { p: [-0.25, -0.5], h: [0.5, 0] }, oneSided: [],
    jacobian: { datum: 'p', entries: [0, 1], values: [0, 0, 0, -1] }, available: ['p', 'h'], notes: [],
  },
  notes: [], iterations: 3, polishSteps: 2, seconds: { setup: 1e-4, solve: 1e-3, differentiate: 1e-4 },
}; // prettier-ignore

const none = { y: null, certificate: null, slice: null, path: [], rows: [], rowCount: 0, objective: null, trace: null };
const refused = { ...disc.sensitivity, refusal: 'there is no optimum to differentiate', gradients: {}, jacobian: null };
const reports: Record<string, SolveReport> = {
  disc,
  corner: {
    ...disc, name: 'corner', findings: [{ diagnosis: 'zero-multiplier', message: 'active with multiplier 0 (row 0)' }],
    rows: [{ ...disc.rows[0], state: 'weak', multiplier: 0 }, disc.rows[1]],
    sensitivity: { ...disc.sensitivity, oneSidedOnly: ['p'], oneSided: [{ datum: 'p', index: 0, minus: -0.8, plus: 0, chosen: 0 }] },
  },
  nowhere: {
    ...disc, ...none, name: 'nowhere', status: 'primal infeasible', findings: [{ diagnosis: 'infeasible', message: 'no point' }],
    infeasibility: [{ kind: 'equality', index: 0, multiplier: 2 }, { kind: 'equality', index: 1, multiplier: -1 }], sensitivity: refused,
  },
  endless: { ...disc, ...none, name: 'endless', status: 'dual infeasible', findings: [{ diagnosis: 'unbounded', message: 'it falls' }], ray: [1, 1], sensitivity: refused },
}; // prettier-ignore

const audited: Audited = {
  refusal: null, words: 'the sum of all y*', seconds: 0.4, notes: [], noise: { rounding: 1e-15, step: 1e-5, error: 1e-10 },
  data: [
    {
      datum: 'p', entries: 2, of: 2, oneSidedOnly: false, exact: 1e-16, adjointIdentity: 1e-16, vanishes: false,
      sweep: [1e-1, 1e-3, 1e-5, 1e-7].map((step) => ({ step, relativeError: step * step + 1e-15 / step, cosine: 1, failures: 0 })),
    },
    {
      datum: 'h', entries: 2, of: 2, oneSidedOnly: false, exact: 1e-16, adjointIdentity: 1e-16, vanishes: false,
      sweep: [1e-1, 1e-3, 1e-5, 1e-7].map((step) => ({ step, relativeError: 0.3, cosine: 0.9, failures: 0 })),
    },
  ],
}; // prettier-ignore

/** Solutions of the made-up engine. */
export class FakeSolve {
  /** Ends what is asked next with this. */
  refuse: Problem | null = null;
  readonly handlers: Record<string, (input: never) => unknown> = {
    'solve.cases': () => ({ cases, problem: null }),
    'solve.run': ({ source }: SolveRun) => {
      const { refuse } = this;
      this.refuse = null;
      if (refuse) throw new AdjointError(refuse.code, refuse.what, refuse);
      return source.kind === 'case' ? reports[source.name] : { ...disc, name: 'own' };
    },
    'solve.audit': () => audited,
  };
}
