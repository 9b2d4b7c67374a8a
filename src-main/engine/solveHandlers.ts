import type { SolveSource } from '@shared/solve';
import { findDataset, type DatasetPlaces } from './datasets';
import { on } from './implementer';
import type { Previewer } from './previewer';
import { casePath, type FoundSource } from './solveSource';

export function solveHandlers({ places, previewer }: { places: DatasetPlaces; previewer: Previewer }) {
  const { solve } = on;
  return {
    cases: solve.cases.handler(({ signal }) =>
      previewer.run({ kind: 'cases', resources: places.resources }, '', signal),
    ),
    run: solve.run.handler(({ input, signal }) => {
      const source = find(input.source, places);
      return previewer.run({ kind: 'solve', input, source }, input.key && `solve ${input.key}`, signal);
    }),
    audit: solve.audit.handler(({ input, signal }) => {
      const source = find(input.source, places);
      return previewer.run({ kind: 'audit', input, source }, input.key && `audit ${input.key}`, signal);
    }),
  };
}

function find(source: SolveSource, places: DatasetPlaces): FoundSource {
  if (source.kind === 'case') return { ...source, path: casePath(places.resources, source.name) };
  if (source.kind !== 'instance') return source;
  return { ...source, path: findDataset(source.dataset, places).path };
}
