export type ScaleType = 'linear' | 'log';

/**
 * A vertical axis. Charts draw on a linear axis in *axis units*: the value itself, or its base-10 logarithm; so ticks, floor and
 * extent are ours and an axis moves only when it must.
 */
export interface Scale {
  type: ScaleType;
  /** Extent in axis units. */
  low: number;
  high: number;
  /** Ticks with labels, in axis units. */
  ticks: number[];
  /** Ticks without labels, in axis units. */
  minorTicks: number[];
  /** Log axes only: where values ≤ 0 are drawn, in axis units; null when there are none. */
  floor: number | null;
}

/** What the data ask of an axis. */
export interface ValueExtent {
  low: number;
  high: number;
  /** Least value above zero; infinite when there is none. */
  leastPositive: number;
  /** A value ≤ 0 is among them. */
  notPositive: boolean;
}

export const noExtent = (): ValueExtent => ({
  low: Infinity,
  high: -Infinity,
  leastPositive: Infinity,
  notPositive: false,
});

/** Takes values [first, end) into the extent; what is not finite is left out. */
export function extend(extent: ValueExtent, values: Float64Array, first = 0, end = values.length): void {
  for (let i = first; i < end; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) continue;
    if (value < extent.low) extent.low = value;
    if (value > extent.high) extent.high = value;
    if (value > 0) {
      if (value < extent.leastPositive) extent.leastPositive = value;
    } else extent.notPositive = true;
  }
}

export function makeScale(type: ScaleType, extent: ValueExtent, tickCount = 5): Scale {
  return type === 'log' ? logScale(extent) : linearScale(extent, tickCount);
}

/** 1, 2 or 5 times a power of ten, so that about `count` steps span `range`. */
export function niceStep(range: number, count: number): number {
  const rough = range / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const mantissa = rough / power;
  return power * (mantissa <= 1.0000001 ? 1 : mantissa <= 2 ? 2 : mantissa <= 5 ? 5 : 10);
}

/** Multiples of a nice step inside [low, high]. */
export function linearTicks(low: number, high: number, count: number): number[] {
  if (!(high > low)) return [low];
  const step = niceStep(high - low, count);
  const ticks: number[] = [];
  const decimals = Math.max(0, Math.min(20, -Math.floor(Math.log10(step))));
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++)
    ticks.push(Number((k * step).toFixed(decimals)));
  return ticks;
}

function linearScale({ low, high }: ValueExtent, count: number): Scale {
  if (!(high >= low)) return { type: 'linear', low: 0, high: 1, ticks: [0, 1], minorTicks: [], floor: null };
  if (high === low) {
    const pad = low === 0 ? 1 : Math.abs(low) * 0.5;
    return { type: 'linear', low: low - pad, high: high + pad, ticks: [low], minorTicks: [], floor: null };
  }
  return linearScaleOver(low, high, count);
}

/** The extent grows to whole steps: while new values stay inside, the axis stands still. */
function linearScaleOver(low: number, high: number, count: number): Scale {
  const step = niceStep(high - low, count);
  const bottom = Math.floor(low / step + 1e-9) * step;
  const top = Math.ceil(high / step - 1e-9) * step;
  return {
    type: 'linear',
    low: bottom,
    high: top,
    ticks: linearTicks(bottom, top, count + 1),
    minorTicks: [],
    floor: null,
  };
}

/** Gap between the least value and the floor for values ≤ 0, as a share of the axis: room for the floor's own label. */
const floorGap = 0.12;

function logScale({ leastPositive, high, notPositive }: ValueExtent): Scale {
  if (!(high > 0)) return { type: 'log', low: -1, high: 1, ticks: [0], minorTicks: [], floor: notPositive ? -1 : null };
  let low = Math.log10(leastPositive);
  let top = Math.log10(high);
  if (top - low < 1e-9 && !notPositive)
    return { type: 'log', low: low - 0.5, high: top + 0.5, ticks: [low], minorTicks: [], floor: null };
  if (top - low >= 1.2) {
    low = Math.floor(low + 1e-9);
    top = Math.ceil(top - 1e-9);
  } else if (top > low) {
    low = Math.log10(roundedMantissa(10 ** low, Math.floor));
    top = Math.log10(roundedMantissa(10 ** top, Math.ceil));
  } else top += 0.5;
  const floor = notPositive ? low - Math.max(0.15, (top - low) * floorGap) : null;
  const { ticks, minorTicks } = logTicks(low, top);
  return { type: 'log', low: floor === null ? low : floor - (top - low) * 0.02, high: top, ticks, minorTicks, floor };
}

