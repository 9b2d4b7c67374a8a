import type { Problem } from './errors';
import type { PortMessage } from './port';

/**
 * What Electron's main process and the engine's process say to each other, over child IPC when the engine is a plain Node
 * process and over its parent port when it is a utility process.
 *
 * A utility process is handed the window's MessagePorts as they are. A plain Node process cannot have them, so main relays:
 * each port has an id, and its messages travel in `message`.
 */
export type ChannelName = 'requests' | 'frames';

export type ToEngine =
  /** Two MessagePorts come with it: requests, then frames. */
  | { type: 'ports' }
  | { type: 'open'; id: number; channel: ChannelName }
  | { type: 'message'; id: number; data: PortMessage }
  | { type: 'close'; id: number }
  | { type: 'stop'; how: 'leave' | 'stop' }
  | SpawnReply;

export type FromEngine =
  | { type: 'ready' }
  /** The engine could not start and ends. */
  | { type: 'failed'; problem: Problem }
  | { type: 'message'; id: number; data: PortMessage }
  | { type: 'close'; id: number }
  | { type: 'activity'; activity: Activity }
  | SpawnRequest;

/** What would be disturbed by quitting. */
export interface Activity {
  running: number;
  paused: number;
  waiting: number;
}

/** Only main can make utility processes: an engine in a utility process asks it to. */
export type SpawnRequest =
  { type: 'spawn'; id: number; spec: ProcessSpec } | { type: 'kill'; id: number; signal: 'SIGTERM' | 'SIGKILL' };

export type SpawnReply =
  | { type: 'spawned'; id: number; pid: number }
  | { type: 'spawn-failed'; id: number; problem: Problem }
  | { type: 'exited'; id: number; code: number | null; signal: string | null };

/** As SpawnSpec of src-main/engine/api.ts, which the shell does not import. */
export interface ProcessSpec {
  entry: string;
  args: string[];
  cwd: string;
  env?: Record<string, string>;
  logFile: string;
  detached: boolean;
}
