import type { Progress } from '@shared/run';

/** How long a change of speed takes to show in the smoothed rate, active seconds. */
const memorySeconds = 8;

/** Progress with a smoothed rate, and from it the active seconds that are left. */
export class ProgressMeter {
  readonly #total: number;
  readonly #unit: string;
  #last: { done: number; seconds: number };
  #rate: number | null = null;

  constructor(total: number, unit: string, done: number, seconds: number) {
    this.#total = total;
    this.#unit = unit;
    this.#last = { done, seconds };
  }

  /** `seconds` are active ones; `total` is another one than at first where the work ends early. */
  update(done: number, seconds: number, total = this.#total): Progress {
    const elapsed = seconds - this.#last.seconds;
    if (elapsed > 0.2) {
      const rate = (done - this.#last.done) / elapsed;
      const weight = 1 - Math.exp(-elapsed / memorySeconds);
      this.#rate = this.#rate === null ? rate : this.#rate + weight * (rate - this.#rate);
      this.#last = { done, seconds };
    }
    const known = this.#rate !== null && this.#rate > 0;
    return {
      done,
      total,
      unit: this.#unit,
      rate: this.#rate,
      secondsLeft: known ? (total - done) / this.#rate! : null,
    };
  }
}
