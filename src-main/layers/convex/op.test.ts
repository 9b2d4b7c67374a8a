import { describe, expect, it } from 'vitest';
import type { DeviceName } from '../../numerics/devices/device';
import { loadDevice } from '../../numerics/devices/ladder';
import { probeDevices } from '../../numerics/devices/probe';
import type { BatchResult } from '../../solvers/convex/batch';
import { randomProblem } from '../../solvers/convex/fixtures/random';
import { solveConvex } from '../../solvers/convex/solve';
import { differentiate } from './differentiate';
import { convexOp } from './op';

const available = new Set((await probeDevices()).filter((device) => device.available).map(({ name }) => name));
const names: DeviceName[] = ['simd64', 'wasm', 'cpu', 'tensorflow'];
for (const name of names) if (!available.has(name)) console.log(`not run on ${name}: it is not available here`);

describe.each(names.filter((name) => available.has(name)))('the op on %s', (name) => {
  const template = randomProblem('qp', 5);
  const { n, e } = template;

  it('has the value and the gradient of the plain functions, instance by instance', async () => {
    const device = await loadDevice(name);
    const { tf } = device;
    const rounding = device.dtype === 'float64' ? 1e-12 : 1e-5;
    const shift = [0, 0.1, -0.2];
    const p = device.tensor(
      shift.flatMap((by) => [...template.p.map((value) => value + by)]),
      [3, n],
    );
    const b = device.tensor(
      shift.flatMap(() => [...template.b]),
      [3, e],
    );
    const results: BatchResult[] = [];
    const op = convexOp(device, template, { inputs: ['p', 'b'], onResults: (all) => results.push(...all) });
    const v = device.tensor(
      shift.flatMap((_, i) => Array.from({ length: n }, (_, j) => Math.cos(i + j))),
      [3, n],
    );
    const before = tf.memory().numTensors;
    const { value, grads } = tf.valueAndGrads((pIn, bIn) => tf.sum(tf.mul(op(pIn, bIn), v)))([p, b]);
    expect(tf.memory().numTensors - before).toBe(3);
    const [dp, db] = await Promise.all(grads.map((gradient) => device.read(gradient)));
    let expected = 0;
    shift.forEach((by, i) => {
      const problem = { ...template, p: template.p.map((entry) => entry + by) };
      const solution = solveConvex(problem);
      const cotangent = Float64Array.from({ length: n }, (_, j) => Math.cos(i + j));
      const { gradients } = differentiate(problem, solution, cotangent, ['p', 'b']);
      solution.y.forEach((y, j) => (expected += y * cotangent[j]));
      gradients.p!.forEach((g, j) => expect(Math.abs(dp[i * n + j] - g)).toBeLessThan(rounding * 10));
      gradients.b!.forEach((g, j) => expect(Math.abs(db[i * e + j] - g)).toBeLessThan(rounding * 10));
    });
    expect(Math.abs((await device.read(value))[0] - expected)).toBeLessThan(rounding * 10);
    expect(results.map(({ solution }) => solution?.status)).toEqual(['optimal', 'optimal', 'optimal']);
  });

  it('an instance without an optimum is NaN and spoils no other', async () => {
    const device = await loadDevice(name);
    const { tf } = device;
    const h = device.tensor([...template.h, ...template.h.map(() => -1e3)], [2, template.m]);
    const lp = { ...template, lower: new Float64Array(n).fill(-1), upper: new Float64Array(n).fill(1) };
    const op = convexOp(device, lp, { inputs: ['h'] });
    const { value, grads } = tf.valueAndGrads((hIn) => tf.sum(tf.slice(op(hIn), [0, 0], [1, n])))([h]);
    expect(Number.isFinite((await device.read(value))[0])).toBe(true);
    const gradient = await device.read(grads[0]);
    expect(gradient.slice(0, template.m).every(Number.isFinite)).toBe(true);
    expect([...(await device.read(op(h)))].slice(n).every(Number.isNaN)).toBe(true);
  });
});
