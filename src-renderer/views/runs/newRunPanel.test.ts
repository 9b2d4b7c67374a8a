import { flushPromises } from '@vue/test-utils';
import { afterEach, expect, it, vi } from 'vitest';
import { defineComponent, h } from 'vue';
import { RouterView } from 'vue-router';
import { routes } from '../../router';
import { useNewRun } from '../../stores/newRun';
import { mountWithEngine, type Mounted } from '../../testing/mountApp';
import { useExperimentDraft } from './useExperimentDraft';

let mounted: Mounted;
afterEach(() => {
  mounted.wrapper.unmount();
  localStorage.clear();
});

const Page = defineComponent(() => () => h(RouterView));
const soon = <T>(check: () => T) => vi.waitFor(check, { timeout: 10_000, interval: 20 });
const checked = () =>
  mounted.engine.calls.flatMap(({ name, input }) =>
    name === 'experiments.validate' ? [(input as { yaml: string }).yaml] : [],
  );

async function open(): Promise<void> {
  mounted = await mountWithEngine(Page, {}, { runs: 1 }, { routes, address: '/runs/new' });
  await soon(() => expect(mounted.wrapper.find('[data-testid="experiment-form"]').exists()).toBe(true));
  await flushPromises();
}
const setting = (path: string) => mounted.wrapper.find<HTMLInputElement>(`[data-setting="${path}"] input`);
const show = (way: string) =>
  mounted.wrapper
    .findAll('[data-testid="writing"] [role="radio"]')
    .find((one) => one.text() === way)!
    .trigger('click');

it('what is chosen in the form is written into the text, which keeps its comments', async () => {
  await open();
  await soon(() => expect(setting('optimizer.learningRate').exists()).toBe(true));
  await setting('optimizer.learningRate').setValue('0.02');
  await soon(() => expect(checked().at(-1)).toContain('learningRate: 0.02 # per step'));
  await show('Text');
  await soon(() => expect(mounted.wrapper.find('.cm-content').text()).toContain('learningRate: 0.02 # per step'));
});

it('what is written in the text stands in the form; a text that is no YAML is said so there', async () => {
  await open();
  await show('Text');
  const editor = mounted.wrapper.findComponent({ name: 'YamlEditor' });
  editor.vm.$emit('update:modelValue', 'kind: training\noptimizer: { learningRate: 0.3 }\n');
  await show('Form');
  await soon(() => expect(setting('optimizer.learningRate').element.value).toBe('0.3'));
  await show('Text');
  mounted.wrapper.findComponent({ name: 'YamlEditor' }).vm.$emit('update:modelValue', 'kind: [');
  await show('Form');
  await soon(() => expect(mounted.wrapper.text()).toContain('The text is no YAML'));
});

it('where nothing is written, that is what is said: no findings, and no YAML that is wrong', async () => {
  await open();
  await show('Text');
  mounted.wrapper.findComponent({ name: 'YamlEditor' }).vm.$emit('update:modelValue', '');
  await show('Form');
  await soon(() => expect(mounted.wrapper.text()).toContain('There is no experiment yet'));
  await soon(() => expect(mounted.wrapper.find('.verdict').text()).toBe('Nothing is written yet'));
});

it('a text that another view hands over is what one begins with, once', async () => {
  let draft: ReturnType<typeof useExperimentDraft> | undefined;
  const Holder = defineComponent(() => {
    useNewRun().begin('kind: bilevel\n');
    draft = useExperimentDraft();
    return () => h('div');
  });
  mounted = await mountWithEngine(Holder, {}, { runs: 1 }, { routes, address: '/runs/new' });
  await soon(() => expect(draft!.text.value).toBe('kind: bilevel\n'));
  expect(useNewRun().take()).toBeNull();
});
