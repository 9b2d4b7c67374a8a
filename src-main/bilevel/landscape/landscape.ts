import { formatDuration } from '@shared/format';
import type { Landscape, LandscapeAsk } from '@shared/landscape';
import type { BilevelProblem } from '../problem';
import { findCorners } from './corners';
import { findKinks, type SurfaceGrid } from './kinks';
import { chooseWindow, makePlane, placeOf, pointAt, type Interval } from './plane';
import { Surface } from './surface';

/** A bilevel problem with the point to start from and, where it is known, an optimum. */
export interface LookedAt {
  problem: BilevelProblem;
  start: Float64Array;
  optimum?: { x: Float64Array; F: number };
}

/** Cells a side of the first pass; every further pass halves them. */
const firstCells = 12;
/** Points of a line for each cell of a plane. */
const lineCells = 6;
/** Seconds that one more pass may take. */
const passBudget = 25;
/** Halvings of an edge to find a kink: to 2⁻¹² of a cell. */
const bisections = 12;

/**
 * F over a plane or along a line, from coarse to fine: every pass gives a whole picture. Points of one pass are kept by the next.
 *
 * @throws AdjointError `bad-request` for a plane that the problem does not have
 */
export function* landscape(
  { problem, start, optimum }: LookedAt,
  ask: Pick<LandscapeAsk, 'plane' | 'window' | 'hold' | 'cells'>,
): Generator<Landscape> {
  const surface = new Surface(problem);
  const plane = makePlane(ask.plane, start);
  const places = [start, ...ask.hold, ...(optimum ? [optimum.x] : [])].map((x) => placeOf(plane, x));
  const isLine = plane.directions.length === 1;
  const window = ask.window
    ? { s: ask.window.s, t: isLine || !ask.window.t ? ([0, 0] as Interval) : ask.window.t }
    : chooseWindow(surface, plane, places, problem.domain);
  const at = (s: number, t: number) => surface.at(pointAt(plane, s, t));
  const most = isLine ? ask.cells * lineCells : ask.cells;
  const passes = Math.log2(ask.cells / firstCells) + 1;
  const notes: string[] = [];
  let grid: SurfaceGrid | null = null;
  for (let pass = passes - 1, done = 1; pass >= 0; pass--, done++) {
    const cells = most / 2 ** pass;
    const began = performance.now();
    grid = refine(grid, cells, window, isLine, at);
    const found = isLine ? null : findKinks(grid, at, bisections);
    const corners = isLine ? findCorners(grid, plane, surface) : [];
    const next = ((performance.now() - began) / 1000) * (isLine ? 2 : 4);
    const isLast = pass === 0 || next > passBudget;
    if (isLast && pass > 0)
      notes.push(`The grid has ${cells} cells a side: the next finer one would take about ${formatDuration(next)}.`);
    if (grid.values.every(Number.isNaN)) notes.push(`There is no F in this window: ${surface.reasons.join('; ')}.`);
    yield {
      ...{ d: problem.d, dimensions: isLine ? 1 : 2, axes: plane.axes, s: window.s, t: window.t },
      origin: [...plane.origin],
      directions: plane.directions.map((direction) => [...direction]),
      size: [grid.s.length, grid.t.length],
      passes: [done, isLast ? done : passes],
      values: Array.from(grid.values, (value) => (Number.isNaN(value) ? null : value)),
      sets: [...grid.sets],
      ...{ setNames: [...surface.setNames], reasons: [...surface.reasons] },
      ...{ kinks: found?.kinks ?? { kink: [], jump: [], edge: [] }, outside: found?.outside ?? [], corners },
      start: placeOf(plane, start),
      optimum: optimum ? { ...placeOf(plane, optimum.x), F: optimum.F } : null,
      least: leastOf(grid),
      notes: [...notes],
    };
    if (isLast) return;
  }
}

/** A grid of that many cells a side; what the coarser one has is taken from it. Rows go to and fro, so that neighbours warm-start each other. */
function refine(
  coarser: SurfaceGrid | null,
  cells: number,
  window: { s: Interval; t: Interval },
  isLine: boolean,
  at: (s: number, t: number) => { F: number; set: number },
): SurfaceGrid {
  const along = ([low, high]: Interval) =>
    Array.from({ length: cells + 1 }, (_, i) => low + ((high - low) * i) / cells);
  const s = along(window.s);
  const t = isLine ? [0] : along(window.t);
  const columns = s.length;
  const values = new Float64Array(columns * t.length);
  const sets = new Int32Array(columns * t.length);
  for (let k = 0; k < t.length; k++)
    for (let step = 0; step < columns; step++) {
      const i = k % 2 === 0 ? step : columns - 1 - step;
      const to = k * columns + i;
      if (coarser && i % 2 === 0 && k % 2 === 0) {
        const from = (k / 2) * coarser.s.length + i / 2;
        values[to] = coarser.values[from];
        sets[to] = coarser.sets[from];
      } else {
        const { F, set } = at(s[i], t[k]);
        values[to] = F;
        sets[to] = set;
      }
    }
  return { s, t, values, sets };
}

function leastOf({ s, t, values }: SurfaceGrid): Landscape['least'] {
  let best = -1;
  values.forEach((value, k) => {
    if (!Number.isNaN(value) && (best < 0 || value < values[best])) best = k;
  });
  return best < 0 ? null : { s: s[best % s.length], t: t[Math.floor(best / s.length)], F: values[best] };
}
