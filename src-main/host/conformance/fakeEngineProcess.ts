import { AdjointError } from '@shared/errors';
import { runEngineService } from '../engineService';
import { shellLink } from '../shellLink';
import { createFakeEngine } from './fakeEngine';

// The conformance suite's engine in the place of the real one, as a child of the real shell.
// ADJOINT_CONFORMANCE_FAIL makes it fail to start the way a workspace that is in use does.
void runEngineService(shellLink()!, async () => ({
  createEngine: async ({ spawner, workspace }) => {
    if (process.env.ADJOINT_CONFORMANCE_FAIL)
      throw new AdjointError('locked', 'The workspace is in use.', { where: workspace, fix: 'Close the other app.' });
    return createFakeEngine({ spawner, entry: process.env.ADJOINT_CONFORMANCE_CHILD!, directory: workspace });
  },
  startDemo: async () => undefined,
}));
