import { z } from 'zod';
import { problemSchema } from './errors';
import { sliceSchema } from './problems';

// Solving one convex problem and saying everything about its solution: what the Solve page asks and shows.

/** Where a problem comes from. A file's text can be sent instead of its path: a browser does not tell paths. */
export const solveSourceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('case'), name: z.string() }),
  z.object({ kind: z.literal('file'), path: z.string().min(1) }),
  z.object({ kind: z.literal('text'), text: z.string(), name: z.string().default('pasted text') }),
  z.object({ kind: z.literal('instance'), dataset: z.string(), instance: z.number().int().nonnegative() }),
]);
export type SolveSource = z.infer<typeof solveSourceSchema>;

/** v of L = vᵀy*: that of the file or else ones; ones; or one variable, e_j. */
export const cotangentChoiceSchema = z.union([
  z.enum(['file', 'ones']),
  z.object({ variable: z.number().int().nonnegative() }),
]);
export type CotangentChoice = z.infer<typeof cotangentChoiceSchema>;

/** Data that are vectors: their Jacobians are matrices that can be looked at. */
export const vectorData = ['p', 'b', 'h', 'lower', 'upper'] as const;
export type VectorDatum = (typeof vectorData)[number];

export const solvePlanes = ['path', 'interior', 'gradients'] as const;
export type SolvePlane = (typeof solvePlanes)[number];

const question = {
  source: solveSourceSchema,
  cotangent: cotangentChoiceSchema.default('file'),
  /** A newer question with the same key takes the place of an older one, which is refused with `conflict`. */
  key: z.string().default(''),
};

export const solveRunSchema = z.object({
  ...question,
  /** Of which datum the Jacobian ∂y/∂(datum) is wanted; without it the first that the problem has. */
  jacobian: z.enum(vectorData).optional(),
  plane: z.enum(solvePlanes).default('path'),
  gridSize: z.number().int().min(2).max(201).default(121),
});
export type SolveRun = z.infer<typeof solveRunSchema>;

export const solveAuditSchema = z.object(question);
export type SolveAudit = z.infer<typeof solveAuditSchema>;

export const solveCaseSchema = z.object({
  name: z.string(),
  about: z.string(),
  dims: z.object({ n: z.number(), e: z.number(), m: z.number(), soc: z.number() }),
  /** The cause of its degeneracy, where it has one. */
  diagnosis: z.string().nullable(),
});
export type SolveCase = z.infer<typeof solveCaseSchema>;

/** How a row stands at the solution; `weak`: active with multiplier 0, a kink. */
export const rowStates = ['equality', 'active', 'weak', 'inactive'] as const;

export const solvedRowSchema = z.object({
  kind: z.enum(['equality', 'inequality', 'lower', 'upper', 'soc']),
  index: z.number().int(),
  curved: z.boolean(),
  /** c(y) ≤ 0, or Ay − b. */
  value: z.number(),
  /** Of a second-order row z₀; null where there is none. */
  multiplier: z.number().nullable(),
  state: z.enum(rowStates),
});
export type SolvedRow = z.infer<typeof solvedRowSchema>;

const numbers = z.array(z.number());
const optional = z.number().nullable();

export const certificateSchema = z.object({
  primalResidual: z.number(),
  dualResidual: z.number(),
  relativeDualResidual: z.number(),
  gap: z.number(),
  relativeGap: z.number(),
  multiplierSigns: z.number(),
  /** Null where no row is active, or no row is inactive. */
  smallestActiveMultiplier: optional,
  smallestInactiveSlack: optional,
  complementarityMargin: optional,
  activeCount: z.number().int(),
  activeRank: z.number().int(),
  /** Null where the KKT matrix is singular, or too large for its condition to be computed. */
  condition: optional,
  singular: z.boolean(),
});
export type CertificateView = z.infer<typeof certificateSchema>;

/** What the interior point did: scaled residuals and relative gap by iteration, from its start. */
export const tracedSchema = z.object({
  iterations: z.array(z.object({ dual: z.number(), primal: z.number(), gap: z.number(), objective: z.number() })),
  /** How it ended. */
  end: z.string(),
  /** Newton steps on the active set after it, and what they left, from the certificate. */
  polish: z.object({ steps: z.number().int(), dual: z.number(), primal: z.number(), gap: z.number() }).nullable(),
});
export type Traced = z.infer<typeof tracedSchema>;

export const oneSidedSchema = z.object({
  datum: z.enum(vectorData),
  index: z.number().int(),
  /** lim of (L(t) − L(t − s))/s and (L(t + s) − L(t))/s; null where the moved problem is infeasible. */
  minus: optional,
  plus: optional,
  /** The element that the layer takes. */
  chosen: z.number(),
});

