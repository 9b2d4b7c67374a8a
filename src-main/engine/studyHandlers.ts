import type { RunIndex } from '../store/runIndex';
import type { Workspace } from '../store/workspace';
import { on } from './implementer';
import { previewStudy, startStudy, studyInfos, studyResult } from './studies';
import type { Sweeps } from './sweeps';

/** Requests about studies. */
export function studyHandlers(parts: { workspace: Workspace; resources: string; index: RunIndex; sweeps: Sweeps }) {
  const { sweeps, index } = parts;
  return {
    list: on.studies.list.handler(() => studyInfos()),
    preview: on.studies.preview.handler(async ({ input }) => ({ sweeps: await previewStudy(sweeps, input) })),
    start: on.studies.start.handler(async ({ input }) => ({ sweeps: await startStudy(sweeps, input) })),
    result: on.studies.result.handler(({ input }) => studyResult(parts, index.list(), input)),
  };
}
