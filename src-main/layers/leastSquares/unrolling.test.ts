import { expect, test } from 'vitest';
import { init, makeLeastSquares, step, terminate } from '../../solvers/leastSquares/leastSquares';
import { QcqpResidual } from '../../solvers/leastSquares/qcqpResidual';
import { gainRatioSearch, type LeastSquaresSettings } from '../../solvers/leastSquares/settings';
import { randomGiven } from './fixtures/random';
import { makeAdjointWork, makeRecord, pullIteration, recordStep } from './iterationAdjoint';
import { Unrolling } from './unrolling';

const given = randomGiven({ seed: 61, n: 10, e: 3, m: 6 });
const { n } = given.rows;

/** Instance 0 solved and differentiated with checkpoints. */
function withCheckpoints(settings: Partial<LeastSquaresSettings>) {
  const model = modelOf();
  const state = makeLeastSquares(model, settings);
  const unrolling = new Unrolling(state, model, makeAdjointWork(n, model.rows));
  unrolling.reserve(given.size);
  init(state, given.initial);
  for (;;) {
    unrolling.keep(0);
    if (terminate(state)) break;
    step(state);
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

/** The same with every iteration's record in memory. */
function withoutCheckpoints(settings: Partial<LeastSquaresSettings>) {
  const model = modelOf();
  const state = makeLeastSquares(model, settings);
  const records = [];
  init(state, given.initial);
  while (!terminate(state)) {
    const record = makeRecord(n);
    record.y.set(state.y);
    step(state);
    recordStep(state, record);
    records.push(record);
  }
  const y = state.y.slice();
  const cotangent = given.cotangent.slice(0, n);
  const into = { h: new Float64Array(given.rows.h.length), anchor: new Float64Array(n) };
  const work = makeAdjointWork(n, model.rows);
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
    expect(withCheckpoints(settings).result).toEqual(withoutCheckpoints(settings));
  }
});

test('memory grows with the square root of the iterations', () => {
  const numbers = [4, 16, 64, 256].map((maxIterations) => withCheckpoints({ maxIterations }).numbers);
  for (let i = 1; i < numbers.length; i++) expect(numbers[i] / numbers[i - 1]).toBeCloseTo(2, 1);
});
