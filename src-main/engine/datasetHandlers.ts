import { keptProblems } from '../modelling/families/matrixSettings';
import type { Workspace } from '../store/workspace';
import { applicability } from '../training/techniques/applicability';
import { createRun } from './createRun';
import type { DatasetCatalogue } from './datasetCatalogue';
import { generationText, importDataset } from './datasetRuns';
import { findDataset, type DatasetPlaces } from './datasets';
import { datasetTrashHandlers } from './datasetTrashHandlers';
import { describeFamilies } from './families';
import { on } from './implementer';
import type { Previewer } from './previewer';
import type { Supervisor } from './supervisor';

export interface DatasetParts {
  workspace: Workspace;
  places: DatasetPlaces;
  supervisor: Supervisor;
  previewer: Previewer;
  datasets: DatasetCatalogue;
}

export function problemHandlers({ workspace, supervisor, previewer }: DatasetParts) {
  const { problems } = on;
  const kept = keptProblems(workspace.path);
  return {
    families: problems.families.handler(() => describeFamilies()),
    preview: problems.preview.handler(async ({ input, signal }) => {
      const task = { kind: 'family' as const, input, threads: supervisor.threadsPerRun, kept };
      const { traits, ...look } = await previewer.run(task, input.key && `family ${input.key}`, signal);
      return { ...look, fits: traits && applicability(traits) };
    }),
    open: problems.open.handler(({ input: source, signal }) =>
      previewer.run({ kind: 'ownProblem', source, kept }, '', signal),
    ),
  };
}

export function datasetHandlers({ workspace, places, supervisor, previewer, datasets: catalogue }: DatasetParts) {
  const { datasets } = on;
  return {
    list: datasets.list.handler(() => catalogue.list()),
    show: datasets.show.handler(({ input }) => catalogue.show(input.name)),
    preview: datasets.preview.handler(({ input, signal }) => {
      const { path } = findDataset(input.name, places);
      return previewer.run({ kind: 'dataset', input, path }, input.key && `dataset ${input.key}`, signal);
    }),
    generate: datasets.generate.handler(async ({ input }) => {
      const yaml = generationText(input, supervisor.list());
      const run = await createRun(workspace, places.resources, { yaml, launch: 'queue' });
      supervisor.enqueue(run, false);
      return { ids: [run.id] };
    }),
    import: datasets.import.handler(({ input }) => importDataset(places, previewer, input.path, input.name)),
    ...datasetTrashHandlers(places, supervisor),
  };
}
