import type { AuditSource } from '@shared/layerAudit';
import type { Workspace } from '../store/workspace';
import { findDataset, type DatasetPlaces } from './datasets';
import { on } from './implementer';
import type { FoundAuditSource } from './layerAuditSource';
import type { Previewer } from './previewer';

interface Parts {
  workspace: Workspace;
  places: DatasetPlaces;
  previewer: Previewer;
}

export function layerHandlers({ workspace, places, previewer }: Parts) {
  const { layer } = on;
  return {
    audit: layer.audit.handler(({ input, signal }) => {
      const task = { kind: 'layerAudit' as const, input, source: foundAuditSource(input.source, workspace, places) };
      return previewer.stream(task, input.key && `layer audit ${input.key}`, signal);
    }),
    path: layer.path.handler(({ input, signal }) => {
      const task = { kind: 'layerPath' as const, input, source: foundAuditSource(input.source, workspace, places) };
      return previewer.run(task, input.key && `layer path ${input.key}`, signal);
    }),
  };
}

/** @throws AdjointError `not-found` for a run or a dataset that is not there */
export function foundAuditSource(source: AuditSource, workspace: Workspace, places: DatasetPlaces): FoundAuditSource {
  if (source.kind === 'run') {
    const { path: directory } = workspace.run(source.id);
    return { kind: 'run', directory, ...(source.step === undefined ? {} : { step: source.step }) };
  }
  const { name, path } = findDataset(source.dataset, places);
  return { kind: 'dataset', name, path, seed: source.seed, hidden: source.hidden };
}
