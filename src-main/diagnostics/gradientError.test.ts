import { describe, expect, it } from 'vitest';
import { Generator } from '@shared/random/generator';
import { dot } from '../numerics/linalg/products';
import { gradientError } from './gradientError';
import { Pieces } from './pieces';

const size = 300;
const generator = new Generator(3);
const weights = generator.standardNormals(size);
const curvature = generator.uniforms(0.5, 2, size);
const terms = (loss: number) => ({ loss, objective: loss, constraint: 0, penalty: 0 });
const loss = (w: Float64Array) =>
  Promise.resolve(terms(w.reduce((sum, value, i) => sum + 0.5 * curvature[i] * value ** 2, 0)));
const exact = weights.map((value, i) => curvature[i] * value);
const claimed = (gradient: Float64Array) => ({ weights, size, loss, gradient: () => Promise.resolve(gradient) });
const length = (v: Float64Array) => Math.sqrt(dot(size, v, 0, v, 0)); // prettier-ignore

describe('error of a claimed gradient', () => {
  it('vanishes for the gradient of the loss', async () => {
    const { cosine, relativeError, slopeRatio } = await gradientError(claimed(exact), { directions: 4, seed: 0 });
    expect(1 - cosine).toBeLessThan(1e-12);
    expect(relativeError).toBeLessThan(1e-7);
    expect(slopeRatio).toBeCloseTo(1, 8);
  });

  it('is the relative one of a gradient of wrong length', async () => {
    const half = exact.map((value) => value / 2);
    const { cosine, relativeError, slopeRatio } = await gradientError(claimed(half), { directions: 4, seed: 0 });
    expect(cosine).toBeCloseTo(1, 10);
    expect(relativeError).toBeCloseTo(0.5, 7);
    expect(slopeRatio).toBeCloseTo(2, 7);
  });

  it('finds the angle of a turned gradient as well as the number of directions allows', async () => {
    const noise = generator.standardNormals(size);
    const share = dot(size, noise, 0, exact, 0) / dot(size, exact, 0, exact, 0);
    const across = noise.map((value, i) => value - share * exact[i]);
    const scale = (0.75 * length(exact)) / length(across);
    const turned = exact.map((value, i) => value + scale * across[i]);
    // tan of the angle is 3/4.
    const found = await gradientError(claimed(turned), { directions: 4000, seed: 1 });
    expect(Math.abs(found.cosine - 0.8)).toBeLessThan(0.02);
    expect(Math.abs(found.relativeError - 0.75)).toBeLessThan(0.04);
    const away = await gradientError(claimed(exact.map((value) => -value)), { directions: 4, seed: 1 });
    expect(away.cosine).toBeCloseTo(-1, 10);
  });

  it('has no answer where the gradient vanishes', async () => {
    const { cosine } = await gradientError(claimed(new Float64Array(size)), { directions: 2, seed: 0 });
    expect(cosine).toBeNaN();
  });
});

describe('work in pieces', () => {
  it('stands still between pieces, ends with its result, and does not count the time between', async () => {
    const done: number[] = [];
    const pieces = new Pieces(async (pause) => {
      for (let k = 0; k < 3; k++) {
        done.push(k);
        await pause();
      }
      return 'all';
    });
    expect(done).toEqual([]);
    expect(await pieces.next()).toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(done).toEqual([0]);
    await pieces.next();
    await pieces.next();
    expect(await pieces.next()).toEqual({ value: 'all' });
    expect(pieces.seconds).toBeLessThan(0.025);
  });

  it('throws what the work throws, at the piece where it does', async () => {
    const pieces = new Pieces<void>(async (pause) => {
      await pause();
      throw new Error('no further');
    });
    expect(await pieces.next()).toBeNull();
    await expect(pieces.next()).rejects.toThrow('no further');
  });
});
