import { screen, type BrowserWindow, type Rectangle } from 'electron';
import { mkdirSync, readFileSync, writeFileSync } from 'fs';
import { join } from 'path';

interface WindowState extends Partial<Rectangle> {
  maximized: boolean;
}

const file = (folder: string) => join(folder, 'window.json');

/** Where the window was when it was closed last, if a screen still shows that place. */
export function readWindowState(folder: string): WindowState {
  try {
    const { x, y, width, height, maximized } = JSON.parse(readFileSync(file(folder), 'utf8')) as Required<WindowState>;
    const bounds = { x, y, width, height };
    if (!Object.values(bounds).every(Number.isInteger) || width < 400 || height < 300) return { maximized: false };
    const area = screen.getDisplayMatching(bounds).workArea;
    const isVisible = x < area.x + area.width && x + width > area.x && y < area.y + area.height && y + height > area.y;
    return isVisible ? { ...bounds, maximized: maximized === true } : { width, height, maximized: false };
  } catch {
    return { maximized: false };
  }
}

export function rememberWindowState(window: BrowserWindow, folder: string): void {
  window.on('close', () => {
    try {
      const state: WindowState = { ...window.getNormalBounds(), maximized: window.isMaximized() };
      mkdirSync(folder, { recursive: true });
      writeFileSync(file(folder), JSON.stringify(state));
    } catch {
      // The next window opens at the default place.
    }
  });
}
