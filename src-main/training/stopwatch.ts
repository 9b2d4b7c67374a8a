/** Seconds since it was made or last asked. */
export class Stopwatch {
  #last = performance.now();

  lap(): number {
    const now = performance.now();
    const seconds = (now - this.#last) / 1e3;
    this.#last = now;
    return seconds;
  }
}
