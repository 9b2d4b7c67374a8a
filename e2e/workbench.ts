import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, test as base, type Browser, type ElectronApplication, type Page } from '@playwright/test';
import { launchElectron } from './launchElectron';
import { chromiumArgs, chromiumPath, electronPath, isRoot } from './machine';
import { startWebHost } from './webHost';

/** The workbench as a person has it: a window, and a way to close it and come back. */
export interface Workbench {
  readonly shell: 'electron' | 'chromium';
  readonly workspace: string;
  /** Saves what the next download brings and returns its text. */
  download(trigger: () => Promise<void>): Promise<{ name: string; text: string }>;
  page(): Page;
  closeWindow(): Promise<void>;
  reopenWindow(): Promise<Page>;
  /** Everything that went wrong in a window's console. */
  readonly consoleErrors: string[];
  stop(): Promise<void>;
}

const projectRoot = process.cwd();

function watchConsole(page: Page, errors: string[]): Page {
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  return page;
}

async function openElectron(workspace: string): Promise<Workbench> {
  const consoleErrors: string[] = [];
  const args = [...(isRoot ? ['--no-sandbox'] : []), projectRoot];
  const env = {
    ...(process.env as Record<string, string>),
    ADJOINT_WORKSPACE: workspace,
    ADJOINT_QUIT_CHOICE: 'stop',
    // What the shell remembers goes with the workspace.
    XDG_CONFIG_HOME: join(workspace, 'config'),
  };
  const executablePath = electronPath()!;
  const app: ElectronApplication = await launchElectron({ executablePath, args, env });
  let page = watchConsole(await app.firstWindow(), consoleErrors);
  return {
    shell: 'electron',
    workspace,
    consoleErrors,
    page: () => page,
    closeWindow: () => page.close(),
    reopenWindow: async () => {
      // A person starts the program again: the second instance hands over to the first and ends.
      const [window] = await Promise.all([
        app.waitForEvent('window'),
        once(spawn(executablePath, args, { env, stdio: 'ignore' }), 'exit'),
      ]);
      page = watchConsole(window, consoleErrors);
      return page;
    },
    download: async (trigger) => {
      const folder = mkdtempSync(join(tmpdir(), 'adjoint-download-'));
      const saved = app.evaluate(
        ({ session }, directory) =>
          new Promise<string>((resolve) => {
            session.defaultSession.once('will-download', (_event, item) => {
              const path = `${directory}/${item.getFilename()}`;
              item.setSavePath(path);
              item.once('done', () => resolve(path));
            });
          }),
        folder,
      );
      await trigger();
      const path = await saved;
      const text = readFileSync(path, 'utf8');
      rmSync(folder, { recursive: true });
      return { name: path.slice(folder.length + 1), text };
    },
    stop: () => app.close(),
  };
}

async function openChromium(workspace: string): Promise<Workbench> {
  const consoleErrors: string[] = [];
  const host = await startWebHost(workspace);
  const browser: Browser = await chromium.launch({
    executablePath: chromiumPath()!,
    args: chromiumArgs,
  });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true });
  const open = async () => {
    const page = watchConsole(await context.newPage(), consoleErrors);
    await page.goto(host.url);
    return page;
  };
  let page = await open();
  return {
    shell: 'chromium',
    workspace,
    consoleErrors,
    page: () => page,
    closeWindow: () => page.close(),
    reopenWindow: async () => (page = await open()),
    download: async (trigger) => {
      const [download] = await Promise.all([page.waitForEvent('download'), trigger()]);
      return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') };
    },
    stop: async () => {
      await browser.close();
      await host.stop();
    },
  };
}

const once = (child: ChildProcess, event: 'exit'): Promise<void> =>
  new Promise((resolve) => child.once(event, () => resolve()));

/** Process ids of all attempts of all runs, read from the run directories. */
export function recordedProcesses(workspace: string): number[] {
  const runs = join(workspace, 'runs');
  const pids: number[] = [];
  for (const id of readdirSync(runs))
    for (const attempt of readdirSync(join(runs, id, 'attempts')))
      try {
        pids.push(
          (JSON.parse(readFileSync(join(runs, id, 'attempts', attempt, 'attempt.json'), 'utf8')) as { pid: number })
            .pid,
        );
      } catch {
        // the attempt has not begun yet
      }
  return pids;
}

export const test = base.extend<{ workbench: Workbench }>({
  workbench: async ({}, use, info) => {
    const workspace = mkdtempSync(join(tmpdir(), 'adjoint-e2e-'));
    const workbench = await (info.project.name === 'electron' ? openElectron(workspace) : openChromium(workspace));
    await use(workbench);
    if (info.status !== info.expectedStatus)
      await workbench
        .page()
        .screenshot({ path: info.outputPath('at-failure.png') })
        .catch(() => {});
    await workbench.stop();
    for (const pid of recordedProcesses(workspace))
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // gone already
      }
    rmSync(workspace, { recursive: true, force: true });
  },
});
export { expect } from '@playwright/test';
