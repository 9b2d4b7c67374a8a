import { ActiveClock } from '@shared/activeClock';

/** Ends a piece of work: resolves when the next one is asked for. */
export type Pause = () => Promise<void>;

/**
 * A long computation that is done in pieces: it stands still at every `await pause()` until somebody asks for more. Whoever drives it may do
 * anything between two pieces, or never ask again.
 */
export class Pieces<T> {
  readonly #work: (pause: Pause) => Promise<T>;
  #running: Promise<void> | null = null;
  #go: () => void = () => undefined;
  #stood: () => void = () => undefined;
  #ended: { value: T } | { error: unknown } | null = null;
  readonly #clock = new ActiveClock(0);

  constructor(work: (pause: Pause) => Promise<T>) {
    this.#work = work;
    this.#clock.pause();
  }

  /** Seconds of work so far, without those in which it stood still. */
  get seconds(): number {
    return this.#clock.seconds;
  }

  /** Does one piece. The result once there is one. @throws what the work throws */
  async next(): Promise<{ value: T } | null> {
    const standing = new Promise<void>((resolve) => (this.#stood = resolve));
    this.#clock.resume();
    if (this.#running === null) this.#running = this.#start();
    else this.#go();
    await standing;
    if (this.#ended && 'error' in this.#ended) throw this.#ended.error;
    return this.#ended;
  }

  async #start(): Promise<void> {
    try {
      this.#ended = { value: await this.#work(() => this.#pause()) };
    } catch (error) {
      this.#ended = { error };
    }
    this.#stand();
  }

  #pause(): Promise<void> {
    const going = new Promise<void>((resolve) => (this.#go = resolve));
    this.#stand();
    return going;
  }

  #stand(): void {
    this.#clock.pause();
    this.#stood();
  }
}
