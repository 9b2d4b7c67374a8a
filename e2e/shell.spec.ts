import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, expect, test as base, type ElectronApplication, type Page } from '@playwright/test';
import { buildConformance, buildForElectron } from './conformance/build';
import type { ConformancePage } from './conformance/page';
import { electronPath, isRoot } from './machine';

// Electron's shell itself: its walls, and what it does when the engine or the window goes. The engine is the conformance
// suite's, because none of this is about runs.

interface Shell {
  app: ElectronApplication;
  page: Page;
  /** Starts the program again on the same workspace, or another; resolves when that start has ended. */
  startAgain(): Promise<number | null>;
  enginePid(): number;
}

type Window = typeof globalThis & { conformance: ConformancePage };

const test = base.extend<
  { shell: Shell; extraEnv: Record<string, string> },
  { built: { folder: string; env: Record<string, string> } }
>({
  built: [
    async ({}, use) => {
      const folder = mkdtempSync(join(tmpdir(), 'adjoint-shell-'));
      const { renderer, engineEntry } = await buildConformance(folder);
      const env = {
        ...(process.env as Record<string, string>),
        ADJOINT_WORKSPACE: folder,
        // What the app keeps beside the workspace goes with the folder, too.
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
    const app = await _electron.launch({ executablePath, args, env: { ...built.env, ...extraEnv } });
    const page = await app.firstWindow();
    await page.waitForFunction(() => 'conformance' in globalThis);
    await use({
      app,
      page,
      startAgain: () =>
        new Promise((resolve) =>
          spawn(executablePath, args, { env: built.env, stdio: 'ignore' }).once('exit', resolve),
        ),
      enginePid: () => {
        const { stdout } = spawnSync('pgrep', ['-P', String(app.process().pid), '-f', built.env.ADJOINT_ENGINE_ENTRY]);
        return Number(String(stdout).trim().split('\n')[0]);
      },
    });
    await app.close().catch(() => undefined);
  },
});

test('a page has the bridge and nothing of Node or Electron', async ({ shell: { page } }) => {
  const found = await page.evaluate(() => ({
    bridge: Object.keys((globalThis as unknown as { adjoint: object }).adjoint).sort(),
    require: 'require' in globalThis,
    process: 'process' in globalThis,
    module: 'module' in globalThis,
    origin: (globalThis as unknown as { origin: string }).origin,
  }));
  expect(found).toEqual({
    bridge: ['connect', 'onEngineStatus', 'platform', 'restartEngine', 'versions'],
    require: false,
    process: false,
    module: false,
    origin: 'adjoint://app',
  });
});

test('windows are sandboxed, isolated and without Node', async ({ shell: { app } }) => {
  const settings = await app.evaluate(({ BrowserWindow }) => {
    const { webContents } = BrowserWindow.getAllWindows()[0];
    const { contextIsolation, sandbox, nodeIntegration, webSecurity, nodeIntegrationInSubFrames, webviewTag } = (
      webContents as unknown as { getLastWebPreferences(): Record<string, boolean | undefined> }
    ).getLastWebPreferences();
    return { contextIsolation, sandbox, nodeIntegration, webSecurity, nodeIntegrationInSubFrames, webviewTag };
  });
  expect(settings).toEqual({
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    webSecurity: true,
    nodeIntegrationInSubFrames: false,
    webviewTag: false,
  });
});

test('the policy stops inline scripts, eval, frames and requests to elsewhere', async ({ shell: { page } }) => {
  const stopped = await page.evaluate(async () => {
    const { document } = globalThis as unknown as {
      document: {
        createElement(name: string): { [key: string]: unknown };
        body: { append(node: unknown): void };
        addEventListener(type: string, listener: (event: { effectiveDirective: string }) => void): void;
      };
    };
    const directives: string[] = [];
    document.addEventListener('securitypolicyviolation', (event) => void directives.push(event.effectiveDirective));
    const inline = document.createElement('script');
    inline.textContent = 'globalThis.inlineRan = true';
    document.body.append(inline);
    const frame = document.createElement('iframe');
    frame.src = 'https://example.org/';
    document.body.append(frame);
    const image = document.createElement('img');
    image.src = 'https://example.org/a.png';
    document.body.append(image);
    // The debugger lifts the policy for the script that it runs; later turns of the loop are like the page's own.
    await new Promise((resolve) => setTimeout(resolve, 50));
    let evaluated = true;
    try {
      new Function('return 1')();
    } catch {
      evaluated = false;
    }
    const fetched = await fetch('https://example.org/').then(
      () => true,
      () => false,
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    return { ran: 'inlineRan' in globalThis, evaluated, fetched, directives: [...new Set(directives)].sort() };
  });
  expect(stopped).toEqual({
    ran: false,
    evaluated: false,
    fetched: false,
    directives: ['connect-src', 'frame-src', 'img-src', 'script-src', 'script-src-elem'],
  });
});

test('only files of the renderer can be had', async ({ shell: { page } }) => {
  const answers = await page.evaluate(async () => {
    const paths = [
      '/',
      '/index.html',
      '/../node/engine.mjs',
      '/%2e%2e/node/engine.mjs',
      '/..%2fnode/engine.mjs',
      '/nothing.js',
    ];
    const status = async (url: string) =>
      fetch(url).then(
        (answer) => answer.status,
        () => 0,
      );
    const own = await Promise.all(paths.map(status));
    const others = await Promise.all(['adjoint://other/index.html', 'file:///etc/hostname'].map(status));
    return [...own, ...others];
  });
  expect(answers).toEqual([200, 200, 404, 404, 404, 404, 0, 0]);
});

test('a window neither goes elsewhere nor opens anything else', async ({ shell: { app, page } }) => {
  await app.evaluate(({ dialog }) => {
    const asked: string[] = [];
    Object.assign(globalThis, { asked });
    dialog.showMessageBox = (async (options: { detail: string }) => {
      asked.push(options.detail);
      return { response: 2, checkboxChecked: false };
    }) as unknown as typeof dialog.showMessageBox;
  });
  const before = page.url();
  await page.evaluate(() => {
    const { location, open } = globalThis as unknown as { location: { href: string }; open(url: string): unknown };
    for (const url of [
      'file:///etc/passwd',
      'javascript:alert(1)',
      'https://user@example.org/',
      'https://example.org/page',
    ])
      open(url);
    location.href = 'https://example.org/elsewhere';
  });
  await page.waitForTimeout(500);
  expect(page.url()).toBe(before);
  expect(app.windows()).toHaveLength(1);
  expect(await app.evaluate(() => (globalThis as unknown as { asked: string[] }).asked)).toEqual([
    'https://example.org/page',
    'https://example.org/elsewhere',
  ]);
});

test('a link to our own page opens a second window, also confined', async ({ shell: { app, page } }) => {
  const [second] = await Promise.all([
    app.waitForEvent('window'),
    page.evaluate(() => void (globalThis as unknown as { open(url: string): unknown }).open('adjoint://app/#/runs/x')),
  ]);
  await second.waitForFunction(() => 'conformance' in globalThis);
  expect(second.url()).toBe('adjoint://app/#/runs/x');
  expect(await second.evaluate(() => (globalThis as unknown as { opener: unknown }).opener)).toBeNull();
});

test('permissions are refused, but for writing to the clipboard', async ({ shell: { page } }) => {
  const states = await page.evaluate(async () => {
    const names = ['geolocation', 'notifications', 'camera', 'microphone', 'clipboard-read', 'clipboard-write'];
    const { navigator } = globalThis as unknown as {
      navigator: { permissions: { query(what: { name: string }): Promise<{ state: string }> } };
    };
    return Promise.all(names.map(async (name) => `${name} ${(await navigator.permissions.query({ name })).state}`));
  });
  expect(states).toEqual([
    'geolocation denied',
    'notifications denied',
    'camera denied',
    'microphone denied',
    'clipboard-read denied',
    'clipboard-write granted',
  ]);
});

test('a page that is not ours gets no answer, even with the preload', async ({ shell: { app } }) => {
  const answer = await app.evaluate(
    async ({ BrowserWindow }, preload) => {
      const stranger = new BrowserWindow({
        show: false,
        webPreferences: { preload, sandbox: true, contextIsolation: true },
      });
      await stranger.loadURL('data:text/html,<title>stranger</title>');
      const script = "adjoint.connect().then(() => 'connected', (error) => String(error))";
      const said = (await stranger.webContents.executeJavaScript(script)) as string;
      stranger.destroy();
      return said;
    },
    join(process.cwd(), 'out/preload/preload.js'),
  );
  expect(answer).toContain('refused: not from the workbench');
});

test('a reloaded page leaves nothing open in the engine', async ({ shell: { page } }) => {
  const stats = () =>
    page
      .evaluate(async () => {
        const connection = await (globalThis as Window).conformance.connect();
        const { text } = await connection.client.runs.log({ id: 'stats' });
        connection.close();
        return JSON.parse(text) as { openSources: number; openEventStreams: number };
      })
      .then(({ openSources, openEventStreams }) => ({ openSources, openEventStreams }));
  // The shell itself follows the queue, to know what quitting would disturb.
  const before = await stats();
  await page.evaluate(async () => {
    const connection = await (globalThis as Window).conformance.connect();
    connection.onEvent(() => undefined);
    const spec = { kind: 'series', run: 'steady', clock: 'step', x: 'step', metrics: ['loss'] } as const;
    await new Promise<void>((resolve) => connection.frames.subscribe({ ...spec, metrics: ['loss'] }, () => resolve()));
  });
  expect(await stats()).toMatchObject({ openSources: 1, openEventStreams: before.openEventStreams + 1 });
  await page.reload();
  await page.waitForFunction(() => 'conformance' in globalThis);
  await expect.poll(stats).toMatchObject(before);
});

test('an engine that is killed is told of by name, and can be started again', async ({
  shell: { page, enginePid },
}) => {
  await page.evaluate(async () => {
    const connection = await (globalThis as Window).conformance.connect();
    const states: string[] = [];
    connection.onState((state, problem) => states.push(`${state}: ${problem?.what}`));
    Object.assign(globalThis, { connection, states });
  });
  type Kept = { connection: Awaited<ReturnType<ConformancePage['connect']>>; states: string[] };
  const first = enginePid();
  process.kill(first, 'SIGKILL');
  await expect.poll(() => page.evaluate(() => (globalThis as unknown as Kept).connection.state)).toBe('lost');
  const what = () => page.evaluate(() => (globalThis as unknown as Kept).connection.problem?.what);
  await expect.poll(what).toMatch(/^The engine ended unexpectedly: SIGKILL\./);
  await page.waitForTimeout(600);
  const states = await page.evaluate(() => (globalThis as unknown as Kept).states);
  expect(
    states.filter((state) => !state.startsWith('lost')),
    'no futile attempts',
  ).toEqual([]);
  await page.evaluate(() => (globalThis as unknown as Kept).connection.restart!());
  await expect.poll(() => page.evaluate(() => (globalThis as unknown as Kept).connection.state)).toBe('open');
  expect(enginePid()).not.toBe(first);
  await page.evaluate(() => (globalThis as unknown as Kept).connection.client.app.info());
});

test('a second start on the same workspace hands over to the first', async ({ shell: { app, startAgain } }) => {
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].minimize());
  expect(await startAgain()).toBe(0);
  expect(app.windows()).toHaveLength(1);
  await expect
    .poll(() => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].isMinimized()))
    .toBe(false);
});

