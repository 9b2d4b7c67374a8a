import type { RunDetail } from '@shared/contract';
import {
  metricCatalogue,
  metricDefinition,
  questions,
  type MetricDefinition,
  type Question,
} from '@shared/metrics/catalogue';
import { dynamicsVectors } from '@shared/metrics/dynamics';
import { innerVectors } from '@shared/metrics/inner';
import { entryKey } from '@shared/metrics/vectors';
import { clocks, type Clock } from '@shared/run';
import type { ChartMark } from './chartModel';
import type { ScaleType } from '@shared/charts/scale';
import type { XAxis } from '../../stores/preferences';

/** One chart of the dashboard: a metric, or a few that belong together. */
export interface PanelDefinition {
  id: string;
  /** The entries of a vector are rows of a heat map. */
  form: 'lines' | 'heat';
  title: string;
  question: Question;
  clock: Clock;
  metrics: PanelMetric[];
  /** KaTeX source for the axis title. */
  symbol: string;
  unit: string;
  scale: ScaleType;
  thresholds: readonly number[];
}

export interface PanelMetric {
  key: string;
  label: string;
  definition: MetricDefinition;
}

type QuestionTitles = Record<Question, string>;

const questionTitles: QuestionTitles = {
  learning: 'Is it learning?',
  feasible: 'Is it feasible?',
  gradients: 'What do the gradients do?',
  inner: 'What does the inner solver do?',
  cost: 'What does it cost?',
};
const ofBilevel: QuestionTitles = {
  ...questionTitles,
  learning: 'Is it descending?',
  gradients: 'What do the hypergradients do?',
  inner: 'What does the lower level do?',
};
const ofSeveral: QuestionTitles = { ...questionTitles, learning: 'Does it get better?' };

/** What a section of the dashboard of runs of these kinds asks. */
export function questionTitle(question: Question, kinds: readonly string[]): string {
  const isBilevel = (kind: string) => kind === 'bilevel' || kind === 'hypergradients';
  const titles = !kinds.some(isBilevel) ? questionTitles : kinds.every(isBilevel) ? ofBilevel : ofSeveral;
  return titles[question];
}

/** Metrics that are read together though their keys do not say so. */
const together: { id: string; title: string; symbol: string; keys: string[]; labels: string[] }[] = [
  {
    id: 'gradient/norms',
    title: 'Gradient norms',
    symbol: '\\lVert g\\rVert',
    keys: ['gradient/objective_norm', 'gradient/penalty_norm'],
    labels: ['objective', 'penalty'],
  },
  {
    id: 'bilevel/norms',
    title: 'Hypergradient and direction',
    symbol: '\\lVert\\cdot\\rVert',
    keys: ['bilevel/gradient_norm', 'bilevel/direction_norm'],
    labels: ['‖∇F‖', '‖m‖'],
  },
  {
    id: 'bilevel/stationarity',
    title: 'Stationarity',
    symbol: '\\text{stationarity}',
    keys: ['bilevel/goldstein', 'bilevel/moreau'],
    labels: ['Goldstein', 'Moreau'],
  },
  {
    id: 'bilevel/times',
    title: 'Seconds at work',
    symbol: 't',
    keys: ['bilevel/seconds', 'bilevel/measuring_seconds'],
    labels: ['algorithm', 'measurements'],
  },
  {
    id: 'time',
    title: 'Time per step',
    symbol: 't',
    keys: [
      ...['time/forward', 'time/backward', 'time/inner_forward', 'time/inner_backward'],
      ...['time/update', 'time/diagnostics'],
    ],
    labels: ['forward', 'backward', 'inner solve', 'inner gradient', 'update', 'diagnostics'],
  },
  {
    id: 'rank',
    title: 'Effective rank',
    symbol: '\\operatorname{erank}',
    keys: ['rank/features', 'rank/gradients'],
    labels: ['features', 'gradients'],
  },
  {
    id: 'time/at_intervals',
    title: 'Diagnostics',
    symbol: 't',
    keys: ['time/hessian', 'time/rank', 'time/landscape', 'time/gradient_error'],
    labels: ['Hessian', 'rank', 'landscape', 'gradient error'],
  },
  {
    id: 'inner/iterations_to_tolerance',
    title: 'Inner iterations to tolerance',
    symbol: 'k',
    keys: ['inner/iterations_median', 'inner/cold_iterations_median'],
    labels: ['from the network', 'from A⁺x'],
  },
];

/** Vectors with views of their own, and too many entries for a dashboard. */
const ofOtherViews = new Set([...innerVectors, ...dynamicsVectors]);

const statistics = ['mean', 'median', 'max'];

/**
 * Panels for what a run recorded, in the order of the questions and, within one, of the catalogue.
 *
 * @param vectors names of the entries of vectors; those without are left out
 */
