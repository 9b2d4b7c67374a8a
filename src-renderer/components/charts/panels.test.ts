import { describe, expect, it } from 'vitest';
import { metricCatalogue } from '@shared/metrics/catalogue';
import { dynamicsVectors } from '@shared/metrics/dynamics';
import { innerVectors } from '@shared/metrics/inner';
import { parseEntryKey } from '@shared/metrics/vectors';
import { makePanels, questionTitle } from './panels';

const order = metricCatalogue.map(({ key }) => key);

describe('panels of a run', () => {
  it('stand in the order of the questions', () => {
    const panels = makePanels({ step: ['time/forward', 'gradient/cosine', 'penalty', 'loss'] }, order);
    expect(panels.map(({ id }) => id)).toEqual(['loss', 'penalty', 'gradient/cosine', 'time/forward']);
  });

  it('ask what fits the kinds of the runs', () => {
    expect(questionTitle('learning', ['training'])).toBe('Is it learning?');
    expect(questionTitle('learning', ['bilevel', 'hypergradients'])).toBe('Is it descending?');
    expect(questionTitle('learning', ['bilevel', 'training'])).toBe('Does it get better?');
    expect(questionTitle('cost', ['bilevel'])).toBe('What does it cost?');
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

  it('put what the gradients do before the settings that change meanwhile', () => {
    const step = ['learning_rate', 'lambda', 'alm/rho', 'gradient/norm', 'gradient/norm_ratio', 'gradient/cosine'];
    expect(makePanels({ step }, order).map(({ id }) => id)).toEqual([
      'gradient/cosine',
      'gradient/norm_ratio',
      'gradient/norm',
      'lambda',
      'alm/rho',
      'learning_rate',
    ]);
  });

  it('show every recorded metric exactly once, also unknown ones, but for what other views show and for histograms', () => {
    const elsewhere = [...innerVectors, ...dynamicsVectors];
    const histograms = metricCatalogue.filter(({ kind }) => kind === 'histogram').map(({ key }) => key);
    const step = metricCatalogue.filter(({ clock }) => clock === 'step').map(({ key }) => key);
    const epoch = metricCatalogue
      .filter(({ clock, key, kind }) => clock === 'epoch' && kind !== 'histogram' && !elsewhere.includes(key))
      .map(({ key }) => key);
    const vectors = {
      'gradient/layer_cosine': ['layer1'],
      'gradient/layer_norm_ratio': ['layer1'],
      'inner/failures': ['NaN'],
      'bilevel/x': ['1'],
    };
    const keys = makePanels(
      { step: [...step, 'mine/strange'], epoch: [...epoch, ...elsewhere, ...histograms] },
      order,
      vectors,
    ).flatMap(({ metrics }) => metrics.map(({ key }) => parseEntryKey(key)?.vector ?? key));
    expect([...keys].sort()).toEqual([...step, 'mine/strange', ...epoch].sort());
  });

  it('draw a vector as a heat map, a row for each of its entries, and only where these have names', () => {
    const recorded = { step: ['gradient/layer_cosine', 'gradient/cosine'] };
    expect(makePanels(recorded, order).map(({ id }) => id)).toEqual(['gradient/cosine']);
    const panels = makePanels(recorded, order, { 'gradient/layer_cosine': ['layer1', 'layer2'] });
    expect(panels.map(({ id, form }) => [id, form])).toEqual([
      ['gradient/cosine', 'lines'],
      ['gradient/layer_cosine', 'heat'],
    ]);
    expect(panels[1].metrics.map(({ key, label }) => [key, label])).toEqual([
      ['gradient/layer_cosine[0]', 'layer 1'],
      ['gradient/layer_cosine[1]', 'layer 2'],
    ]);
  });
});
