import { toProblem, type Problem } from '@shared/errors';
import type { DatasetPlaces } from './datasets';
import { listTrashed, purgeDataset, restoreDataset, trashDataset } from './datasetTrash';
import { on } from './implementer';
import type { Supervisor } from './supervisor';

export const datasetTrashHandlers = (places: DatasetPlaces, supervisor: Supervisor) => ({
  trash: on.datasets.trash.handler(({ input }) => trashDataset(places, supervisor.list(), input)),
  trashed: on.datasets.trashed.handler(() => listTrashed(places)),
  restore: on.datasets.restore.handler(({ input }) => restoreDataset(places, input)),
  purge: on.datasets.purge.handler(({ input }) => {
    const refused: { file: string; problem: Problem }[] = [];
    for (const file of input.files) {
      try {
        purgeDataset(places, file);
      } catch (error) {
        refused.push({ file, problem: toProblem(error, file) });
      }
    }
    return { refused };
  }),
});
