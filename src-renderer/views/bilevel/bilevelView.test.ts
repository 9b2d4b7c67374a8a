import { flushPromises } from '@vue/test-utils';
import { afterEach, expect, it, vi } from 'vitest';
import { defineComponent, h } from 'vue';
import { RouterView } from 'vue-router';
import { routes } from '../../router';
import { mountWithEngine, type Mounted } from '../../testing/mountApp';

let mounted: Mounted;
afterEach(() => mounted.wrapper.unmount());

const Page = defineComponent(() => () => h(RouterView));
const find = (selector: string) => mounted.wrapper.find(selector);
const soon = <T>(check: () => T) => vi.waitFor(check, { timeout: 10_000, interval: 20 });
const called = (name: string) => mounted.engine.calls.filter((call) => call.name === name).map(({ input }) => input);

async function open(address: string): Promise<void> {
  mounted = await mountWithEngine(Page, {}, { runs: 1 }, { routes, address });
  await soon(() => expect(find('.bilevel-view, .problems-view').exists()).toBe(true));
  await flushPromises();
}

it('from the list of problems a family is one click away, and a run one more', async () => {
  await open('/problems');
  await soon(() => expect(find('[data-testid="bilevel-family"]').exists()).toBe(true));
  await find('[data-testid="bilevel-family"]').trigger('click');
  await soon(() => expect(find('[data-testid="bilevel-checks"]').text()).toContain('no kink is near'));
  await soon(() => expect(find('[data-testid="start-bilevel"]').attributes('disabled')).toBeUndefined());
  await find('[data-testid="start-bilevel"]').trigger('click');
  await soon(() => expect(called('runs.create')).toHaveLength(1));
  expect((called('runs.create')[0] as { yaml: string }).yaml).toContain('problem: { kind: coupled }');
  await soon(() => expect(mounted.router.currentRoute.value.path).toMatch(/^\/runs\//));
});

it('the experiment can be changed before it is started', async () => {
  await open('/problems/bilevel/family/coupled');
  await soon(() => expect(find('[data-testid="bilevel-checks"]').exists()).toBe(true));
  const edit = mounted.wrapper.findAll('button').find((one) => one.text().includes('Edit the experiment'))!;
  await edit.trigger('click');
  await soon(() => expect(mounted.router.currentRoute.value.path).toBe('/runs/new'));
  await soon(() => {
    const checked = called('experiments.validate').at(-1) as { yaml: string } | undefined;
    expect(checked?.yaml).toContain('kind: bilevel');
  });
});

it('what is wrong in an expression is shown at its character, and the last picture stays', async () => {
  await open('/problems/bilevel/text');
  await soon(() => expect(find('[data-testid="bilevel-checks"]').exists()).toBe(true));
  mounted.engine.bilevel.refuse = {
    code: 'bad-request',
    what: 'The bilevel problem cannot be read.',
    findings: [{ path: 'lower.minimize', message: '“z” is no variable', column: 3 }],
  };
  await find('[data-testid="bilevel-lower"]').setValue('y*z');
  await soon(() => expect(find('.finding pre').text()).toBe('y*z\n  ^'));
  expect(find('[data-testid="bilevel-checks"]').exists()).toBe(true);
  await find('[data-testid="bilevel-lower"]').setValue('y*y');
  await soon(() => expect(find('.finding').exists()).toBe(false));
});

it('a family that there is not is said so', async () => {
  await open('/problems/bilevel/family/V9');
  await soon(() => expect(mounted.wrapper.text()).toContain('There is no such family'));
});
