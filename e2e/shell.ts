import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, type ElectronApplication, type Page } from '@playwright/test';
import { launchElectron } from './launchElectron';
import { buildConformance } from './conformance/build';
import type { ConformancePage } from './conformance/page';
import { electronPath, isRoot } from './machine';

// The real shell on the conformance suite's engine and page, for what is about the shell alone.

export interface Shell {
  app: ElectronApplication;
  page: Page;
  /** Starts the program again on the same workspace, or another; resolves when that start has ended. */
  startAgain(): Promise<number | null>;
  enginePid(): number;
  readonly workspace: string;
}

export type Window = typeof globalThis & { conformance: ConformancePage };

export const test = base.extend<
  { shell: Shell; extraEnv: Record<string, string> },
  { built: { folder: string; env: Record<string, string> } }
>({
  built: [
    async ({}, use) => {
      const folder = mkdtempSync(join(tmpdir(), 'adjoint-shell-'));
      const { renderer, engineEntry } = await buildConformance(folder);
      const env = {
        ...(process.env as Record<string, string>),
        // What the app keeps beside its workspaces goes with the folder, too.
        XDG_CONFIG_HOME: join(folder, 'config'),
        ADJOINT_RENDERER: renderer,
        ADJOINT_ENGINE_ENTRY: engineEntry,
        ADJOINT_CONFORMANCE_CHILD: join(process.cwd(), 'src-main/host/conformance/child.cjs'),
      };
      await use({ folder, env });
      rmSync(folder, { recursive: true, force: true });
    },
    { scope: 'worker' },
  ],
  extraEnv: [{}, { option: true }],
  shell: async ({ built, extraEnv }, use) => {
    const executablePath = electronPath()!;
    const args = [...(isRoot ? ['--no-sandbox'] : []), process.cwd()];
    // Of its own for each test: what a test leaves to end must not meet the next.
    const workspace = mkdtempSync(join(built.folder, 'workspace-'));
    const env = { ...built.env, ADJOINT_WORKSPACE: workspace, ...extraEnv };
    const app = await launchElectron({ executablePath, args, env });
    const page = await app.firstWindow();
    await page.waitForFunction(() => 'conformance' in globalThis);
    await use({
      workspace,
      app,
      page,
      startAgain: () =>
        new Promise((resolve) => spawn(executablePath, args, { env, stdio: 'ignore' }).once('exit', resolve)),
      enginePid: () => {
        const { stdout } = spawnSync('pgrep', ['-P', String(app.process().pid), '-f', built.env.ADJOINT_ENGINE_ENTRY]);
        return Number(String(stdout).trim().split('\n')[0]);
      },
    });
    await app.close().catch(() => undefined);
  },
});
export { expect } from '@playwright/test';
