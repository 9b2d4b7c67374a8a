import { expect, test } from 'vitest';
import { init, makeLeastSquares, step, terminate } from '../../solvers/leastSquares/leastSquares';
import { QcqpResidual } from '../../solvers/leastSquares/qcqpResidual';
import { gainRatioSearch, type LeastSquaresSettings } from '../../solvers/leastSquares/settings';
import { randomGiven } from './fixtures/random';
import { makeAdjointWork, makeRecord, pullIteration, recordPoint, recordStep } from './iterationAdjoint';
import { Unrolling } from './unrolling';

const given = randomGiven({ seed: 61, n: 10, e: 3, m: 6 });
const { n } = given.rows;

/** Instance 0 solved and differentiated with checkpoints or with kept records. */
function unrolled(settings: Partial<LeastSquaresSettings>, checkpointed: boolean) {
  const model = modelOf();
  const state = makeLeastSquares(model, settings);
  const unrolling = new Unrolling(state, model, makeAdjointWork(model), {
    ...{ last: state.settings.maxIterations, checkpointed },
  });
  unrolling.reserve(given.size);
  init(state, given.initial);
  for (;;) {
    if (terminate(state)) break;
    unrolling.before(0);
    step(state);
    unrolling.after(0);
  }
  const y = state.y.slice();
  const cotangent = given.cotangent.slice(0, n);
  const into = { h: new Float64Array(given.rows.h.length), anchor: new Float64Array(n) };
  const slope = unrolling.pull(0, state.iteration, state.iteration, cotangent, into);
  return { result: { y, cotangent, slope, ...into }, numbers: unrolling.numbersHeld };
}

function modelOf(): QcqpResidual {
  const model = new QcqpResidual(given.rows, given.anchorWeight);
  model.setInstance(given.anchor, 0, given.x, 0);
  return model;
}

/** The same by itself, with every iteration's record in memory. */
function byRecords(settings: Partial<LeastSquaresSettings>) {
  const model = modelOf();
  const state = makeLeastSquares(model, settings);
  const records = [];
  init(state, given.initial);
  while (!terminate(state)) {
    const record = makeRecord(model);
    recordPoint(state, record);
    step(state);
    recordStep(state, record);
    records.push(record);
  }
  const y = state.y.slice();
  const cotangent = given.cotangent.slice(0, n);
  const into = { h: new Float64Array(given.rows.h.length), anchor: new Float64Array(n) };
  const work = makeAdjointWork(model);
  let slope = 0;
  for (const record of records.reverse()) slope += pullIteration(model, record, false, cotangent, into, work);
  return { y, cotangent, slope, ...into };
}

test.each([1, 2, 3, 10, 16, 17])('derivatives from checkpoints are those from %d kept iterations, bit for bit', (k) => {
  for (const changes of [
    {},
    // Steps are rejected and the damping changes: both must be the same when a segment is run again.
    { search: gainRatioSearch, descent: { kind: 'levenbergMarquardt', damping: 1e-7, ellipsoidal: false } },
    { search: gainRatioSearch, descent: { kind: 'dogleg', radius: 0.2 } },
  ] satisfies Partial<LeastSquaresSettings>[]) {
    const settings = { ...changes, maxIterations: k };
    const expected = byRecords(settings);
    expect(unrolled(settings, true).result).toEqual(expected);
    expect(unrolled(settings, false).result).toEqual(expected);
  }
});

test('memory of checkpoints grows with the square root of the iterations, that of records with their number', () => {
  const iterations = [16, 64, 256];
  const [checkpoints, records] = [true, false].map((checkpointed) =>
    iterations.map((maxIterations) => unrolled({ maxIterations }, checkpointed).numbers),
  );
  for (let i = 1; i < iterations.length; i++) {
    expect(checkpoints[i] / checkpoints[i - 1]).toBeLessThan(2.05);
    expect(records[i] / records[i - 1]).toBeGreaterThan(3);
  }
});
