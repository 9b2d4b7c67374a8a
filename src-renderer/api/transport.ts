import type { Problem } from '@shared/errors';
import type { Port } from '@shared/port';

/** The two pipes of one connection. */
export interface PortPair {
  requests: Port;
  frames: Port;
}

/** A way to reach an engine. */
export interface Transport {
  /** @throws AdjointError `disconnected` when the engine cannot be reached. */
  open(): Promise<PortPair>;
  /** Tells that the present connection is lost, or that trying again is worth it, where the transport knows. */
  watch?(listener: (change: { lost: Problem } | 'available') => void): () => void;
  /** True while trying again by itself is of no use: a person has to act. */
  isHopeless?(): boolean;
  /** Starts the engine again, where the window can do that. */
  restart?(): Promise<void>;
}
