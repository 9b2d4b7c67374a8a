import { runEngineService } from './engineService';
import { shellLink } from './shellLink';

// The bundle out/node/engine.mjs: the engine as a child of Electron's main process.
const link = shellLink();
if (link) {
  // Loaded late: a Node without node:sqlite could not even load it, and shall say so instead.
  void runEngineService(link, async () => {
    const [{ createEngine }, { startDemo }] = await Promise.all([import('../engine/engine'), import('../engine/demo')]);
    return { createEngine, startDemo };
  });
} else {
  process.stderr.write('This is a part of Adjoint and is started by its window. See `npm run adjoint -- --help`.\n');
  process.exitCode = 2;
}
