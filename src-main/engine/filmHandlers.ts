import type { Clock } from '@shared/run';
import { readClock } from '../store/metricReader';
import type { Workspace } from '../store/workspace';
import { changesOf, filmRows } from './filmRows';
import { on } from './implementer';
import type { Previewer } from './previewer';

export const filmHandlers = (workspace: Workspace, previewer: Previewer, clockOf: (name: string) => Clock) => ({
  rows: on.film.rows.handler(({ input }) => {
    const { bytes, total } = filmRows(workspace.run(input.id), clockOf(input.clock), input);
    return { arrow: Buffer.from(bytes).toString('base64'), total };
  }),
  changes: on.film.changes.handler(({ input }) =>
    changesOf(readClock(workspace.run(input.id), 'step', [input.metric]), input.metric),
  ),
  plane: on.film.plane.handler(({ input, signal }) => {
    const task = { kind: 'outputPlane' as const, input, directory: workspace.run(input.id).path };
    return previewer.run(task, input.key && `film ${input.key}`, signal);
  }),
});
