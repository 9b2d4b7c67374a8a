import { rmSync, writeFileSync } from 'node:fs';

/** Enough for the last heartbeat and the last log lines. */
const bytes = 64 * 1024;

/** Disk space held back while a run works, so that it can still say what happened when the disk is full. */
export class Reserve {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
    // Not zeros, which some file systems store as a hole.
    writeFileSync(path, Buffer.alloc(bytes, 'reserved '));
  }

  release(): void {
    rmSync(this.#path, { force: true });
  }
}
