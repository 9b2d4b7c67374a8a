import { _electron, type ElectronApplication } from '@playwright/test';

type LaunchOptions = Parameters<typeof _electron.launch>[0];

/** Far longer than a start takes on a busy machine, far shorter than a test may. */
const patience = 40_000;

/**
 * Starts Electron under Playwright. On a busy machine Playwright now and then attaches to a starting Electron and never hears from it
 * again, before anything of ours has run; such a start is given up, said, and made once more. What our own code does wrong shows in
 * the second start as well.
 */
export async function launchElectron(options: LaunchOptions): Promise<ElectronApplication> {
  try {
    return await _electron.launch({ ...options, timeout: patience });
  } catch (error) {
    if (!/Timeout/.test(String(error))) throw error;
    console.log(`Electron did not answer the debugger within ${patience / 1000} s: starting it once more`);
    return _electron.launch({ ...options, timeout: patience });
  }
}
