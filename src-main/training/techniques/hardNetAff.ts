import { z } from 'zod';
import type { Device, Tensor } from '../../numerics/devices/device';
import { dot } from '../../numerics/linalg/products';
import { factorRowSpace, pseudoInverseTransposed } from '../../numerics/linalg/rowSpace';
import { boundedVariables } from '../../modelling/traits';
import type { Qcqp } from '../problem';
import { complete, type Completion, makeCompletion, times } from './completion';
import { evaluated } from './hostLayer';
import { rootOf, squaredResidual } from './residual';
import type { Pass, Technique } from './technique';

const settings = z.strictObject({
  kind: z.literal('hardNetAff'),
  softEpochs: z
    .int()
    .min(0)
    .default(0)
    .describe('Epochs at the beginning in which the closed form is left out and the output is only completed.')
    .meta({ unit: 'epochs' }),
  softWeight: z
    .number()
    .min(0)
    .default(5)
    .describe('Weight of ‖relu(c(y))‖ in the loss; it matters in the soft epochs only, since the rows hold after them.')
    .meta({ scale: 'log' }),
});

type Settings = z.output<typeof settings>;

/** What the closed form needs on the host. */
interface HostForm {
  completion: Completion;
  /** R [r, n], its limits [r], R_zᵀ⁺ [r, n − e]. */
  R: Float64Array;
  lower: Float64Array;
  upper: Float64Array;
  inverse: Float64Array;
}

interface Constants {
  host: HostForm;
  /** Tᵀ, Bᵀ: z [B, n − e] and x [B, e] to y [B, n]. */
  expand: Tensor;
  follow: Tensor;
  /** R_zᵀ [n − e, r], R_zᵀ⁺ [r, n − e], and the rows' limits less what x takes of them. */
  rows: Tensor;
  inverse: Tensor;
  ofX: Tensor;
  lower: Tensor;
  upper: Tensor;
}

/** Rows lower ≤ Ry ≤ upper: those of G, then a unit vector for every bounded variable. */
function twoSidedRows(problem: Qcqp): { R: Float64Array; lower: Float64Array; upper: Float64Array } {
  const { n, m, G, h } = problem;
  const bounded = boundedVariables(problem);
  const R = new Float64Array((m + bounded.length) * n);
  R.set(G);
  bounded.forEach((j, i) => (R[(m + i) * n + j] = 1));
  const limits = (ofRows: ArrayLike<number>, ofVariables: Float64Array | undefined, none: number) =>
    Float64Array.from([...Array.from(ofRows), ...bounded.map((j) => ofVariables?.[j] ?? none)]);
  return {
    R,
    lower: limits(new Float64Array(m).fill(-Infinity), problem.lower, -Infinity),
    upper: limits(h, problem.upper, Infinity),
  };
}

/** Stands for a limit that is not there: nothing that a network puts out comes near it, and float32 can hold it. */
const far = 1e30;

function constantsOf({ tensor }: Device, problem: Qcqp): Constants {
  const { n, e } = problem;
  const completion = makeCompletion(problem);
  const { T, B } = completion;
  const { R, lower, upper } = twoSidedRows(problem);
  const [r, k] = [upper.length, n - e];
  const onFree = times(r, n, k, R, T);
  const transposed = (rows: number, columns: number, M: Float64Array) => {
    const result = new Float64Array(M.length);
    for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = M[i * columns + j];
    return tensor(result, [columns, rows]);
  };
  const finite = (limits: Float64Array) => limits.map((limit) => Math.max(-far, Math.min(far, limit)));
  const inverse = pseudoInverseTransposed(factorRowSpace(onFree, r, k));
  return {
    host: { completion, R, lower, upper, inverse },
    expand: transposed(n, k, T),
    follow: transposed(n, e, B),
    rows: transposed(r, k, onFree),
    inverse: tensor(inverse, [r, k]),
    ofX: transposed(r, e, times(r, n, e, R, B)),
    lower: tensor(finite(lower), [r]),
    upper: tensor(finite(upper), [r]),
  };
}