export const sensitivitySchema = z.object({
  /** v [n], and what it is in words. */
  cotangent: numbers,
  words: z.string(),
  /** The file has a v of its own. */
  ownCotangent: z.boolean(),
  /** Why there is no derivative; the rest is then empty. */
  refusal: z.string().nullable(),
  /** Data for which the gradient is one element, not a derivative. */
  oneSidedOnly: z.array(z.string()),
  /** Gradients of vᵀy* by datum. */
  gradients: z.partialRecord(z.enum(vectorData), numbers),
  oneSided: z.array(oneSidedSchema),
  /** ∂y/∂(datum) [n, columns]; `entries` are the datum's indices by column. */
  jacobian: z.object({ datum: z.enum(vectorData), entries: numbers, values: numbers }).nullable(),
  /** Data of which there can be a Jacobian. */
  available: z.array(z.enum(vectorData)),
  notes: z.array(z.string()),
});
export type Sensitivity = z.infer<typeof sensitivitySchema>;

const foundSchema = z.object({ diagnosis: z.string(), message: z.string() });

export const solveReportSchema = z.object({
  name: z.string(),
  about: z.string(),
  /** File, dataset or case. */
  where: z.string(),
  dims: z.object({ n: z.number(), e: z.number(), m: z.number(), soc: z.number() }),
  structure: z.object({
    Q: z.enum(['none', 'diagonal', 'dense']),
    /** Rows with curvature among the m, and finite bounds. */
    curved: z.number().int(),
    lower: z.number().int(),
    upper: z.number().int(),
  }),
  status: z.enum(['optimal', 'primal infeasible', 'dual infeasible', 'not convex', 'iteration limit', 'numerical trouble']),
  findings: z.array(foundSchema),
  warnings: z.array(z.object({ code: z.string(), severity: z.enum(['meaningless', 'caution']), message: z.string() })),
  objective: optional,
  /** [n]; null where there is no optimum. Bounds are null where there are none. */
  y: numbers.nullable(),
  lower: z.array(optional),
  upper: z.array(optional),
  /** Active rows first; not more than `mostRows`, of `rowCount`. */
  rows: z.array(solvedRowSchema),
  rowCount: z.number().int(),
  certificate: certificateSchema.nullable(),
  /** Where no point is feasible: multipliers that prove it, rows with multiplier 0 left out. */
  infeasibility: z.array(solvedRowSchema.pick({ kind: true, index: true }).extend({ multiplier: z.number() })).nullable(),
  /** Where the objective falls for ever: along what. */
  ray: numbers.nullable(),
  trace: tracedSchema.nullable(),
  slice: sliceSchema.nullable(),
  /** Iterates in the plane of the slice: s, t, and the distance from the plane. */
  path: z.array(z.tuple([z.number(), z.number(), z.number()])),
  sensitivity: sensitivitySchema,
  /** What was left out and why, in sentences. */
  notes: z.array(z.string()),
  iterations: z.number().int(),
  polishSteps: z.number().int(),
  seconds: z.object({ setup: z.number(), solve: z.number(), differentiate: z.number() }),
}); // prettier-ignore
export type SolveReport = z.infer<typeof solveReportSchema>;

export const auditedSchema = z.object({
  refusal: z.string().nullable(),
  data: z.array(
    z.object({
      datum: z.string(),
      /** Entries compared, of how many. */
      entries: z.number().int(),
      of: z.number().int(),
      oneSidedOnly: z.boolean(),
      sweep: z.array(
        z.object({ step: z.number(), relativeError: optional, cosine: optional, failures: z.number().int() }),
      ),
      /** Relative error against the active-set formula entry by entry, and of the adjoint identity. */
      exact: z.number(),
      adjointIdentity: z.number(),
      /** The gradient is 0 to rounding: errors are then absolute. */
      vanishes: z.boolean(),
    }),
  ),
  /** What central differences can do here: rounding of y (κε), the best step and the error to expect at it. */
  noise: z.object({ rounding: z.number(), step: z.number(), error: z.number() }).nullable(),
  words: z.string(),
  seconds: z.number(),
  notes: z.array(z.string()),
});
export type Audited = z.infer<typeof auditedSchema>;

/** Cases that come with Adjoint; one that cannot be read is named with what is wrong. */
export const solveCasesSchema = z.object({ cases: z.array(solveCaseSchema), problem: problemSchema.nullable() });
