import { rmSync, writeFileSync } from 'node:fs';

/** Enough for the last heartbeat and the last log lines. */
const bytes = 64 * 1024;

/**
 * Disk space held back while a run works, so that it can still say what happened when the disk is full. There are two portions: rows
 * that wait may take all there is, and must not take what the last words need.
 */
export class Reserve {
  readonly #files: Record<'rows' | 'words', string>;

  /** @param path of the files, without extension. */
  constructor(path: string) {
    this.#files = { rows: `${path}.rows`, words: `${path}.words` };
    // Not zeros, which some file systems store as a hole.
    for (const file of Object.values(this.#files)) writeFileSync(file, Buffer.alloc(bytes, 'reserved '));
  }

  /** Gives space to the rows that still wait. */
  releaseForRows(): void {
    rmSync(this.#files.rows, { force: true });
  }

  /** Gives all of it back. */
  release(): void {
    for (const file of Object.values(this.#files)) rmSync(file, { force: true });
  }
}
