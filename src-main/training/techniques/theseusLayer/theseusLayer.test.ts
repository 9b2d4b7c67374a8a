import { describe, expect, it } from 'vitest';
import type { AdjointError } from '@shared/errors';
import { Generator } from '@shared/random/generator';
import type { Tensor } from '../../../numerics/devices/device';
import { loadDevice } from '../../../numerics/devices/ladder';
import { generateQcqp, qcqpSettings } from '../../../modelling/families/qcqp';
import { bindTechnique } from '../../bound';
import { resolveDefaults, trainingExperimentSchema } from '../../experimentSchema';
import { createTraining } from '../../loop';
import type { TrainingData } from '../../training';
import { deviceProblem, type Qcqp } from '../../problem';
import { upload, type NamedTensors } from '../../tensors';
import type { Pass } from '../technique';
import { projectTolerance } from './evaluation';
import { innerProblem } from './inner';
import { followInner, leastNormPoints } from './probe';
import type { TheseusSettings } from './settings';

const device = await loadDevice('simd64');
const { tf } = device;

const settingsOf = (change: object): TheseusSettings =>
  resolveDefaults({ dataset: 'none', technique: { kind: 'theseusLayer', ...change } }).technique as TheseusSettings;

function draw(n: number, m: number, e: number, instances: number): { problem: Qcqp; X: Float64Array } {
  const { family, X } = generateQcqp(qcqpSettings.parse({ n, m, e, instances, seed: 3 }));
  return { problem: family, X };
}

const passOf = (settings: TheseusSettings, problem: Qcqp, weights: NamedTensors): Pass<unknown> => ({
  ...{ device, problem: deviceProblem(device, problem), data: problem, settings, weights },
  ...{ state: { tensors: {}, values: {} }, scheduled: { lambda: 0.7 }, note: () => undefined },
  constants: undefined,
  position: { step: 0, totalSteps: 10, stepsPerEpoch: 10 },
  threads: 1,
});

describe('the gradient of the loss through the layer', () => {
  const { problem, X } = draw(8, 5, 3, 4);
  const [n, e, size] = [8, 3, 4];
  const loss = { distance: 0.3, lambda: 0.7, backboneLambda: 0.2 };
  const everything = {
    anchor: { weight: 0.4, learnt: true },
    rowWeights: { equality: 1.3, inequality: 0.8, learnt: true },
  };
  const damped = { kind: 'levenbergMarquardt', damping: 0.05, learnt: true };
  it.each([
    ['anchored', { mode: 'anchored', solver: damped, iterations: 3 }],
    ['anchored, adaptive and ellipsoidal', { mode: 'anchored', solver: { ...damped, adaptive: true, ellipsoidal: true }, iterations: 4 }], // prettier-ignore
    ['anchored, dogleg', { mode: 'anchored', solver: { kind: 'dogleg', radius: 0.5 }, iterations: 4 }],
    ['project', { mode: 'project', solver: damped, iterations: 2 }],
  ])('is that of central differences for the output and all that is learnt: %s', async (_, change) => {
    const settings = settingsOf({ ...everything, ...change, loss });
    const { technique } = bindTechnique(settings as never);
    const raw = new Generator(11).standardNormals(size * n);
    const learnt = technique.weights!(settings, problem);
    const names = Object.keys(learnt);
    const x = device.tensor(X, [size, e]);
    const start = { raw: { shape: [size, n], values: raw as ArrayLike<number> }, ...learnt };
    const value = (given: NamedTensors): Tensor => {
      const weights = Object.fromEntries(names.map((name) => [name, given[name]]));
      const pass = passOf(settings, problem, weights);
      const { objective, constraint } = technique.terms(pass, technique.layer!(pass, given.raw, x), x, given.raw);
      return tf.add(objective, constraint);
    };
    const tensors = upload(device, start);
    const { grads } = tf.engine().gradients(() => value(tensors) as never, Object.values(tensors));
    const step = 1e-5;
    for (const [i, name] of Object.keys(start).entries()) {
      const found = await device.read(grads[i]);
      const scale = Math.max(1e-3, ...found.map(Math.abs));
      const values = Float64Array.from(start[name as 'raw'].values);
      for (let j = 0; j < values.length; j += 3) {
        const at = (shift: number) => {
          const moved = values.slice();
          moved[j] += shift;
          return value({ ...tensors, [name]: device.tensor(moved, tensors[name].shape) }).dataSync()[0];
        };
        const difference = (at(step) - at(-step)) / (2 * step);
        expect(Math.abs(found[j] - difference) / scale, `${name} ${j}`).toBeLessThan(2e-7);
      }
    }
  });
});

describe('the mode project', () => {
  it('is feasible to 1e-8 on every instance of n = 100, or names the instance', () => {
    const { problem, X } = draw(100, 50, 50, 120);
    const settings = settingsOf({ probe: { instances: 0 } });
    const { technique } = bindTechnique(settings as never);
    // What an untrained network says, and what is far outside of every row.
    for (const [scale, count, mayFail] of [
      [0.5, 120, false],
      [20, 20, true],
    ] as const) {
      const raw = new Generator(5).standardNormals(count * 100).map((draw) => draw * scale);
      const x = X.subarray(0, count * 50);
      const { outputs, metrics, notes } = technique.evaluate!(passOf(settings, problem, {}), raw, x);
      const worst = worstViolations(problem, outputs, x);
      const bad = worst.flatMap((violation, i) => (violation <= projectTolerance ? [] : [i]));
      if (!mayFail) expect(bad).toEqual([]);
      expect(metrics['inner/valid_reported']).toBe(bad.length);
      const named = notes.flatMap((note) =>
        note
          .slice(note.lastIndexOf(': ') + 2, -1)
          .split(', ')
          .map(Number),
      );
      expect(named.toSorted((a, b) => a - b)).toEqual(bad);
    }
  });
});

