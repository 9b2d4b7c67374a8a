import type { AppEvent } from '@shared/contract';

interface Subscriber {
  /** By key, so that a slow client gets the newest state of a run and never a backlog. */
  waiting: Map<string, AppEvent>;
  wake: () => void;
}

let notices = 0;
function keyOf(event: AppEvent): string {
  if (event.type === 'run') return `run:${event.run.id}`;
  if (event.type === 'removed') return `run:${event.id}`;
  if (event.type === 'notice') return `notice:${notices++}`;
  return event.type;
}

/** Hands the engine's events to any number of clients. */
export class EventHub {
  private readonly subscribers = new Set<Subscriber>();

  emit(event: AppEvent): void {
    const key = keyOf(event);
    for (const subscriber of this.subscribers) {
      // Deleting first moves the event to the end: order of the latest changes is kept.
      subscriber.waiting.delete(key);
      subscriber.waiting.set(key, event);
      subscriber.wake();
    }
  }

  /** Ends when `signal` aborts or the consumer breaks out. */
  async *subscribe(first: AppEvent[], signal?: AbortSignal): AsyncGenerator<AppEvent, void, void> {
    let wake = () => {};
    const subscriber: Subscriber = {
      waiting: new Map(first.map((event) => [keyOf(event), event])),
      wake: () => wake(),
    };
    this.subscribers.add(subscriber);
    const onAbort = () => wake();
    signal?.addEventListener('abort', onAbort);
    try {
      while (!signal?.aborted) {
        const batch = [...subscriber.waiting.values()];
        subscriber.waiting.clear();
        yield* batch;
        if (subscriber.waiting.size === 0 && !signal?.aborted)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      signal?.removeEventListener('abort', onAbort);
      this.subscribers.delete(subscriber);
    }
  }
}
