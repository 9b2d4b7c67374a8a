import type { DesktopBridge } from '@shared/bridge';

declare global {
  interface Window {
    /** Put there by Electron's preload; absent in a browser. */
    readonly adjoint?: DesktopBridge;
  }
}
