import type { XAxis } from '../../stores/preferences';

type Titles = Record<XAxis, { button: string; title: string }>;

const training: Titles = {
  step: { button: 'Step', title: 'step' },
  epoch: { button: 'Epoch', title: 'epoch' },
  activeSeconds: { button: 'Active time', title: 'active time (s)' },
};

/** Where a training counts epochs, a bilevel run counts the unit of work that its methods are compared by. */
const bilevel: Titles = {
  step: { button: 'Iteration', title: 'iteration' },
  epoch: { button: 'Lower-level solves', title: 'lower-level solves' },
  // Measurements are no part of it, so that what is measured does not decide which algorithm is fast.
  activeSeconds: { button: 'Algorithm time', title: 'time in the algorithm (s)' },
};

/** Runs of both sorts in one chart. */
const mixed: Titles = {
  ...training,
  epoch: { button: 'Epoch or lower-level solves', title: 'epoch, or lower-level solves' },
};

/** What the x axes are called for runs of these kinds. */
export function axisTitles(kinds: readonly string[]): Titles {
  const isBilevel = (kind: string) => kind === 'bilevel';
  if (kinds.length > 0 && kinds.every(isBilevel)) return bilevel;
  return kinds.some(isBilevel) ? mixed : training;
}

/** The choices of a control. */
export const axisOptions = (titles: Titles): { value: XAxis; label: string }[] =>
  (Object.keys(titles) as XAxis[]).map((value) => ({ value, label: titles[value].button }));
