import { expect, it } from 'vitest';
import { MersenneTwister } from './mersenneTwister';

it('gives the numbers of numpy.random.RandomState(17), uniform and normal in turn', () => {
  const random = new MersenneTwister(17);
  expect([...random.uniforms(0, 1, 3)]).toEqual([0.2946650026871097, 0.5305867556052941, 0.19152078694749486]);
  expect([...random.standardNormals(4)]).toEqual([
    1.2363978905818813, 1.4055350285790214, -0.5149355656356978, 0.08445972395305412,
  ]);
  expect([...random.uniforms(-1, 1, 2)]).toEqual([-0.28437279103290214, 0.8913663736368151]);
  expect(random.standardNormal()).toBe(0.6845688877076841);
});

it('takes the largest seed', () => {
  expect(new MersenneTwister(4294967295).uniform(0, 1)).toBe(0.0976320289940138);
});
