import { contextBridge, ipcRenderer, webUtils } from 'electron';
import { bridgeChannels, portsMessage, type DesktopBridge, type EngineStatus } from '@shared/bridge';

/** The page's window, which the sandbox shares with it as far as messages go. */
declare const window: { postMessage(message: string, targetOrigin: string, transfer: readonly unknown[]): void };

// Runs in the sandbox, before the page, in a world of its own. The page gets two pipes to the engine and nothing of Electron.

ipcRenderer.on(bridgeChannels.ports, (event) => window.postMessage(portsMessage, '*', event.ports));

const bridge: DesktopBridge = {
  platform: process.platform,
  versions: {
    electron: process.versions.electron,
    chrome: process.versions.chrome,
    node: process.versions.node,
  },
  connect: () => ipcRenderer.invoke(bridgeChannels.connect) as Promise<void>,
  onEngineStatus: (listener) => {
    let isCurrent = false;
    const told = (_event: unknown, status: EngineStatus) => {
      isCurrent = true;
      listener(status);
    };
    ipcRenderer.on(bridgeChannels.status, told);
    void ipcRenderer.invoke(bridgeChannels.getStatus).then((status: EngineStatus) => {
      if (!isCurrent) listener(status);
    });
    return () => void ipcRenderer.removeListener(bridgeChannels.status, told);
  },
  // Electron below 32 has no webUtils; its files know their path themselves.
  pathOfFile: (file) =>
    (webUtils as typeof webUtils | undefined)?.getPathForFile(file) ?? (file as { path?: string }).path ?? '',
  restartEngine: () => ipcRenderer.invoke(bridgeChannels.restart) as Promise<void>,
};

contextBridge.exposeInMainWorld('adjoint', bridge);
