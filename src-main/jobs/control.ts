import type { ControlCommand } from '@shared/run';
import type { RunDirectory } from '../store/runDirectory';

/** Commands are looked for this often. */
const pollMs = 100;

/** Reads what the run is asked to do: lines of control.ndjson, and SIGTERM or SIGINT, which mean cancel. */
export class Control {
  /** Number of the last line that was read. */
  seen = 0;
  readonly #run: RunDirectory;
  readonly #attempt: number;
  #lastPoll = -Infinity;
  #signalled = false;

  constructor(run: RunDirectory, attempt: number) {
    this.#run = run;
    this.#attempt = attempt;
  }

  /** A second signal ends the process at once: somebody is in a hurry. */
  listenToSignals(): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.on(signal, () => {
        if (this.#signalled) process.exit(1);
        this.#signalled = true;
        this.#lastPoll = -Infinity;
      });
  }

  /** Whether it is time to look again. */
  get due(): boolean {
    return performance.now() - this.#lastPoll >= pollMs;
  }

  /** What has been asked since the last call, in order. */
  poll(): ControlCommand['command'][] {
    this.#lastPoll = performance.now();
    if (this.#signalled) return ['cancel'];
    const { commands, seen } = this.#run.controlAfter(this.#attempt, this.seen);
    this.seen = seen;
    return commands.map(({ command }) => command);
  }
}
