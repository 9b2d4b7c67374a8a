import { z } from 'zod';
import { adamUpdate } from '../../numerics/ops/adam';
import type { Optimizer } from './optimizer';
import { learningRate, moments, stepControl } from './settings';

const settings = z.strictObject({
  kind: z.literal('adam'),
  learningRate: learningRate(1e-3),
  ...moments,
  ...stepControl,
});

/** m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; θ ← θ − η m̂/(√v̂ + ε) with m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ). */
export const adam: Optimizer<'adam', typeof settings> = {
  kind: 'adam',
  title: 'Adam',
  summary: 'Steps scaled by running means of the gradient and of its square, both corrected for their start at zero.',
  reference: 'Kingma & Ba, Adam: A Method for Stochastic Optimization, ICLR 2015',
  settings,
  slots: () => ['mean', 'square'],
  update: ({ tf, settings, learningRate, t }, weight, gradient, [mean, square]) => {
    const next = adamUpdate(tf, { ...settings, learningRate, t, kept: 1 }, weight, gradient, mean, square);
    return { weight: next.weight, slots: [next.mean, next.square] };
  },
};
