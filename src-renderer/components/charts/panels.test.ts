import { describe, expect, it } from 'vitest';
import { metricCatalogue } from '@shared/metrics/catalogue';
import { makePanels } from './panels';

const order = metricCatalogue.map(({ key }) => key);

describe('panels of a run', () => {
  it('stand in the order of the questions', () => {
    const panels = makePanels({ step: ['time/forward', 'gradient/cosine', 'penalty', 'loss'] }, order);
    expect(panels.map(({ id }) => id)).toEqual(['loss', 'penalty', 'gradient/cosine', 'time/forward']);
  });

  it('join mean, median and maximum of one quantity', () => {
    const [panel, ...rest] = makePanels({ epoch: ['valid/gap_max', 'valid/gap_mean', 'valid/gap_median'] }, order);
    expect(rest).toEqual([]);
    expect(panel.title).toBe('Optimality gap');
    expect(panel.metrics.map(({ key }) => key)).toEqual(['valid/gap_mean', 'valid/gap_median', 'valid/gap_max']);
    expect(panel.symbol).toBe('\\text{gap}');
    expect(panel.clock).toBe('epoch');
  });

  it('leave a lone statistic its own name', () => {
    expect(makePanels({ epoch: ['valid/gap_mean'] }, order)[0].title).toBe('Optimality gap, mean');
  });

  it('join the parts of a step’s time', () => {
    const [panel] = makePanels({ step: ['time/update', 'time/forward', 'time/backward'] }, order);
    expect(panel.metrics.map(({ label }) => label)).toEqual(['forward', 'backward', 'update']);
    expect(panel.unit).toBe('ms');
  });

  it('close a question with its schedules', () => {
    const learning = makePanels({ step: ['learning_rate', 'loss'], epoch: ['valid/objective'] }, order);
    expect(learning.at(-1)?.id).toBe('learning_rate');
  });

  it('show every recorded metric exactly once, also unknown ones', () => {
    const step = metricCatalogue.filter(({ clock }) => clock === 'step').map(({ key }) => key);
    const epoch = metricCatalogue.filter(({ clock }) => clock === 'epoch').map(({ key }) => key);
    const keys = makePanels({ step: [...step, 'mine/strange'], epoch }, order).flatMap(({ metrics }) =>
      metrics.map(({ key }) => key),
    );
    expect([...keys].sort()).toEqual([...step, 'mine/strange', ...epoch].sort());
  });
});