/** Written out again, apart from the product's own. */
function worstViolations({ n, m, e, A, G, H, h }: Qcqp, y: Float64Array, X: Float64Array): number[] {
  return Array.from({ length: y.length / n }, (_, i) => {
    let worst = 0;
    for (let row = 0; row < e; row++) {
      let value = -X[i * e + row];
      for (let j = 0; j < n; j++) value += A[row * n + j] * y[i * n + j];
      worst = Math.max(worst, Math.abs(value));
    }
    for (let row = 0; row < m; row++) {
      let value = -h[row];
      for (let j = 0; j < n; j++) value += (H[row * n + j] * y[i * n + j] + G[row * n + j]) * y[i * n + j];
      worst = Math.max(worst, value);
    }
    return worst;
  });
}

describe('the inner solves that are followed', () => {
  it('arrive after one Gauss–Newton step where the rows are linear, and after none at the solution', () => {
    const { problem, X } = draw(12, 1, 5, 3);
    // A row that is never active.
    problem.h.fill(1e6);
    const settings = settingsOf({ mode: 'anchored', solver: { kind: 'gaussNewton' }, anchor: { weight: 0.5 } });
    const inner = innerProblem(settings, problem, 1);
    const anchor = new Generator(2).standardNormals(36);
    const batch = { size: 3, anchor, x: X };
    const warm = followInner(inner, batch);
    expect([...warm.iterations]).toEqual([1, 1, 1]);
    const { y } = inner.layer.forward(batch);
    expect([...followInner(inner, { ...batch, initial: y }).iterations]).toEqual([0, 0, 0]);
  });

  it('begin cold at A⁺x, which lies on Ay = x and in the row space of A', () => {
    const { problem, X } = draw(12, 4, 5, 3);
    const points = leastNormPoints(problem, X);
    const residual = worstViolations({ ...problem, m: 0 }, points, X);
    for (const violation of residual) expect(violation).toBeLessThan(1e-12);
    // Feasible by construction of the family.
    for (const violation of worstViolations(problem, points, X)) expect(violation).toBeLessThan(1e-12);
  });
});

describe('what cannot train is refused', () => {
  it.each([
    [{ mode: 'anchored', backward: { kind: 'implicit' }, anchor: { weight: 0 } }, 'anchor.weight', 'exactly zero'],
    [{ mode: 'anchored', backward: { kind: 'dlm' }, anchor: { weight: 0 } }, 'anchor.weight', 'exactly zero'],
    [{ mode: 'project', backward: { kind: 'dlm' } }, 'backward.kind', 'not by dlm'],
    [{ mode: 'project', backward: { kind: 'implicitNewton' } }, 'backward.kind', 'Gauss–Newton'],
    [{ mode: 'project', backward: { kind: 'implicit' }, anchor: { learnt: true } }, 'anchor.learnt', 'unroll'],
    [{ mode: 'anchored', backward: { kind: 'dlm' }, solver: { kind: 'levenbergMarquardt', learnt: true } }, 'solver.learnt', 'identically zero'], // prettier-ignore
    [{ solver: { kind: 'gaussNewton' }, anchor: { weight: 0 } }, 'anchor.weight', 'singular'],
  ])('%j', (change, path, message) => {
    const { error } = trainingExperimentSchema.safeParse({
      dataset: 'none',
      technique: { kind: 'theseusLayer', ...change },
    });
    const issue = error?.issues.find(({ path: at }) => at.join('.') === `technique.${path}`);
    expect(issue?.message).toContain(message);
  });
});

describe('an inner solve that fails in training', () => {
  const { problem, X } = draw(6, 2, 4, 5);
  // Two equal rows of A and no anchor: Levenberg–Marquardt without damping has a singular matrix.
  problem.A.copyWithin(6, 0, 6);
  const set = { count: 5, X, Y: new Float64Array(30) };
  const data: TrainingData = { problem, train: set, valid: set };
  const start = (onFailure: string) =>
    createTraining(
      device,
      resolveDefaults({
        dataset: 'none',
        network: { kind: 'mlp', hidden: [] },
        technique: {
          ...{ kind: 'theseusLayer', mode: 'anchored', onFailure, anchor: { weight: 0 }, backward: { kind: 'unroll' } },
          solver: { kind: 'levenbergMarquardt', damping: 0 },
        },
        training: { epochs: 1, batchSize: 5, gradientsEvery: 0 },
      }),
      data,
    );

  it('stops the run with the instance and its diagnosis, or is counted and left out, as set', async () => {
    const stopping = start('stop');
    const error = await stopping.step(stopping.init()).then(
      () => null,
      (reason: unknown) => reason as AdjointError,
    );
    expect(error?.problem).toMatchObject({ code: 'diverged' });
    expect(error?.message).toMatch(/training instance [0-4] failed: .* singular normal matrix/);

    const going = start('continue');
    const { state, metrics } = await going.step(going.init());
    expect(metrics['inner/failed']).toBe(5);
    const { vectors, notes } = await going.validate(state);
    expect(vectors['inner/failures'][0]).toBe(5);
    expect(notes[0]).toContain('5 of 5 instances: singular normal matrix');
  });
});
