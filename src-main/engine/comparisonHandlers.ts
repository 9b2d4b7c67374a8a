import type { RunSummary } from '@shared/run';
import { ComparisonStore } from '../store/comparisons';
import type { Workspace } from '../store/workspace';
import { ComparisonQueries } from './comparisons';
import { on } from './implementer';

export function comparisonHandlers(workspace: Workspace, summary: (id: string) => RunSummary | null) {
  const store = new ComparisonStore(workspace);
  const queries = new ComparisonQueries(workspace, summary);
  const { comparisons } = on;
  return {
    list: comparisons.list.handler(() => store.list()),
    get: comparisons.get.handler(({ input }) => store.get(input.id)),
    save: comparisons.save.handler(({ input }) => store.save(input)),
    rename: comparisons.rename.handler(({ input }) => store.rename(input.id, input.name)),
    remove: comparisons.remove.handler(({ input }) => {
      store.remove(input.id);
      return {};
    }),
    context: comparisons.context.handler(({ input }) => queries.context(input.ids)),
    tradeOff: comparisons.tradeOff.handler(({ input }) => queries.tradeOff(input.ids, input.x, input.y, input.at)),
  };
}
