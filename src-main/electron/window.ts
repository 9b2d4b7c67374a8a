import { BrowserWindow, clipboard, dialog, nativeTheme, shell, type Session, type WebContents } from 'electron';
import { appOrigin, appPage } from './assets';
import { readWindowState, rememberWindowState } from './windowState';

export interface WindowPlaces {
  preload: string;
  /** Folder of the remembered place. */
  state: string;
}

const isOurs = (url: string): boolean => url === appOrigin || url.startsWith(appPage);

/** Opens a window on the workbench, at an address such as `#/runs`. */
export function openWindow(places: WindowPlaces, address = ''): BrowserWindow {
  const { maximized, ...bounds } = readWindowState(places.state);
  const window = new BrowserWindow({
    width: 1440,
    height: 900,
    ...bounds,
    minWidth: 720,
    minHeight: 480,
    show: false,
    title: 'Adjoint',
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#17181a' : '#ffffff',
    webPreferences: {
      preload: places.preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      // Charts go on while the window is behind others; the page itself draws only what is visible.
      backgroundThrottling: false,
      spellcheck: false,
    },
  });
  rememberWindowState(window, places.state);
  window.once('ready-to-show', () => {
    if (maximized) window.maximize();
    window.show();
  });
  confine(window.webContents, (url) => openWindow(places, new URL(url).hash));
  void window.loadURL(appPage + address);
  return window;
}

/** Nothing but the workbench ever loads in a window; links to elsewhere are shown to the person first. */
function confine(contents: WebContents, openOurs: (url: string) => void): void {
  contents.on('will-navigate', (event, url) => {
    if (isOurs(url)) return; // a reload
    event.preventDefault();
    void offerLink(url);
  });
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    if (isOurs(url)) openOurs(url);
    else void offerLink(url);
    return { action: 'deny' };
  });
}

async function offerLink(url: string): Promise<void> {
  if (!/^https:\/\/[^/@]+(\/|$)/.test(url)) return;
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message: 'Open this page in your browser?',
    detail: url,
    buttons: ['Open', 'Copy address', 'Cancel'],
    defaultId: 0,
    cancelId: 2,
    noLink: true,
  });
  if (response === 0) await shell.openExternal(url);
  if (response === 1) clipboard.writeText(url);
}

/** The page may write to the clipboard when a person copies a value; every other permission is refused. */
export function refusePermissions(session: Session): void {
  const isAllowed = (permission: string, url: string) => permission === 'clipboard-sanitized-write' && isOurs(url);
  session.setPermissionRequestHandler((_contents, permission, callback, details) =>
    callback(isAllowed(permission, details.requestingUrl)),
  );
  session.setPermissionCheckHandler((_contents, permission, origin) => isAllowed(permission, origin));
  session.setDevicePermissionHandler(() => false);
}