export function makePanels(
  recorded: RunDetail['recorded'],
  order: readonly string[],
  vectors: RunDetail['vectors'] = {},
): PanelDefinition[] {
  const panels: PanelDefinition[] = [];
  for (const clock of clocks) {
    const drawn = (recorded[clock] ?? []).filter(
      (key) => metricDefinition(key).kind === 'scalar' || (key in vectors && !ofOtherViews.has(key)),
    );
    const left = new Set(sortedBy(drawn, order));
    for (const key of left) {
      const panel =
        heatMap(key, clock, vectors) ?? joined(key, clock, left) ?? overTheSet(key, clock, left) ?? single(key, clock);
      left.delete(key);
      for (const { key: used } of panel.metrics) left.delete(used);
      panels.push(panel);
    }
  }
  // Panels of one question stand together whatever their clock.
  return panels.sort((a, b) => questions.indexOf(a.question) - questions.indexOf(b.question));
}

/** Keys in the order in which dashboards have them. */
export const catalogueOrder: readonly string[] = metricCatalogue.map(({ key }) => key);

/** Panels by the question that they answer, under what it asks of runs of these kinds; a question without panels is left out. */
export function sectionsOf(
  panels: readonly PanelDefinition[],
  kinds: readonly string[],
): { question: Question; title: string; panels: PanelDefinition[] }[] {
  return questions
    .map((question) => ({
      question,
      title: questionTitle(question, kinds),
      panels: panels.filter((panel) => panel.question === question),
    }))
    .filter((section) => section.panels.length > 0);
}

/** Some panels of a run, by their ids and in their order; what was not recorded is left out. */
export function chosenPanels(detail: RunDetail | null, ids: readonly string[]): PanelDefinition[] {
  const all = detail ? makePanels(detail.recorded, catalogueOrder, detail.vectors) : [];
  return ids.flatMap((id) => all.find((panel) => panel.id === id) ?? []);
}

function sortedBy(keys: readonly string[], order: readonly string[]): string[] {
  const place = (key: string) => {
    const at = order.indexOf(key);
    return at < 0 ? order.length : at;
  };
  return [...keys].sort((a, b) => place(a) - place(b));
}

function heatMap(key: string, clock: Clock, vectors: RunDetail['vectors']): PanelDefinition | null {
  const names = vectors[key];
  if (!names?.length) return null;
  const definition = metricDefinition(key, clock);
  const metrics = names.map((name, i) => ({ key: entryKey(key, i), label: spaced(name), definition }));
  return { ...panel(key, definition.title, definition.symbol, clock, metrics), form: 'heat' };
}

/** `layer3` is written as words are. */
const spaced = (name: string): string => name.replace(/(\D)(\d+)$/, '$1 $2');

function joined(key: string, clock: Clock, left: ReadonlySet<string>): PanelDefinition | null {
  const set = together.find(({ keys }) => keys.includes(key));
  if (!set) return null;
  const metrics = set.keys
    .map((member, i) => metric(member, set.labels[i], clock))
    .filter(({ key: member }) => left.has(member));
  if (metrics.length < 2) return null;
  return panel(set.id, set.title, set.symbol, clock, metrics);
}

/** `valid/gap_mean`, `valid/gap_median` and `valid/gap_max` are one panel with three lines. */
function overTheSet(key: string, clock: Clock, left: ReadonlySet<string>): PanelDefinition | null {
  const match = /^(.+)_(mean|median|max)$/.exec(key);
  if (!match) return null;
  const stem = match[1];
  const present = statistics.filter((name) => left.has(`${stem}_${name}`));
  if (present.length < 2) return null;
  const metrics = present.map((name) => metric(`${stem}_${name}`, name, clock));
  const { title, symbol } = metrics[0].definition;
  return panel(
    stem,
    title.replace(/, (mean|median|max)$/, ''),
    symbol.replace(/_\{\\text\{\w+\}\}$/, ''),
    clock,
    metrics,
  );
}

function single(key: string, clock: Clock): PanelDefinition {
  const own = metric(key, metricDefinition(key, clock).title, clock);
  return panel(key, own.definition.title, own.definition.symbol, clock, [own]);
}

const metric = (key: string, label: string, clock: Clock): PanelMetric => ({
  key,
  label,
  definition: metricDefinition(key, clock),
});

function panel(id: string, title: string, symbol: string, clock: Clock, metrics: PanelMetric[]): PanelDefinition {
  const { question, unit, scale, thresholds = [] } = metrics[0].definition;
  return { id, form: 'lines', title, question, clock, metrics, symbol, unit, scale, thresholds };
}

/** Checkpoints and resume points on the chosen axis. What has no place on it is left out. */
export function makeMarks(detail: RunDetail, xAxis: XAxis): ChartMark[] {
  const epochOf = new Map(detail.checkpoints.map(({ step, epoch }) => [step, epoch]));
  const place = (step: number) => (xAxis === 'step' ? step : xAxis === 'epoch' ? (epochOf.get(step) ?? null) : null);
  const marks: ChartMark[] = [];
  for (const { step, file } of detail.checkpoints) {
    const x = place(step);
    if (x !== null) marks.push({ x, kind: 'checkpoint', label: file });
  }
  for (const { attempt, resumedFrom } of detail.attempts) {
    const x = resumedFrom ? place(resumedFrom.step) : null;
    if (x !== null) marks.push({ x, kind: 'resume', label: `Attempt ${attempt} goes on from here` });
  }
  return marks;
}
