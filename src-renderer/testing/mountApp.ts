import { mount, type VueWrapper } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { type Component, defineComponent, h } from 'vue';
import { createMemoryHistory, createRouter, type Router, type RouteRecordRaw } from 'vue-router';
import { useConnection } from '../stores/connection';
import { useRuns } from '../stores/runs';
import { FakeEngine, type FakeEngineOptions } from './fakeEngine';

export interface Mounted {
  engine: FakeEngine;
  router: Router;
  wrapper: VueWrapper;
}

/** Mounts a component as a page of the app would be: with stores, router and a connection to a made-up engine. */
export async function mountWithEngine(
  component: Component,
  props: Record<string, unknown> = {},
  options: FakeEngineOptions = {},
  place: { routes?: RouteRecordRaw[]; address?: string } = {},
): Promise<Mounted> {
  const pinia = createPinia();
  setActivePinia(pinia);
  const engine = new FakeEngine(options);
  useConnection().attach(engine.wire);
  const runs = useRuns();
  runs.start();
  if (!options.silent) await runs.load();
  const nothing = defineComponent(() => () => h('i'));
  const router = createRouter({
    history: createMemoryHistory(),
    routes: place.routes ?? [{ path: '/:rest(.*)*', component: nothing }],
  });
  await router.push(place.address ?? '/runs');
  const wrapper = mount(component, { props, global: { plugins: [pinia, router] }, attachTo: document.body });
  return { engine, router, wrapper };
}
