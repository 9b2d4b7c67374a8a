import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.cwd(), 'package.json'));

/** Electron's binary: the one of ELECTRON_OVERRIDE_DIST_PATH, else the downloaded one of the electron package; null without. */
export function electronPath(): string | null {
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (override) return existsSync(join(override, 'electron')) ? join(override, 'electron') : null;
  try {
    const path = join(
      require.resolve('electron/package.json'),
      '..',
      'dist',
      process.platform === 'win32' ? 'electron.exe' : 'electron',
    );
    return existsSync(path) ? path : null;
  } catch {
    return null;
  }
}

/** A Chromium: CHROMIUM_PATH, else one that the system has; null without. */
export function chromiumPath(): string | null {
  const candidates = [
    process.env.CHROMIUM_PATH,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
  ];
  return candidates.find((path): path is string => path !== undefined && existsSync(path)) ?? null;
}

export const isRoot = process.getuid?.() === 0;

/** What Chromium is started with: root has no sandbox, and nothing is fetched but the page. */
export const chromiumArgs = [...(isRoot ? ['--no-sandbox'] : []), '--disable-gpu', '--disable-background-networking'];