test('the place of the window is remembered', async ({ shell: { app } }) => {
  const [bounds, state] = await app.evaluate(async ({ app: electron, BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows();
    window.setBounds({ x: 40, y: 30, width: 900, height: 700 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const now = window.getBounds();
    window.close();
    return [now, electron.getPath('userData')] as const;
  });
  expect([bounds.width, bounds.height]).toEqual([900, 700]);
  expect(JSON.parse(readFileSync(join(state, 'window.json'), 'utf8'))).toEqual({ ...bounds, maximized: false });
});

test('closing the last window with nothing to do ends app and engine', async ({ shell: { app, page, enginePid } }) => {
  const pid = enginePid();
  const ended = new Promise((resolve) => app.process().once('exit', resolve));
  await page.close();
  await ended;
  await expect
    .poll(() => {
      try {
        process.kill(pid, 0);
        return 'alive';
      } catch {
        return 'gone';
      }
    })
    .toBe('gone');
});

test('Ctrl-C in the terminal ends app and engine without asking', async ({ shell: { app, enginePid } }) => {
  const pid = enginePid();
  const ended = new Promise((resolve) => app.process().once('exit', resolve));
  app.process().kill('SIGINT');
  await ended;
  expect(() => process.kill(pid, 0)).toThrow();
});

test.describe('an engine that cannot start', () => {
  test.use({ extraEnv: { ADJOINT_CONFORMANCE_FAIL: '1' } });

  test('is shown in the window with its reason, and can be tried again', async ({ shell: { page } }) => {
    const problem = () =>
      page.evaluate(async () => {
        const connection = await (globalThis as Window).conformance.connect();
        const { state, problem: why } = connection;
        await connection.restart!();
        connection.close();
        return { state, code: why?.code, fix: why?.fix };
      });
    expect(await problem()).toEqual({ state: 'lost', code: 'locked', fix: 'Close the other app.' });
    expect(await problem()).toEqual({ state: 'lost', code: 'locked', fix: 'Close the other app.' });
  });
});

test.describe('an engine in a utility process', () => {
  test.use({ extraEnv: { ADJOINT_SPAWNER: 'utility' } });

  test("gets the window's ports themselves, and its runs from main", async ({ built }) => {
    const entry = await buildForElectron('utilityEngine', built.folder);
    const app = await _electron.launch({
      executablePath: electronPath()!,
      args: [...(isRoot ? ['--no-sandbox'] : []), process.cwd()],
      env: { ...built.env, ADJOINT_SPAWNER: 'utility', ADJOINT_ENGINE_ENTRY: entry },
    });
    const page = await app.firstWindow();
    await page.waitForFunction(() => 'conformance' in globalThis);
    const exchange = (request: string) =>
      page.evaluate((text) => (globalThis as Window).conformance.exchange(text, [3, 1, 2]), request);
    expect(await exchange('‖y*‖')).toEqual({ text: '‖y*‖', bytes: [3, 1, 2] });
    const { text } = await exchange('exit 7');
    expect(JSON.parse(String(text))).toEqual({ hasPid: true, code: 7, signal: null });
    expect(readFileSync(join(built.folder, 'run.log'), 'utf8')).toContain('started exit 7');
    await app.close();
  });

  test('goes over to a Node of its own when it cannot run there', async ({ shell: { page } }) => {
    // The suite's engine is an ES module for Node 24: an old Electron cannot run it, a new one can. It works either way.
    const version = await page.evaluate(async () => {
      const connection = await (globalThis as Window).conformance.connect();
      const { node } = await connection.client.app.info();
      connection.close();
      return node;
    });
    expect(Number(version.split('.')[0])).toBeGreaterThanOrEqual(22);
  });
});
