import { attemptEach } from './attempts';
import type { DatasetPlaces } from './datasets';
import { listTrashed, purgeDataset, restoreDataset, trashDataset } from './datasetTrash';
import { on } from './implementer';
import type { Supervisor } from './supervisor';

export const datasetTrashHandlers = (places: DatasetPlaces, supervisor: Supervisor) => ({
  trash: on.datasets.trash.handler(({ input }) => trashDataset(places, supervisor.list(), input)),
  trashed: on.datasets.trashed.handler(() => listTrashed(places)),
  restore: on.datasets.restore.handler(({ input }) => restoreDataset(places, input)),
  purge: on.datasets.purge.handler(({ input }) => {
    const { refused } = attemptEach(input.files, (file) => purgeDataset(places, file));
    return { refused: refused.map(({ name: file, problem }) => ({ file, problem })) };
  }),
});
