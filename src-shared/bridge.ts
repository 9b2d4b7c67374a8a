import type { Problem } from './errors';

/** How the engine behind a window is. A crash is a status with a problem, not a silence. */
export interface EngineStatus {
  state: 'starting' | 'running' | 'failed';
  /** Why it is not running; set when `failed`. */
  problem: Problem | null;
}

/** What Electron's preload puts on the window as `adjoint`; absent in a browser. */
export interface DesktopBridge {
  /** `linux`, `darwin` or `win32`. */
  readonly platform: string;
  readonly versions: { electron: string; chrome: string; node: string };
  /**
   * Asks for two MessagePorts to the engine, for requests and for metric frames. They arrive as a window message whose
   * data is `portsMessage`. Resolves when they were sent; rejects when there is no engine to connect to.
   */
  connect(): Promise<void>;
  /** Tells how the engine is, at once and at every change. Returns a function that stops it. */
  onEngineStatus(listener: (status: EngineStatus) => void): () => void;
  /** Where a file that was chosen or dropped in the page lies; empty for one that is made up. */
  pathOfFile(file: File): string;
  /** Starts the engine again after it failed. */
  restartEngine(): Promise<void>;
}

/** Data of the window message that carries the two ports. */
export const portsMessage = 'adjoint:ports';

/** Channels between preload and main. */
export const bridgeChannels = {
  connect: 'adjoint:connect',
  ports: 'adjoint:ports',
  status: 'adjoint:engine-status',
  getStatus: 'adjoint:get-engine-status',
  restart: 'adjoint:restart-engine',
} as const;
