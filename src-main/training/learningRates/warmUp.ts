import type { BoundSchedule, SchedulePosition } from '../schedules/schedule';

/**
 * A schedule after a linear warm-up (Goyal et al., Accurate, Large Minibatch SGD, 2017): in the first W = round(epochs · steps an
 * epoch) steps the factor is (t + 1)/W of the schedule's first value; then the schedule runs over the steps that are left.
 */
export function afterWarmUp(schedule: BoundSchedule, epochs: number): BoundSchedule {
  if (epochs === 0) return schedule;
  return {
    observe: schedule.observe,
    value(position, state) {
      const { step, totalSteps, stepsPerEpoch } = position;
      const length = Math.min(totalSteps, Math.round(epochs * stepsPerEpoch));
      const shifted: SchedulePosition = {
        step: Math.max(0, step - length),
        totalSteps: Math.max(1, totalSteps - length),
        stepsPerEpoch,
      };
      return schedule.value(shifted, state) * (step < length ? (step + 1) / length : 1);
    },
  };
}
