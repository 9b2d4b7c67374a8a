import type { Qcqp } from '../../problem';
import { instanceLayer, type HostLayer } from '../hostLayer';
import { ViolationEnergy } from '../violationEnergy';
import { FeasibilitySeeking, type SeekingSettings } from './seeking';
import { SeekingAdjoint } from './seekingAdjoint';

/** Of FSNet's settings, those of its layer. */
export interface SeekingLayerSettings extends Omit<SeekingSettings, 'searches'> {
  scale: number;
  testIterations: number;
  testTolerance: number;
}

/** Trial steps of a line search: 2⁻³⁹ of the first is as good as none. */
const searches = 40;

/** As in training, with a derivative, and as in validation. */
export function seekingLayers(settings: SeekingLayerSettings, problem: Qcqp): Record<'training' | 'test', HostLayer> {
  const { scale, memory, armijo, shrink, iterations, differentiated, tolerance, testIterations, testTolerance } =
    settings;
  const shared = { memory, armijo, shrink, searches };
  const test = { ...shared, iterations: testIterations, differentiated: 0, tolerance: testTolerance };
  const energy = new ViolationEnergy(problem, scale);
  return {
    training: seekingLayer(energy, problem.e, { ...shared, iterations, differentiated, tolerance }),
    test: seekingLayer(energy, problem.e, test),
  };
}

function seekingLayer(energy: ViolationEnergy, e: number, settings: SeekingSettings): HostLayer {
  const { n } = energy;
  const seeking = new FeasibilitySeeking(energy, settings);
  const adjoint = new SeekingAdjoint(energy, settings);
  return instanceLayer(
    { n, e },
    (raw, at, X, xAt) => ({ ...seeking.seek(raw.subarray(at, at + n), X, xAt), failure: null }),
    (course, dy, gradient, at) => adjoint.apply(course, dy, gradient, at),
  );
}
