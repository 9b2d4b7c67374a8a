import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AdjointError } from '@shared/errors';
import { runEngineService } from '../engineService';
import { shellLink } from '../shellLink';
import { createFakeEngine } from './fakeEngine';

// The conformance suite's engine in the place of the real one, as a child of the real shell.
// ADJOINT_CONFORMANCE_FAIL makes it fail to start the way a workspace that is in use does, ADJOINT_CONFORMANCE_ACTIVE makes it
// tell of a run. How it was closed is left in the file `closed` of the workspace.
void runEngineService(shellLink()!, async () => ({
  createEngine: async ({ spawner, workspace }) => {
    if (process.env.ADJOINT_CONFORMANCE_FAIL)
      throw new AdjointError('locked', 'The workspace is in use.', { where: workspace, fix: 'Close the other app.' });
    return createFakeEngine({
      processes: { spawner, entry: process.env.ADJOINT_CONFORMANCE_CHILD!, directory: workspace },
      running: process.env.ADJOINT_CONFORMANCE_ACTIVE ? ['a run'] : [],
      onClose: (how) => writeFileSync(join(workspace, 'closed'), how),
    });
  },
  startDemo: async () => undefined,
}));
