import { defineConfig } from '@playwright/test';
import { chromiumPath, electronPath } from './machine';

// One journey on every shell that this machine can run, and what concerns Electron alone. What it cannot run is said by scripts/test.mjs, with the reason.
export default defineConfig({
  testDir: '.',
  outputDir: '../test-results',
  timeout: 180_000,
  expect: { timeout: 15_000 },
  workers: 1,
  retries: 0,
  projects: [
    ...(electronPath() ? [{ name: 'electron', metadata: { shell: 'electron' } }] : []),
    ...(chromiumPath()
      ? [{ name: 'chromium', metadata: { shell: 'chromium' }, testIgnore: /(shell\w*|conformance)\.spec\.ts/ }]
      : []),
  ],
});
