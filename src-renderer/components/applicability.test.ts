import { afterEach, expect, it, vi } from 'vitest';
import { AdjointError } from '@shared/errors';
import { mountWithEngine, type Mounted } from '../testing/mountApp';
import ApplicabilityList from './ApplicabilityList.vue';
import { traitWords } from './traitWords';

let mounted: Mounted;
afterEach(() => mounted.wrapper.unmount());

const technique = (kind: string) => mounted.wrapper.find(`[data-technique="${kind}"]`);
const soon = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 20 });

it('names every technique and why one cannot be used, and asks again for another dataset', async () => {
  mounted = await mountWithEngine(ApplicabilityList, { dataset: 'qcqp-n20', chosen: 'hardNetAff' });
  await soon(() => expect(mounted.wrapper.text()).toContain('1 of 2 techniques can be used'));
  expect(technique('softPenalty').classes()).not.toContain('refused');
  expect(technique('hardNetAff').classes()).toEqual(expect.arrayContaining(['refused', 'chosen']));
  expect(technique('hardNetAff').text()).toContain('It has 10 quadratic rows');
  await mounted.wrapper.setProps({ dataset: 'own' });
  await soon(() => expect(mounted.wrapper.text()).toContain('2 of 2 techniques can be used'));
  expect(technique('hardNetAff').text()).not.toContain('quadratic');
});

it('says why there is no answer, and asks again on demand', async () => {
  mounted = await mountWithEngine(ApplicabilityList, { dataset: 'own' });
  await soon(() => expect(mounted.wrapper.find('[data-testid="technique-fits"]').exists()).toBe(true));
  const answer = mounted.engine.problems.handlers['techniques.applicability'];
  mounted.engine.problems.handlers['techniques.applicability'] = () => {
    throw new AdjointError('not-found', 'There is no dataset "gone".');
  };
  await mounted.wrapper.setProps({ dataset: 'gone' });
  await soon(() => expect(mounted.wrapper.text()).toContain('There is no dataset "gone".'));
  mounted.engine.problems.handlers['techniques.applicability'] = answer;
  await mounted.wrapper.find('button').trigger('click');
  await soon(() => expect(mounted.wrapper.find('[data-testid="technique-fits"]').exists()).toBe(true));
});

it('traits are said in words', () => {
  const traits = { n: 4, e: 2, m: 3, curvedRows: 1, convexRows: false, boundedVariables: 1, equalityRank: 1, rank: 4 };
  expect(traitWords(traits)).toEqual([
    'n = 4',
    '2 equalities',
    'rank of A 1',
    '3 inequalities, 1 of them quadratic',
    'not convex',
    '1 bounded variable',
    'rank of all rows 4',
  ]);
});
