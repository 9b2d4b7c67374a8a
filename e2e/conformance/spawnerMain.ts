import { app } from 'electron';
import { spawnUtility } from '../../src-main/electron/utilitySpawner';
import { spawnerCases } from '../../src-main/host/conformance/spawnerCases';

// The spawners' conformance suite in Electron's main process, the only one that can make utility processes.
// Prints one JSON object a case.
const flavour = {
  spawner: { label: 'Electron utility processes', spawn: spawnUtility },
  entry: process.env.ADJOINT_CONFORMANCE_CHILD!,
  tellsViolence: false,
};

void app.whenReady().then(async () => {
  for (const { name, run } of spawnerCases) {
    let failure: string | null = null;
    try {
      await run(flavour);
    } catch (error) {
      failure = String((error as Error).stack ?? error);
    }
    process.stdout.write(`${JSON.stringify({ name, failure })}\n`);
  }
  app.quit();
});
