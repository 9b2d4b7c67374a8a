import { computed, type ComputedRef, type Ref } from 'vue';
import type { Scale } from '@shared/charts/scale';
import { formatNumber } from '@shared/format';
import { usePreferences } from '../../stores/preferences';
import { heatColour, heatColours } from '../../theme/heatColours';
import type { ChartLink } from './chartLink';
import type { ChartFrame, Margins } from './chartLayout';
import { nearestIndex, type ChartSeries } from './chartModel';
import { shareOf } from './heatModel';

interface CellValue {
  id: string;
  text: string;
  colour: string;
  /** Middle of the cell, in pixels. */
  top: number;
}

/** Rows lower than this have no room for a value. */
const leastRowHeight = 13;

/** What the rows of a heat map are at the cursor, each beside its cell. */
export function useCellValues({
  props,
  size,
  margins,
  scale,
}: {
  props: {
    readonly series: readonly ChartSeries[];
    readonly link: ChartLink;
    readonly heat?: 'diverging' | 'sequential' | null;
  };
  size: Ref<ChartFrame>;
  margins: Ref<Margins>;
  /** Of the colours. */
  scale: Ref<Scale | null>;
}): ComputedRef<CellValue[]> {
  const preferences = usePreferences();
  return computed(() => {
    const x = props.link.cursor.value;
    const colourScale = scale.value;
    if (!props.heat || x === null || !colourScale) return [];
    const colours = heatColours(props.heat, preferences.scheme);
    const height = (size.value.height - margins.value.top - margins.value.bottom) / props.series.length;
    if (height < leastRowHeight) return [];
    return props.series.map(({ id, part }, i) => {
      const at = nearestIndex(part.x, x);
      const value = at < 0 ? null : part.y[at];
      const share = value === null ? NaN : shareOf(colourScale, value);
      return {
        id,
        text: formatNumber(value, 3),
        colour: Number.isNaN(share) ? 'transparent' : heatColour(colours, share),
        top: margins.value.top + (i + 0.5) * height,
      };
    });
  });
}
