import { join } from 'node:path';
import { expect, test } from './shell';

// What a page in the window can and cannot do.

test('a page has the bridge and nothing of Node or Electron', async ({ shell: { page } }) => {
  const found = await page.evaluate(() => ({
    bridge: Object.keys((globalThis as unknown as { adjoint: object }).adjoint).sort(),
    require: 'require' in globalThis,
    process: 'process' in globalThis,
    module: 'module' in globalThis,
    origin: (globalThis as unknown as { origin: string }).origin,
  }));
  expect(found).toEqual({
    // pathOfFile tells where a file lies that a person has chosen or dropped, and of no other.
    bridge: ['connect', 'onEngineStatus', 'pathOfFile', 'platform', 'restartEngine', 'versions'],
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