/** In the soft epochs the closed form is left out. */
const isSoft = ({ position, settings }: Pass<Settings>): boolean =>
  position.step < settings.softEpochs * position.stepsPerEpoch;

/** The layer on the host in float64, y [count, n]. */
function closedForm({ n, e }: Qcqp, form: HostForm, soft: boolean, raw: Float64Array, X: Float64Array): Float64Array {
  const { completion, R, lower, upper, inverse } = form;
  const [count, k] = [X.length / e, n - e];
  const outputs = new Float64Array(count * n);
  for (let i = 0; i < count; i++) {
    const y = outputs.subarray(i * n, (i + 1) * n);
    const moved = raw.slice(i * k, (i + 1) * k);
    complete(completion, moved, 0, X, i * e, y);
    if (soft) continue;
    lower.forEach((low, row) => {
      const value = dot(n, R, row * n, y, 0);
      const correction = Math.max(0, low - value) - Math.max(0, value - upper[row]);
      if (correction !== 0) for (let j = 0; j < k; j++) moved[j] += correction * inverse[row * k + j];
    });
    complete(completion, moved, 0, X, i * e, y);
  }
  return outputs;
}

/**
 * The closed form of HardNet for affine rows. The network gives z, the free variables of a completion y = Tz + Bx (so Ay = x); rows
 * l ≤ Ry ≤ u become l′ ≤ R_z z ≤ u′ with R_z = RT and limits less RBx, and
 *
 *     z ← z + R_z⁺[relu(l′ − R_z z) − relu(R_z z − u′)].
 *
 * With R_z of full row rank a violated row lands on its limit and every other row keeps its value. It is no orthogonal projection.
 */
export const hardNetAff: Technique<'hardNetAff', typeof settings, Constants> = {
  kind: 'hardNetAff',
  title: 'HardNet-Aff',
  summary: 'A closed form puts every violated affine row onto its limit; equality rows hold by completion.',
  reference: 'Min & Azizan, HardNet: Hard-Constrained Neural Networks with Universal Approximation Guarantees, 2024',
  settings,
  refusal(_, { n, e, m, curvedRows, boundedVariables, rank }) {
    if (curvedRows > 0) return `it has ${curvedRows} quadratic rows, and the closed form is for affine ones.`;
    const rows = e + m + boundedVariables;
    if (rank === rows) return null;
    const parts = [`${e} equality rows`, `${m} inequality rows`, `${boundedVariables} bounded variables`];
    const why = rows > n ? `which are more than its ${n} variables` : `of which only ${rank} are independent`;
    return `the closed form needs linearly independent rows; this problem has ${parts.join(', ')}, ${why}.`;
  },
  constants: (_, problem, device) => constantsOf(device, problem),
  dispose: ({ expand, follow, rows, inverse, ofX, lower, upper }) =>
    [expand, follow, rows, inverse, ofX, lower, upper].forEach((tensor) => tensor.dispose()),
  networkOutputs: (_, { n, e }) => n - e,
  layer(pass, raw, x) {
    const { device, constants } = pass;
    const { tf } = device;
    const { expand, follow, rows, inverse, ofX, lower, upper } = constants;
    const completed = (z: Tensor) => tf.add(tf.matMul(z, expand), tf.matMul(x, follow));
    if (isSoft(pass)) return completed(raw);
    const value = tf.add(tf.matMul(raw, rows), tf.matMul(x, ofX));
    const correction = tf.sub(tf.relu(tf.sub(lower, value)), tf.relu(tf.sub(value, upper)));
    return completed(tf.add(raw, tf.matMul(correction, inverse)));
  },
  evaluate: (pass, raw, X) => evaluated(closedForm(pass.data, pass.constants.host, isSoft(pass), raw, X)),
  terms({ device: { tf }, problem, settings }, y, x) {
    return {
      objective: tf.mean(problem.objective(y)),
      constraint: tf.mul(
        tf.mean(rootOf(tf, tf.sum(tf.square(tf.relu(problem.inequality(y))), 1))),
        settings.softWeight,
      ),
      penalty: tf.mean(squaredResidual(tf, problem, y, x)),
    };
  },
  scalars: () => ({}),
};
