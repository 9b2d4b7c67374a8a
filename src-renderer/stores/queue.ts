import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { Queue } from '@shared/contract';
import { useConnection } from './connection';
import { useNotices } from './notices';

export const useQueue = defineStore('queue', () => {
  const queue = shallowRef<Queue | null>(null);
  const connection = useConnection();
  const notices = useNotices();

  async function setSlots(slots: number): Promise<void> {
    const next = await notices.attempt(() => connection.client().queue.setSlots({ slots }));
    if (next) queue.value = next;
  }

  return { queue, setSlots };
});
