import { runEngineService } from '../engineService';
import { shellLink } from '../shellLink';
import { createFakeEngine } from './fakeEngine';

// The conformance suite's engine in the place of the real one, as a child of the real shell.
void runEngineService(shellLink()!, async () => ({
  createEngine: async ({ spawner, workspace }) =>
    createFakeEngine({ spawner, entry: process.env.ADJOINT_CONFORMANCE_CHILD!, directory: workspace }),
  startDemo: async () => undefined,
}));
