import { rmSync, writeFileSync } from 'node:fs';
import type { RunDirectory } from './runDirectory';

/** Enough for the last heartbeat and the last log lines. */
const bytes = 64 * 1024;

/**
 * Disk space held back while a run works, so that it can still say what happened when the disk is full. There are two portions: rows
 * that wait may take all there is, and must not take what the last words need.
 */
export class Reserve {
  readonly #files: Record<'rows' | 'words', string>;

  /** Takes the space. */
  constructor(run: RunDirectory, attempt: number) {
    this.#files = reserveFiles(run, attempt);
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

function reserveFiles(run: RunDirectory, attempt: number) {
  const file = (name: string) => run.file('attempts', String(attempt), `reserve.${name}`);
  return { rows: file('rows'), words: file('words') };
}

/** Gives back what a process that was killed held. */
export function releaseReserve(run: RunDirectory, attempt: number): void {
  for (const file of Object.values(reserveFiles(run, attempt))) rmSync(file, { force: true });
}