/** To a whole mantissa, or half of one below 2, so that a narrow axis stays narrow. */
function roundedMantissa(value: number, round: (n: number) => number): number {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-12);
  const mantissa = value / power;
  const grain = mantissa < 2 ? 0.1 : 0.5;
  return round(Number((mantissa / grain).toFixed(6))) * grain * power;
}

/** Ticks between two exponents: decades, every few decades when there are many, and 1-2-5 when there is hardly one. */
export function logTicks(low: number, high: number): { ticks: number[]; minorTicks: number[] } {
  const inside = (exponent: number) => exponent >= low - 1e-9 && exponent <= high + 1e-9;
  const first = Math.floor(low);
  const last = Math.ceil(high);
  const span = high - low;
  if (span < 0.5) {
    const ticks = linearTicks(10 ** low, 10 ** high, 4)
      .filter((value) => value > 0)
      .map(Math.log10);
    return { ticks, minorTicks: [] };
  }
  const mantissas = span < 2 ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil(span / 7));
  const ticks: number[] = [];
  const minorTicks: number[] = [];
  for (let decade = first; decade <= last; decade++) {
    for (let mantissa = 1; mantissa < 10; mantissa++) {
      const exponent = decade + Math.log10(mantissa);
      if (!inside(exponent)) continue;
      if (mantissas.includes(mantissa) && (mantissa !== 1 || decade % every === 0)) ticks.push(exponent);
      else if (every === 1 || mantissa === 1) minorTicks.push(exponent);
    }
  }
  return { ticks, minorTicks };
}

/** A value in axis units; NaN stays NaN, and on a log axis what is not positive goes to the floor. */
export function toAxis(scale: Scale, value: number): number {
  if (scale.type === 'linear') return value;
  if (value > 0) return Math.log10(value);
  return Number.isNaN(value) ? NaN : (scale.floor ?? scale.low);
}

const superscripts: Record<string, string> = { '-': '⁻', '0': '⁰', '1': '¹', '2': '²', '3': '³', '4': '⁴', '5': '⁵', '6': '⁶', '7': '⁷', '8': '⁸', '9': '⁹' }; // prettier-ignore
/** An integer as a superscript. */
export const raised = (n: number): string =>
  [...String(n)].map((character) => superscripts[character] ?? character).join('');

/** The label of a tick given in axis units. */
export function tickLabel(scale: Scale, tick: number): string {
  if (scale.type === 'linear') return linearLabel(tick, scale.ticks);
  const whole = Math.round(tick);
  if (Math.abs(tick - whole) < 1e-6 && (whole < -2 || whole > 3)) return `10${raised(whole)}`;
  return plain(Number((10 ** tick).toPrecision(3)));
}

/** Ticks of one axis share their number of decimals. */
export function linearLabel(tick: number, ticks: readonly number[]): string {
  if (tick === 0) return '0';
  if (ticks.length === 1) return plain(Number(tick.toPrecision(4)));
  const step = ticks.length > 1 ? Math.abs(ticks[1] - ticks[0]) : Math.abs(tick);
  const size = Math.max(...ticks.map(Math.abs));
  if (size >= 1e6 || size < 1e-3) return plain(Number(tick.toPrecision(6)), true);
  const decimals = Math.max(0, Math.min(12, -Math.floor(Math.log10(step) + 1e-9)));
  const text = Math.abs(tick).toFixed(decimals);
  const grouped = Math.abs(tick) >= 10_000 ? text.replace(/\B(?=(\d{3})+(?!\d))/g, ' ') : text;
  return (tick < 0 ? '−' : '') + grouped;
}

function plain(value: number, scientific = false): string {
  if (!scientific && Math.abs(value) >= 1e-3 && Math.abs(value) < 1e5) return String(value).replace('-', '−');
  const [mantissa, exponent] = value.toExponential().split('e');
  const power = `10${raised(Number(exponent))}`;
  return mantissa === '1' ? power : `${mantissa.replace('-', '−')}·${power}`;
}

/** A value of x at the cursor or in a title: steps are whole numbers. */
export const formatX = (value: number): string =>
  Number.isInteger(value)
    ? String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ' ')
    : String(Number(value.toPrecision(5))).replace('-', '−');
