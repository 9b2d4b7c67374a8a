import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { AdjointError } from '@shared/errors';

/** Another program that is measured in the same run: it reads a line of JSON and answers it with one. */
export class Peer {
  readonly #command: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  /** `command` is given to the shell. */
  constructor(command: string) {
    this.#command = command;
    this.#child = spawn(command, { shell: true, stdio: ['pipe', 'pipe', 'inherit'] });
    // A peer that has died is noticed by the answer that does not come.
    this.#child.stdin.on('error', () => undefined);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** @throws AdjointError `unsupported` if it ends without an answer, or answers with anything but JSON */
  async ask<Answer>(question: unknown): Promise<Answer> {
    this.#child.stdin.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await this.#lines.next();
    try {
      if (!done) return JSON.parse(value) as Answer;
    } catch {
      // Below.
    }
    throw new AdjointError('unsupported', done ? 'The peer ended without an answer.' : `The peer said: ${value}`, {
      where: this.#command,
      fix: 'Run the command by itself to see what it lacks.',
    });
  }

  close(): void {
    this.#child.stdin.end();
  }
}
