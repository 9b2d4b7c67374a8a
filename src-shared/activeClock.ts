/** Seconds of work, pauses left out, going on from where an earlier attempt was saved. */
export class ActiveClock {
  #before: number;
  #since: number | null;
  readonly #now: () => number;

  constructor(before: number, now: () => number = () => performance.now() / 1000) {
    this.#before = before;
    this.#now = now;
    this.#since = now();
  }

  get seconds(): number {
    return this.#before + (this.#since === null ? 0 : this.#now() - this.#since);
  }

  pause(): void {
    this.#before = this.seconds;
    this.#since = null;
  }

  resume(): void {
    this.#since ??= this.#now();
  }
}
