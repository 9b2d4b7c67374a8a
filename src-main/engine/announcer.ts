import { createHash } from 'node:crypto';
import type { Queue } from '@shared/contract';
import { problemText, type Problem } from '@shared/errors';
import type { RunSummary } from '@shared/run';
import type { EventHub } from './events';

/** Tells clients what is new to them, and nothing twice. */
export class Announcer {
  private readonly events: EventHub;
  private readonly log: (line: string) => void;
  /** Digest of what clients were last told of each run. */
  private readonly shown = new Map<string, string>();
  private shownQueue = '';

  constructor(events: EventHub, log: (line: string) => void) {
    this.events = events;
    this.log = log;
  }

  /** What a client sees when it lists the runs: nothing to tell as long as it stays so. */
  isKnown(summary: RunSummary): void {
    this.shown.set(summary.id, digest(summary));
  }

  run(summary: RunSummary): void {
    const text = digest(summary);
    if (this.shown.get(summary.id) === text) return;
    this.shown.set(summary.id, text);
    this.events.emit({ type: 'run', run: summary });
  }

  removed(id: string): void {
    this.shown.delete(id);
    this.events.emit({ type: 'removed', id });
  }

  queue(queue: Queue): void {
    const text = JSON.stringify(queue);
    if (text === this.shownQueue) return;
    this.shownQueue = text;
    this.events.emit({ type: 'queue', queue });
  }

  /** A failure that no request waits for. */
  notice(problem: Problem): void {
    this.log(problemText(problem));
    this.events.emit({ type: 'notice', level: 'error', problem });
  }
}

const digest = (summary: RunSummary): string => createHash('sha1').update(JSON.stringify(summary)).digest('base64');
