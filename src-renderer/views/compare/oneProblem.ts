import type { RunSummary } from '@shared/run';

/** Do all of these runs solve one bilevel problem? What they are asked of it, where they start and how, may differ. */
export function oneProblem(runs: readonly Pick<RunSummary, 'kind' | 'settings'>[]): boolean {
  const [first] = runs;
  if (!first || runs.some(({ kind }) => kind !== 'bilevel')) return false;
  const problemOf = ({ settings }: Pick<RunSummary, 'settings'>) =>
    JSON.stringify(Object.entries(settings).filter(([path]) => path.startsWith('problem.')).sort()); // prettier-ignore
  return runs.every((run) => problemOf(run) === problemOf(first));
}
