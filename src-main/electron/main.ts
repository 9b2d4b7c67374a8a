import { app, BrowserWindow, ipcMain, session, type IpcMainInvokeEvent } from 'electron';
import { join } from 'path';
import { bridgeChannels } from '@shared/bridge';
import { problemText } from '@shared/errors';
import { appPage, registerScheme, serveAssets } from './assets';
import { EngineLink } from './engineLink';
import { setMenu } from './menu';
import { engineFlavour, findNode, findPlaces, wantsDemo } from './places';
import { askBeforeQuit } from './quit';
import { openWindow, refusePermissions } from './window';

// The shell: one engine, its windows, and what happens when they close. Everything else is the engine's or the page's.

const places = findPlaces();
app.setPath('userData', places.state);
registerScheme();

if (app.requestSingleInstanceLock()) start();
else app.exit(0); // the first instance of this workspace shows its window

function start(): void {
  const logFile = join(places.state, 'engine.log');
  const engine = new EngineLink({
    flavour: engineFlavour(),
    node: findNode(),
    entry: places.engineEntry,
    args: [
      ...['--workspace', places.workspace],
      ...['--run-entry', places.runEntry],
      ...['--resources', places.resources],
    ],
    firstArgs: wantsDemo() ? ['--demo'] : [],
    logFile,
  });
  /** `asking` while the question is open or the engine is ending. */
  let quitting: 'no' | 'asking' | 'yes' = 'no';
  /** Somebody has started the app again while it was ending. */
  let wanted = false;

  const show = (): void => {
    const window = BrowserWindow.getAllWindows()[0];
    if (!window) return void openWindow(places);
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  };

  const isActive = () => engine.activity.running + engine.activity.paused + engine.activity.waiting > 0;
  const isWindowless = () => BrowserWindow.getAllWindows().length === 0;

  app.on('second-instance', () => {
    if (quitting === 'no') show();
    else wanted = true;
  });
  app.on('window-all-closed', () => {
    if (process.platform === 'darwin' || quitting !== 'no') return;
    if (isActive()) console.log('Runs go on in the background. Start Adjoint again to see them.');
    else app.quit();
  });

  engine.onChange(() => {
    for (const window of BrowserWindow.getAllWindows()) window.webContents.send(bridgeChannels.status, engine.status);
    if (engine.status.problem && quitting === 'no') console.error(problemText(engine.status.problem));
    // It stayed for its runs only.
    if (app.isReady() && isWindowless() && !isActive() && process.platform !== 'darwin' && quitting === 'no')
      app.quit();
  });

  app.on('before-quit', (event) => {
    if (quitting === 'yes') return;
    event.preventDefault();
    if (quitting === 'no') void quit();
  });

  async function quit(how?: 'leave' | 'stop'): Promise<void> {
    quitting = 'asking';
    const choice = how ?? (await askBeforeQuit(engine.activity));
    if (choice === 'cancel') {
      quitting = 'no';
      if (wanted) show();
      wanted = false;
      return;
    }
    if (choice === 'leave' && isActive() && !engine.runsOutliveApp) {
      // Utility processes end with the app, so it is the app that goes on in the background.
      for (const window of BrowserWindow.getAllWindows()) window.destroy();
      quitting = 'no';
      return;
    }
    for (const window of BrowserWindow.getAllWindows()) window.hide();
    await engine.stop(choice);
    quitting = 'yes';
    if (wanted) app.relaunch();
    app.quit();
  }

  // Ctrl-C in the terminal, or the session ending: nobody is there to be asked, and what can go on goes on.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (quitting === 'no') void quit(engine.runsOutliveApp ? 'leave' : 'stop');
    });

  /** Answers requests of our own page in a window's main frame, and of nobody else. */
  const handle = (channel: string, answer: (event: IpcMainInvokeEvent) => unknown) =>
    ipcMain.handle(channel, (event) => {
      const { senderFrame, sender } = event;
      if (!senderFrame || senderFrame !== sender.mainFrame || !senderFrame.url.startsWith(appPage))
        throw new Error(`${channel} refused: not from the workbench`);
      return answer(event);
    });
  handle(bridgeChannels.connect, (event) => engine.connect(event.sender));
  handle(bridgeChannels.getStatus, () => engine.status);
  handle(bridgeChannels.restart, () => engine.start());

  engine.start();
  void app.whenReady().then(() => {
    serveAssets(session.defaultSession, places.renderer);
    refusePermissions(session.defaultSession);
    setMenu({ newWindow: () => openWindow(places), workspace: places.workspace, engineLog: logFile });
    openWindow(places);
    app.on('activate', show);
  });
}
