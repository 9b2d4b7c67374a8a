import type { ComparisonSpec, RunContext } from '@shared/comparisons';
import { clocks, type Clock } from '@shared/run';
import {
  catalogueOrder,
  makePanels,
  sectionsOf,
  type PanelDefinition,
  type PanelMetric,
} from '../../components/charts/panels';
import type { Entry } from './entries';

/** What any of the runs recorded. */
export function recordedByAny(contexts: Iterable<RunContext>): Partial<Record<Clock, string[]>> {
  const recorded: Partial<Record<Clock, string[]>> = {};
  for (const context of contexts)
    for (const clock of clocks)
      recorded[clock] = [...new Set([...(recorded[clock] ?? []), ...(context.recorded[clock] ?? [])])];
  return recorded;
}

/** The panels of a run's dashboard, for everything that any of the runs recorded. */
export const comparedPanels = (recorded: Partial<Record<Clock, string[]>>): PanelDefinition[] =>
  makePanels(recorded as Record<string, string[]>, catalogueOrder);

/** Pixels that a panel and the title of a section take, gaps included: ChartsTab.vue lays them out so. */
const [leastPanelWidth, panelHeight, sectionTitle] = [332, 252, 46];

/** Panels that will be in sight in a space of this size before anything is scrolled, as far as can be said before they are laid out. */
export function panelsInSight(panels: readonly PanelDefinition[], space: { width: number; height: number }, layout: ComparisonSpec['layout']): PanelDefinition[] {
  const inRow = layout === 'columns' ? 1 : Math.max(1, Math.floor(space.width / leastPanelWidth));
  let top = 0;
  return sectionsOf(panels, []).flatMap(({ panels: list }) => {
    const first = top + sectionTitle;
    top = first + Math.ceil(list.length / inRow) * panelHeight;
    return list.filter((_, i) => first + Math.floor(i / inRow) * panelHeight < space.height);
  });
} // prettier-ignore

/** Of a panel with several metrics one is compared: lines of several metrics of many runs cannot be told apart. */
export function comparedMetric(panel: PanelDefinition, spec: Pick<ComparisonSpec, 'metrics'>): PanelMetric {
  return panel.metrics.find(({ key }) => key === spec.metrics[panel.id]) ?? panel.metrics[0];
}

export const hasRecorded = (entry: Entry, clock: Clock, key: string, contexts: ReadonlyMap<string, RunContext>): boolean =>
  entry.runs.some(({ id }) => contexts.get(id)?.recorded[clock]?.includes(key) ?? false); // prettier-ignore
