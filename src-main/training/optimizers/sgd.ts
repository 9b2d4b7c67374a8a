import { z } from 'zod';
import type { Optimizer } from './optimizer';
import { learningRate, stepControl } from './settings';

const settings = z
  .strictObject({
    kind: z.literal('sgd'),
    learningRate: learningRate(1e-2),
    momentum: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe('Share μ of the last direction that is kept; 0 is plain descent.'),
    nesterov: z.boolean().default(false).describe('Look ahead along the momentum; needs momentum above 0.'),
    ...stepControl,
  })
  .refine(({ momentum, nesterov }) => !nesterov || momentum > 0, {
    path: ['nesterov'],
    message: 'Nesterov’s method needs momentum above 0',
  });

/** v ← μv + g; θ ← θ − η(g + μv) with Nesterov, θ − ηv without (Sutskever et al., 2013, as in PyTorch). */
export const sgd: Optimizer<'sgd', typeof settings> = {
  kind: 'sgd',
  title: 'SGD',
  summary: 'Stochastic gradient descent with optional heavy-ball or Nesterov momentum.',
  reference: 'Sutskever et al., On the importance of initialization and momentum in deep learning, ICML 2013',
  settings,
  slots: ({ momentum }) => (momentum > 0 ? ['velocity'] : []),
  update({ tf, settings: { momentum, nesterov }, learningRate }, weight, gradient, [velocity]) {
    if (momentum === 0) return { weight: tf.sub(weight, tf.mul(gradient, learningRate)), slots: [] };
    const next = tf.add(tf.mul(velocity, momentum), gradient);
    const direction = nesterov ? tf.add(gradient, tf.mul(next, momentum)) : next;
    return { weight: tf.sub(weight, tf.mul(direction, learningRate)), slots: [next] };
  },
};
