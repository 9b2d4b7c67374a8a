import { FigureStore } from '../store/figures';
import type { Workspace } from '../store/workspace';
import { on } from './implementer';

export function figureHandlers(workspace: Workspace) {
  const store = new FigureStore(workspace);
  const { figures } = on;
  return {
    list: figures.list.handler(() => store.list()),
    get: figures.get.handler(({ input }) => store.get(input.id)),
    save: figures.save.handler(({ input }) => store.save(input)),
    remove: figures.remove.handler(({ input }) => {
      store.remove(input.id);
      return {};
    }),
  };
}
