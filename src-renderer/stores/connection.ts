import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { AppEvent, AppInfo, DeviceInfo } from '@shared/contract';
import type { Problem } from '@shared/errors';
import type { Client, Connection, ConnectionState, FrameClient } from '../api/connect';

/** What the window needs of a connection. */
export type Wire = Pick<Connection, 'client' | 'state' | 'problem' | 'onState' | 'onEvent' | 'retry' | 'restart'> & {
  readonly frames: Pick<FrameClient, 'subscribe'>;
};

/** The connection to the engine and what it says about itself. */
export const useConnection = defineStore('connection', () => {
  const wire = shallowRef<Wire | null>(null);
  const state = ref<ConnectionState>('connecting');
  const problem = shallowRef<Problem | null>(null);
  const info = shallowRef<AppInfo | null>(null);
  const devices = shallowRef<DeviceInfo[] | null>(null);
  /** Counts connections made; views read again what they show when it changes. */
  const epoch = ref(0);

  function attach(connection: Wire): void {
    wire.value = connection;
    connection.onState(follow);
    follow(connection.state, connection.problem);
  }

  function follow(next: ConnectionState, why: Problem | null): void {
    state.value = next;
    problem.value = why;
    if (next !== 'open') return;
    epoch.value++;
    // A failed reading leaves what was known; the next connection reads again.
    const { app } = client();
    app.info().then(
      (value) => (info.value = value),
      () => undefined,
    );
    app.devices().then(
      (value) => (devices.value = value),
      () => undefined,
    );
  }

  function required(): Wire {
    if (!wire.value) throw new Error('The page is not connected yet.');
    return wire.value;
  }

  const client = (): Client => required().client;
  const frames = (): Wire['frames'] => required().frames;
  const onEvent = (listener: (event: AppEvent) => void): (() => void) => required().onEvent(listener);
  const retry = (): void => required().retry();

  return { wire, state, problem, info, devices, epoch, attach, client, frames, onEvent, retry };
});
