import { AdjointError } from '@shared/errors';
import type { OutputPlaneAnswer, OutputPlaneAsk } from '@shared/film';
import type { Slice } from '@shared/problems';
import { rowSpaceOfA } from '../modelling/families/family';
import { addTransposed, dot, multiply } from '../numerics/linalg/products';
import { rangeRows } from '../numerics/linalg/rowSpace';
import { makeSolver } from '../solvers/qcqp/bounds';
import { sliceThrough } from '../solvers/qcqp/slice';
import { readDataset } from '../store/dataset';
import { readClock } from '../store/metricReader';
import { checkData } from '../store/runData';
import { RunDirectory } from '../store/runDirectory';
import { objectiveAt, rowCount } from '../training/problem';
import { largest, rowViolations } from '../training/violations';
import { pickedRows } from './filmRows';

const outputsKey = 'valid/probe_outputs';
/** Points a side of the slice's grid. */
const gridSize = 121;
/** Outputs that the window is made to show. */
const mostShown = 24;

/**
 * The feasible set of one validation instance in the plane y* + su + tv within Ay = x, where u and v are the two principal directions of the
 * outputs' deviations ŷ_t − y* over training, taken about y* and within the null space of A (of an unlabelled scale: no centring, no weights).
 *
 * @throws AdjointError `not-found` where no outputs are recorded or the data are gone, `conflict` where the data have changed, `unsupported`
 *   where the instance has no optimum or A leaves fewer than two dimensions
 */
export async function outputPlane(ask: OutputPlaneAsk, directory: string): Promise<OutputPlaneAnswer> {
  const run = RunDirectory.open(directory);
  const table = readClock(run, 'epoch', [outputsKey]);
  const column = table.columns.get(outputsKey);
  const path = await checkData(run.manifest());
  if (!column || path === null)
    throw new AdjointError('not-found', 'The run recorded no outputs of the network.', {
      where: outputsKey,
      fix: 'A new run records those of its first validation instances: diagnostics.probe.instances.',
    });
  const family = readDataset(path);
  const { n, e } = family;
  const recorded = Math.floor(column.width / n);
  if (ask.which >= recorded)
    throw new AdjointError('bad-request', `The outputs of ${recorded} instances are recorded; there is no number ${ask.which}.`);
  const instances = [...family.splits.valid.slice(0, recorded)];
  const instance = instances[ask.which];
  const x = family.X.subarray(instance * e, (instance + 1) * e);
  const solved = makeSolver(family).solve(x);
  if (solved.status !== 'optimal')
    throw new AdjointError('unsupported', `Instance ${instance} is ${solved.status}: it has no optimum to look around.`, {
      fix: 'Choose another instance.',
    });

  const all = Array.from({ length: table.rows }, (_, row) => row).filter((row) => column.valid[row] === 1);
  const rows = pickedRows(Float64Array.from(all, (row) => table.index.epoch[row]), ask.most).map((k) => all[k]);
  const outputs = rows.map((row) => column.values.slice(row * column.width + ask.which * n, row * column.width + (ask.which + 1) * n));
  const deviations = outputs.map((y) => y.map((value, j) => value - solved.y[j]));
  const range = rangeRows(rowSpaceOfA(family.A, e, n));
  const inside = deviations.map((deviation) => without(range, e, n, deviation));
  const usable = inside.filter((deviation) => deviation.every(Number.isFinite));
  const slice = ask.directions ? null : sliceOf();
  const [first, second] = (ask.directions ?? slice!.directions).map((direction) => Float64Array.from(direction));
  const along = (direction: Float64Array) => inside.map((deviation) => dot(n, deviation, 0, direction, 0));
  const [s, t] = [along(first), along(second)];
  const length = (vector: Float64Array) => Math.hypot(...vector);
  const optimum = objectiveAt(family, solved.y);
  const squares = (list: readonly number[]) => list.reduce((sum, value) => (Number.isFinite(value) ? sum + value * value : sum), 0);
  return {
    ...{ instances, which: ask.which, slice },
    share: (squares(s) + squares(t)) / (squares(usable.map(length)) || 1),
    path: {
      ...{ s, t },
      step: rows.map((row) => table.index.step[row]),
      epoch: rows.map((row) => table.index.epoch[row]),
      activeSeconds: rows.map((row) => table.index.activeSeconds[row]),
      across: inside.map((deviation, k) => Math.sqrt(Math.max(0, length(deviation) ** 2 - s[k] ** 2 - t[k] ** 2))),
      fromEqualities: deviations.map((deviation, k) => length(deviation.map((value, j) => value - inside[k][j]))),
      objective: outputs.map((y) => objectiveAt(family, y) - optimum),
      violation: outputs.map((y) => largest(rowViolations(family, y, x), e, rowCount(family))),
    },
  };

  function sliceOf(): Slice {
    const [u, v] = principalDirections(usable, n);
    const found = sliceThrough(family, x, instance, solved.y, solved.inequality, {
      ...{ plane: 'interior', gridSize },
      first: [
        { words: 'the direction in which the outputs moved most', vector: u },
        { words: 'the one in which they moved most across it', vector: v },
      ],
      points: pickedRows(Float64Array.from(usable, (_, k) => k), mostShown).map((k) => usable[k].map((value, j) => value + solved.y[j])),
    });
    if (found) return found;
    throw new AdjointError('unsupported', 'Ay = x leaves fewer than two dimensions: there is no plane to look at.');
  }
} // prettier-ignore

/** A vector without its part in the span of orthonormal rows [count, n]. */
function without(rows: Float64Array, count: number, n: number, vector: Float64Array): Float64Array {
  const weights = new Float64Array(count);
  multiply(count, n, rows, vector, weights);
  const part = new Float64Array(n);
  addTransposed(count, n, rows, weights, part);
  return vector.map((value, j) => value - part[j]);
}

const mostSweeps = 300;

/**
 * The two leading right singular vectors of the rows by orthogonal iteration (Golub & Van Loan, *Matrix Computations*, 4th ed., §7.3.2). They start
 * from the longest row and the one that is longest across it, so that the answer does not depend on chance; the sign is that in which the first
 * row lies on the positive side.
 */
export function principalDirections(rows: readonly Float64Array[], n: number): [Float64Array, Float64Array] {
  const across = (vector: Float64Array, other: Float64Array) => {
    const weight = dot(n, vector, 0, other, 0);
    return vector.map((value, j) => value - weight * other[j]);
  };
  const unit = (vector: Float64Array) => {
    const length = Math.hypot(...vector);
    return length > 0 ? vector.map((value) => value / length) : vector;
  };
  const longest = (list: readonly Float64Array[]) =>
    list.reduce((best, row) => (Math.hypot(...row) > Math.hypot(...best) ? row : best), new Float64Array(n));
  const times = (vector: Float64Array) => {
    const result = new Float64Array(n);
    for (const row of rows) {
      const weight = dot(n, row, 0, vector, 0);
      for (let j = 0; j < n; j++) result[j] += weight * row[j];
    }
    return result;
  };
  let u = unit(longest(rows));
  let v = unit(longest(rows.map((row) => across(row, u))));
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    const next = unit(times(u));
    const beside = unit(across(times(v), next));
    const change = Math.hypot(...next.map((value, j) => value - u[j]), ...beside.map((value, j) => value - v[j]));
    [u, v] = [next, beside];
    if (change < 1e-12) break;
  }
  const facing = (vector: Float64Array) =>
    rows.length > 0 && dot(n, rows[0], 0, vector, 0) < 0 ? vector.map((value) => -value) : vector;
  return [facing(u), facing(v)];
}
