import type { Contract } from '@shared/contract';
import type { StreamSpec } from '@shared/frames';
import type { Router } from '@orpc/server';

/** Where processes come from: the launcher knows, the engine only asks. */
export interface Spawner {
  /** In words, for the about page and the doctor. */
  readonly label: string;
  /** @throws AdjointError `unsupported` when the process cannot be started. */
  spawn(spec: SpawnSpec): Promise<SpawnedProcess>;
}

export interface SpawnSpec {
  /** Absolute path of the bundle to run. */
  entry: string;
  args: string[];
  cwd: string;
  env?: Record<string, string>;
  /** Stdout and stderr are appended here: what a dying process says must not be lost. */
  logFile: string;
  /** Survives the death of whoever started it. */
  detached: boolean;
}

export interface SpawnedProcess {
  readonly pid: number;
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** One metric stream of one client. The consumer sets the pace: what is new between two calls arrives merged. */
export interface FrameSource {
  /** Resolves with the next Arrow IPC stream (see src-shared/frames.ts), or null when the run has ended or `close` was called. */
  next(): Promise<Uint8Array | null>;
  close(): void;
}

export interface Engine {
  /** Implements src-shared/contract.ts. Failures are the contract's typed error. */
  readonly router: Router<Contract, Record<never, never>>;
  /** @throws AdjointError `not-found` for an unknown run, or a group of which no run is known. */
  openSeries(spec: StreamSpec): FrameSource;
  /** `leave`: run processes go on by themselves. `stop`: they checkpoint and stop first. */
  close(how: 'leave' | 'stop'): Promise<void>;
}

export interface EngineOptions {
  workspace: string;
  /** Absolute path of the run process's bundle. */
  runEntry: string;
  /** Folder with the example datasets and experiments. */
  resources: string;
  spawner: Spawner;
  launcher: 'electron' | 'serve' | 'cli';
  log: (line: string) => void;
}
