import type { Workspace } from '../store/workspace';
import { on } from './implementer';
import type { Previewer } from './previewer';

export const diagnosisHandlers = (workspace: Workspace, previewer: Previewer) => ({
  look: on.diagnostics.look.handler(({ input, signal }) => {
    const task = { kind: 'diagnosis' as const, input, directory: workspace.run(input.run).path };
    return previewer.stream(task, input.key && `diagnosis ${input.key}`, signal);
  }),
});
