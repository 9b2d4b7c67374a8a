import { z } from 'zod';
import { monitorSettings, observeMonitor } from '../monitor';
import type { Schedule } from '../schedules/schedule';

const settings = z.strictObject({
  kind: z.literal('onPlateau'),
  factor: z.number().positive().lt(1).default(0.1).describe('What the learning rate is multiplied by on a plateau.'),
  least: z.number().min(0).max(1).default(0).describe('It never falls below this fraction of the learning rate.'),
  ...monitorSettings('valid/dist_mean', 10),
});

/** Falls by γ whenever the metric has not improved for `patience` validations; then the count begins anew. */
export const onPlateau: Schedule<'onPlateau', typeof settings> = {
  kind: 'onPlateau',
  title: 'On plateau',
  summary: 'Multiplied by a factor below one whenever a validation metric has stopped improving.',
  reference: null,
  settings,
  value: ({ factor, least }, _position, { falls = 0 }) => Math.max(least, factor ** falls),
  observe(settings, state, metrics) {
    const { improved: _, ...seen } = observeMonitor(settings, state, metrics);
    const falls = state.falls ?? 0;
    return seen.stale >= settings.patience ? { ...seen, stale: 0, falls: falls + 1 } : { ...seen, falls };
  },
};
