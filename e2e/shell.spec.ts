import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ElectronApplication, type Page } from '@playwright/test';
import { launchElectron } from './launchElectron';
import { buildForElectron } from './conformance/build';
import type { ConformancePage } from './conformance/page';
import { electronPath, isRoot } from './machine';
import { expect, test, type Window } from './shell';

// What the shell does when the window, the engine or the person goes.

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

test.describe('while a run is active', () => {
  test.use({ extraEnv: { ADJOINT_CONFORMANCE_ACTIVE: '1' } });

  /** How the engine was told to close; the file is the suite's engine's. */
  const closed = (folder: string) => readFileSync(join(folder, 'closed'), 'utf8');

  /** Answers the question in place of a person; returns what was asked. */
  const answer = (app: ElectronApplication, response: number) =>
    app.evaluate(({ dialog }, choice) => {
      const asked: { message: string; buttons: string[] }[] = [];
      Object.assign(globalThis, { asked });
      dialog.showMessageBox = (async (...args: unknown[]) => {
        asked.push(args[args.length - 1] as (typeof asked)[0]);
        return { response: choice, checkboxChecked: false };
      }) as typeof dialog.showMessageBox;
    }, response);

  const quit = (app: ElectronApplication) => app.evaluate(({ app: electron }) => electron.quit());

  /** Until the shell has heard of the run. */
  const settled = (page: Page) => page.waitForTimeout(300);

  test('the window can be closed, and a second start opens it again', async ({ shell: { app, page, startAgain } }) => {
    await settled(page);
    await page.close();
    expect(app.windows()).toHaveLength(0);
    const [window] = await Promise.all([app.waitForEvent('window'), startAgain()]);
    await window.waitForFunction(() => 'conformance' in globalThis);
    const info = await window.evaluate(async () => {
      const connection = await (globalThis as Window).conformance.connect();
      return (await connection.client.queue.get()).running;
    });
    expect(info).toEqual(['a run']);
    await answer(app, 0);
  });

  test('quitting asks, and can be called off', async ({ shell: { app, page } }) => {
    await settled(page);
    await answer(app, 2);
    await quit(app);
    await page.waitForTimeout(300);
    expect(await app.evaluate(() => (globalThis as unknown as { asked: object[] }).asked)).toMatchObject([
      {
        message: 'One run is still active.',
        buttons: ['Keep running in the background', 'Checkpoint and stop', 'Cancel'],
      },
    ]);
    expect(await page.evaluate(() => 1)).toBe(1);
    await answer(app, 0);
  });

  for (const [response, how] of [
    [0, 'leave'],
    [1, 'stop'],
  ] as const)
    test(`quitting tells the engine to ${how} when that is the answer`, async ({ shell: { app, page, workspace } }) => {
      await settled(page);
      await answer(app, response);
      const ended = new Promise((resolve) => app.process().once('exit', resolve));
      await quit(app);
      await ended;
      expect(closed(workspace)).toBe(how);
    });
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
    const app = await launchElectron({
      executablePath: electronPath()!,
      args: [...(isRoot ? ['--no-sandbox'] : []), process.cwd()],
      env: { ...built.env, ADJOINT_WORKSPACE: built.folder, ADJOINT_SPAWNER: 'utility', ADJOINT_ENGINE_ENTRY: entry },
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
