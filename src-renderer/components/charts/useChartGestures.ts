import { computed, ref, type Ref } from 'vue';
import type { ChartLink } from './chartLink';
import type { ChartFrame, Margins } from './chartLayout';
import { nearestIndex, nearestRow, type ChartModel, type ChartSeries } from './chartModel';

interface GestureProps {
  readonly series: readonly ChartSeries[];
  readonly link: ChartLink;
  /** Places where the arrow keys stop; without, those of the series themselves. */
  readonly stops?: Float64Array | null;
  /** The line at the pointer stands out. */
  readonly compared?: boolean;
}

/** Pixels within which a pointer is at a line. */
const reach = 14;

/** What pointer, wheel and keys do in a chart: move the cursor, draw a brush, zoom, pan and step through samples. */
export function useChartGestures({
  props,
  host,
  size,
  margins,
  model,
}: {
  props: GestureProps;
  host: Ref<HTMLElement | undefined>;
  size: Ref<ChartFrame>;
  margins: Ref<Margins>;
  /** What stands on the screen; null before the first drawing. */
  model: () => ChartModel | null;
}) {
  /** The range that is being drawn out. */
  const brush = ref<{ from: number; to: number } | null>(null);
  /** The pointer is in this chart. */
  const hovered = ref(false);
  let dragFrom: { x: number; clientX: number } | null = null;
  let pan: { clientX: number; from: number; to: number } | null = null;

  const plotWidth = computed(() => Math.max(1, size.value.width - margins.value.left - margins.value.right));

  function xAt(event: PointerEvent | MouseEvent): number {
    const box = host.value?.getBoundingClientRect();
    const inside = Math.min(1, Math.max(0, (event.clientX - (box?.left ?? 0) - margins.value.left) / plotWidth.value));
    const { from, to } = props.link.domain.value;
    return from + inside * (to - from);
  }

  function pixelOf(x: number): number {
    const { from, to } = props.link.domain.value;
    return margins.value.left + ((x - from) / (to - from)) * plotWidth.value;
  }

  /** The cursor rests on samples: of the densest series, since the others have fewer places to stop. */
  function nearestSample(x: number): number {
    const densest = props.series.reduce<ChartSeries | null>(
      (a, b) => (a && a.part.x.length >= b.part.x.length ? a : b),
      null,
    );
    if (!densest) return x;
    const at = nearestIndex(densest.part.x, x);
    return at < 0 ? x : densest.part.x[at];
  }

  /** The id of the line that passes the pointer most closely, if any does. */
  function lineAt(event: PointerEvent, x: number): string | null {
    const { from, to } = props.link.domain.value;
    const drawn = model();
    if (!drawn) return null;
    const { scale, series } = drawn;
    const plotHeight = size.value.height - margins.value.top - margins.value.bottom;
    const y = event.clientY - (host.value?.getBoundingClientRect().top ?? 0) - margins.value.top;
    let nearest: string | null = null;
    let least = reach;
    for (const { id, line } of series) {
      const at = nearestRow(line, x);
      if (at < 0 || Math.abs(line[2 * at] - x) > (to - from) * 0.05) continue;
      const away = Math.abs(((scale.high - line[2 * at + 1]) / (scale.high - scale.low)) * plotHeight - y);
      if (away < least) {
        least = away;
        nearest = id;
      }
    }
    return nearest;
  }

  function pointerDown(event: PointerEvent): void {
    if (event.button !== 0) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    const { from, to } = props.link.domain.value;
    if (event.shiftKey && props.link.viewport.value) {
      pan = { clientX: event.clientX, from, to };
      props.link.point(null);
      if (props.compared) props.link.emphasise(null);
    } else dragFrom = { x: xAt(event), clientX: event.clientX };
  }

  function pointerMove(event: PointerEvent): void {
    if (pan) {
      const shift = ((pan.clientX - event.clientX) / plotWidth.value) * (pan.to - pan.from);
      props.link.zoom({ from: pan.from + shift, to: pan.to + shift });
      return;
    }
    const x = xAt(event);
    hovered.value = true;
    props.link.point(nearestSample(x));
    if (props.compared) props.link.emphasise(lineAt(event, x));
    if (dragFrom && Math.abs(event.clientX - dragFrom.clientX) > 4)
      brush.value = { from: Math.min(dragFrom.x, x), to: Math.max(dragFrom.x, x) };
  }

  function pointerUp(): void {
    if (brush.value) props.link.zoom(brush.value);
    leave();
  }

  function leave(): void {
    brush.value = null;
    dragFrom = null;
    pan = null;
  }

  function pointerLeave(): void {
    if (dragFrom || pan) return;
    hovered.value = false;
    props.link.point(null);
    if (props.compared) props.link.emphasise(null);
  }

  /** Ctrl and wheel zoom around the pointer; a sideways wheel moves along the axis. */
  function wheel(event: WheelEvent): void {
    const { from, to } = props.link.domain.value;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      const x = xAt(event);
      const factor = 1.0015 ** event.deltaY;
      props.link.zoom({ from: x - (x - from) * factor, to: x + (to - x) * factor });
    } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY) && props.link.viewport.value) {
      event.preventDefault();
      const shift = (event.deltaX / plotWidth.value) * (to - from);
      props.link.zoom({ from: from + shift, to: to + shift });
    }
  }

  function keyDown(event: KeyboardEvent): void {
    if (event.key === 'Escape') {
      if (props.link.viewport.value) event.stopPropagation();
      props.link.reset();
      return;
    }
    const direction = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const xs = props.stops ?? props.series[0]?.part.x;
    if (direction === 0 || !xs || xs.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const here = props.link.cursor.value ?? props.link.domain.value.to;
    const at = nearestIndex(xs, here) + direction * (event.shiftKey ? 10 : 1);
    props.link.point(xs[Math.min(xs.length - 1, Math.max(0, at))] ?? null);
  }

  return { brush, hovered, pixelOf, pointerDown, pointerMove, pointerUp, leave, pointerLeave, wheel, keyDown };
}
