import { expect, it } from 'vitest';
import type { AppEvent } from '@shared/contract';
import { EventHub } from './events';

const queue = (slots: number): AppEvent => ({
  type: 'queue',
  queue: { slots, running: [], waiting: [], paused: [], secondsLeft: null },
});
const removed = (id: string): AppEvent => ({ type: 'removed', id });

it('hands a slow client the newest event of each kind instead of a backlog', async () => {
  const hub = new EventHub();
  const client = hub.subscribe([queue(1)]);
  expect((await client.next()).value).toEqual(queue(1));
  for (let slots = 2; slots < 1000; slots++) hub.emit(queue(slots));
  hub.emit(removed('a'));
  expect((await client.next()).value).toEqual(queue(999));
  expect((await client.next()).value).toEqual(removed('a'));
  await client.return();
});

it('ends when the client goes away, also while it waits', async () => {
  const hub = new EventHub();
  const stop = new AbortController();
  const client = hub.subscribe([], stop.signal);
  const waiting = client.next();
  stop.abort();
  expect((await waiting).done).toBe(true);
});
