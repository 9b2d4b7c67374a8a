import { z } from 'zod';
import { monitorSettings, observeMonitor } from '../monitor';
import type { Schedule } from './schedule';
import { from } from './settings';

const settings = z.strictObject({
  kind: z.literal('onPlateau'),
  from: from('positive'),
  factor: z.number().gt(1).max(1e6).default(2).describe('What the value is multiplied by on a plateau.'),
  max: z.number().positive().default(1e4).describe('The value never exceeds this.').meta({ scale: 'log' }),
  ...monitorSettings('valid/eq_mean', 5),
});

/** Grows by γ whenever the metric has not improved for `patience` validations; then the count begins anew. */
export const onPlateau: Schedule<'onPlateau', typeof settings> = {
  kind: 'onPlateau',
  title: 'On plateau',
  summary: 'Multiplied by a factor whenever a validation metric has stopped improving.',
  reference: 'Nocedal & Wright, Numerical Optimization, §17.1 (adaptive choice of the penalty parameter)',
  settings,
  value: ({ from, factor, max }, _position, { raises = 0 }) => Math.min(max, from * factor ** raises),
  observe(settings, state, metrics) {
    const { improved: _, ...seen } = observeMonitor(settings, state, metrics);
    const raises = state.raises ?? 0;
    return seen.stale >= settings.patience ? { ...seen, stale: 0, raises: raises + 1 } : { ...seen, raises };
  },
};
