import type { RunDirectory } from './runDirectory';

/** The run's log.txt: lines with the time, in UTC. */
export class RunLog {
  readonly #run: RunDirectory;

  constructor(run: RunDirectory) {
    this.#run = run;
  }

  write(text: string): void {
    const time = new Date().toISOString();
    this.#run.appendLog(`${time} ${text.replaceAll('\n', `\n${' '.repeat(time.length + 1)}`)}\n`);
  }
}
