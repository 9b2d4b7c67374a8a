import { mount } from '@vue/test-utils';
import { afterEach, expect, it, vi } from 'vitest';
import { defineComponent, nextTick, shallowRef } from 'vue';
import { createMemoryHistory, createRouter } from 'vue-router';
import { usePlayer, type Player } from './usePlayer';

afterEach(() => vi.useRealTimers());

/** A player over these frames at an address. */
async function playerAt(address: string, frames: number[], thinned: boolean) {
  const shown = shallowRef(Float64Array.from(frames));
  let player!: Player;
  const Film = defineComponent({
    setup() {
      player = usePlayer(
        () => shown.value,
        () => false,
        () => thinned,
      );
      return () => null;
    },
  });
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/', component: Film }] });
  await router.push(address);
  const wrapper = mount(Film, { global: { plugins: [router] } });
  return { player, shown, router, wrapper };
}

it('an epoch between the frames of a thinned film can be asked for, and is shown once its row is there', async () => {
  vi.useFakeTimers();
  const { player, shown, router, wrapper } = await playerAt('/', [0, 10, 20], true);
  player.seek(13.2);
  expect([player.position.value, player.at.value]).toEqual([13, 10]);
  await vi.advanceTimersByTimeAsync(200);
  expect(router.currentRoute.value.query).toEqual({ epoch: '13' });
  shown.value = Float64Array.of(0, 10, 13, 20);
  await nextTick();
  expect([player.position.value, player.at.value]).toEqual([13, 13]);
  wrapper.unmount();
});

it('an address may name any epoch of a thinned film', async () => {
  const { player, wrapper } = await playerAt('/?epoch=13', [0, 10, 20], true);
  expect([player.position.value, player.at.value]).toEqual([13, 10]);
  wrapper.unmount();
});

it('a film that is not thinned goes to the nearest frame', async () => {
  const { player, wrapper } = await playerAt('/', [0, 10, 20], false);
  player.seek(17);
  expect(player.position.value).toBe(20);
  wrapper.unmount();
});

it('a step taken while the address is still being written is not taken back', async () => {
  vi.useFakeTimers();
  const { player, router, wrapper } = await playerAt('/', [0, 10, 20, 30], false);
  player.step(-1);
  vi.advanceTimersByTime(150);
  player.step(-1);
  await vi.advanceTimersByTimeAsync(0);
  expect([player.position.value, router.currentRoute.value.query]).toEqual([10, { epoch: '20' }]);
  await vi.advanceTimersByTimeAsync(200);
  expect([player.position.value, router.currentRoute.value.query]).toEqual([10, { epoch: '10' }]);
  await router.replace('/?epoch=30');
  expect(player.position.value).toBe(30);
  wrapper.unmount();
});
