import { AdjointError } from '@shared/errors';
import type { RunSummary } from '@shared/run';
import { RunIndex } from '../store/runIndex';
import { openWorkspace, type Workspace } from '../store/workspace';

/** Opens workspace and index for reading, also while an app has them open. */
export function withRuns<T>(path: string, use: (workspace: Workspace, index: RunIndex) => T): T {
  const workspace = openWorkspace(path);
  const index = new RunIndex(workspace);
  try {
    return use(workspace, index);
  } finally {
    index.close();
  }
}

/** The run that an id, the beginning of one, or a name means. @throws AdjointError `not-found`, `bad-request` when several fit. */
export const findRun = (index: RunIndex, text: string): RunSummary => findIn(index.list(), text, 'adjoint runs list');

function findIn(all: readonly RunSummary[], text: string, listing: string): RunSummary {
  const exact = all.find((run) => run.id === text);
  if (exact) return exact;
  const fitting = all.filter((run) => run.id.startsWith(text) || run.name === text);
  if (fitting.length === 1) return fitting[0];
  if (fitting.length === 0)
    throw new AdjointError('not-found', `There is no run "${text}".`, { fix: `List them with: ${listing}` });
  throw new AdjointError('bad-request', `"${text}" fits ${fitting.length} runs.`, {
    fix: `Give more of the id: ${fitting
      .slice(0, 5)
      .map((run) => run.id)
      .join(', ')}${fitting.length > 5 ? ', …' : ''}.`,
  });
}

/** Runs in the trash that texts mean, each once. */
export function findTrashed(index: RunIndex, texts: readonly string[]): RunSummary[] {
  const all = index.list({ trash: true });
  return [...new Set(texts.map((text) => findIn(all, text, 'adjoint runs list --trash')))];
}

/** The runs that texts mean, each once; a sweep's id or name means all its runs. */
export function findRuns(index: RunIndex, texts: readonly string[]): RunSummary[] {
  const all = index.list();
  const found = texts.flatMap((text) => {
    const members = all.filter(({ sweep }) => sweep && (sweep.id === text || sweep.name === text));
    return members.length > 0 ? members.reverse() : [findRun(index, text)];
  });
  return [...new Map(found.map((run) => [run.id, run])).values()];
}
