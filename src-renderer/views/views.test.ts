import { flushPromises } from '@vue/test-utils';
import { afterEach, describe, expect, it } from 'vitest';
import { defineComponent, h } from 'vue';
import ConnectionBanner from '../shell/ConnectionBanner.vue';
import { useRuns } from '../stores/runs';
import { mountWithEngine, type Mounted } from '../testing/mountApp';
import DevicesView from './devices/DevicesView.vue';
import RunBanners from './run/RunBanners.vue';
import RunsView from './runs/RunsView.vue';

let mounted: Mounted;
afterEach(() => mounted.wrapper.unmount());

const text = () => mounted.wrapper.text();

describe('the runs view', () => {
  it('shows that it is loading before there is an answer', async () => {
    mounted = await mountWithEngine(RunsView, {}, { silent: true });
    expect(mounted.wrapper.find('[aria-label="Loading runs"]').exists()).toBe(true);
  });

  it('offers the demo and other examples when there are no runs', async () => {
    mounted = await mountWithEngine(RunsView, {}, { runs: 0 });
    await flushPromises();
    expect(mounted.wrapper.find('[data-testid="start-demo"]').exists()).toBe(true);
    expect(text()).toContain('λ against gap and violation');
  });

  it('says how many runs a filter hides, and takes it away', async () => {
    localStorage.clear();
    mounted = await mountWithEngine(RunsView, {}, { runs: 12 });
    await mounted.wrapper.find('input[type="text"]').setValue('nothing like this');
    expect(text()).toContain('12 runs are hidden');
    await mounted.wrapper
      .findAll('button')
      .find((button) => button.text() === 'Clear the filter')!
      .trigger('click');
    expect(mounted.wrapper.find('[data-testid="run-row"]').exists()).toBe(true);
  });
});

describe('what went wrong with a run', () => {
  const banners = (id: string) =>
    defineComponent(() => {
      const runs = useRuns();
      return () => h(RunBanners, { run: runs.byId.get(id)!, detail: null });
    });

  it('is said with place, fix and one button', async () => {
    mounted = await mountWithEngine(banners('run-0003'), {}, { runs: 12 });
    const problem = mounted.wrapper.find('[data-testid="run-problem"]');
    expect(problem.text()).toContain('Diverged: The loss is no longer finite');
    expect(problem.text()).toContain('Lower optimizer.learningRate');
    await problem.find('button').trigger('click');
    expect(mounted.engine.calls.at(-1)).toEqual({ name: 'runs.resume', input: { ids: ['run-0003'] } });
  });

  it('tells a crash from a failure, and lists what repair cut', async () => {
    mounted = await mountWithEngine(banners('run-0005'), {}, { runs: 12 });
    expect(text()).toContain('Crashed: The run process was killed (SIGKILL).');
    expect(mounted.wrapper.find('[data-testid="run-damage"]').text()).toContain('cut 412 rows');
  });

  it('is nothing for a run that is done', async () => {
    mounted = await mountWithEngine(banners('run-0002'), {}, { runs: 12 });
    expect(text()).toBe('');
  });
});

describe('a lost connection', () => {
  it('is said with what goes on without it, and goes away when it is back', async () => {
    mounted = await mountWithEngine(ConnectionBanner, {}, { runs: 1 });
    expect(text()).toBe('');
    mounted.engine.setConnection('lost');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(text()).toContain('The connection to the engine was lost.');
    expect(text()).toContain('Runs go on.');
    mounted.engine.setConnection('open');
    await flushPromises();
    expect(text()).toBe('');
  });

  it('makes the list be read again when it is back', async () => {
    mounted = await mountWithEngine(ConnectionBanner, {}, { runs: 1 });
    expect(mounted.engine.calls.filter(({ name }) => name === 'app.info')).toHaveLength(1);
    mounted.engine.setConnection('lost');
    mounted.engine.setConnection('open');
    expect(mounted.engine.calls.filter(({ name }) => name === 'app.info')).toHaveLength(2);
  });
});

describe('the devices view', () => {
  it('says of every device whether it is there and why not', async () => {
    mounted = await mountWithEngine(DevicesView);
    await flushPromises();
    const devices = mounted.wrapper.findAll('[data-testid="device"]').map((device) => device.text());
    expect(devices).toHaveLength(4);
    expect(devices[0]).toContain('is not installed');
    expect(devices[0]).toContain('Not available');
    expect(devices[2]).toContain('default');
  });
});
