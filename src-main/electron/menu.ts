import { app, Menu, shell, type MenuItemConstructorOptions } from 'electron';

export interface MenuActions {
  newWindow(): void;
  workspace: string;
  engineLog: string;
}

/** The standard menu of each platform; what Adjoint itself can do is in its command palette. */
export function setMenu(actions: MenuActions): void {
  const isMac = process.platform === 'darwin';
  const file: MenuItemConstructorOptions = {
    label: 'File',
    submenu: [
      { label: 'New Window', accelerator: 'CmdOrCtrl+Shift+N', click: actions.newWindow },
      { label: 'Open Workspace Folder', click: () => void shell.openPath(actions.workspace) },
      { type: 'separator' },
      isMac ? { role: 'close' } : { role: 'quit' },
    ],
  };
  const help: MenuItemConstructorOptions = {
    role: 'help',
    submenu: [{ label: 'Show Engine Log', click: () => shell.showItemInFolder(actions.engineLog) }],
  };
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(isMac ? [{ role: 'appMenu' } as MenuItemConstructorOptions] : []),
      file,
      { role: 'editMenu' },
      { role: 'viewMenu' },
      { role: 'windowMenu' },
      help,
    ]),
  );
  app.setAboutPanelOptions({ applicationName: 'Adjoint', applicationVersion: app.getVersion() });
}
