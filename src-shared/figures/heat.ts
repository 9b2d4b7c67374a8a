import { interpolateCividis, interpolateRdBu } from 'd3-scale-chromatic';
import { contourCurves } from '../charts/contours';
import { extend, noExtent, type ValueExtent } from '../charts/scale';
import { cellEdges, makeAxis, type Axis } from './axes';
import { toNumbers } from './datum';
import { ink } from './ink';
import { placeX, placeY, type Plot } from './marks';
import { rectangle, type SceneItem } from './scene';
import type { FigureSeries } from './spec';

export type Heat = Extract<FigureSeries, { mark: 'heat' }>;

const shades = 128;

/** Colour axis: a number between 0 and 1 for each value, and the ticks of the colour bar. */
export function heatAxis(heat: Heat, ticks: number): Axis {
  const values = toNumbers(heat.z);
  const extent: ValueExtent = noExtent();
  extend(extent, values);
  if (heat.palette === 'diverging' && !heat.domain) {
    const most = Math.max(Math.abs(extent.low), Math.abs(extent.high));
    return makeAxis({ label: '', scale: 'linear', domain: [-most, most] }, extent, { ticks, tight: true });
  }
  return makeAxis({ label: '', scale: heat.scale, domain: heat.domain }, extent, {
    ticks,
    tight: heat.scale === 'linear',
  });
}

/** Colour at a share of the colour axis, one of 128: neighbours of one shade become one rectangle. */
export function heatColour(heat: Heat, share: number): string {
  if (!Number.isFinite(share)) return ink.missing;
  const step = Math.round(Math.min(1, Math.max(0, share)) * (shades - 1)) / (shades - 1);
  const colour = heat.palette === 'cividis' ? interpolateCividis(step) : interpolateRdBu(1 - step);
  return hex(colour);
}

function hex(colour: string): string {
  const channels = /(\d+), ?(\d+), ?(\d+)/.exec(colour);
  if (!channels) return colour;
  return `#${channels.slice(1, 4).map((channel) => Number(channel).toString(16).padStart(2, '0')).join('')}`; // prettier-ignore
}

export function drawHeat(heat: Heat, plot: Plot, axis: Axis): SceneItem[] {
  const xs = cellEdges(heat.x).map((x) => placeX(plot, x));
  const ys = cellEdges(heat.y).map((y) => placeY(plot, y));
  const z = toNumbers(heat.z);
  const columns = heat.x.length;
  const cells = new Map<string, string[]>();
  // Cells overlap by a hair: viewers draw a seam where they only touch.
  const seam = 0.2;
  for (let j = 0; j < heat.y.length; j++) {
    const colours = Array.from({ length: columns }, (_, i) => heatColour(heat, axis.place(z[j * columns + i])));
    for (let i = 0; i < columns;) {
      let end = i + 1;
      while (end < columns && colours[end] === colours[i]) end++;
      const d = rectangle({ x: xs[i], y: ys[j + 1], width: xs[end] - xs[i] + seam, height: ys[j] - ys[j + 1] + seam });
      const same = cells.get(colours[i]);
      if (same) same.push(d);
      else cells.set(colours[i], [d]);
      i = end;
    }
  }
  const tiles = [...cells].map(([fill, d]): SceneItem => ({ kind: 'path', d: d.join(''), fill }));
  return [...tiles, ...drawContours(heat, plot)];
}

/** Lines of equal value between the centres of the cells. */
function drawContours({ x, y, z, contours = [] }: Heat, plot: Plot): SceneItem[] {
  const values = [...toNumbers(z)];
  const between = (places: readonly number[], at: number) => {
    const k = Math.min(places.length - 2, Math.floor(at));
    return places[k] + (at - k) * (places[k + 1] - places[k]);
  };
  const d = contours
    .flatMap((level) => contourCurves(values, x.length, y.length, level))
    .map((curve) =>
      curve
        .map(([column, row], k) => {
          const [left, top] = [placeX(plot, between(x, column)), placeY(plot, between(y, row))];
          return `${k === 0 ? 'M' : 'L'}${left.toFixed(2)} ${top.toFixed(2)}`;
        })
        .join(''),
    )
    .join('');
  if (d === '' || x.length < 2 || y.length < 2) return [];
  return [{ kind: 'path', d, stroke: { colour: '#ffffff', width: 0.35 }, opacity: 0.6 }];
}

/** The colour bar beside the panel, low end at the bottom. */
export function drawColourBar(heat: Heat, x: number, y: number, width: number, height: number): SceneItem[] {
  const bands = 64;
  return Array.from({ length: bands }, (_, k) => ({
    kind: 'path' as const,
    d: rectangle({ x, y: y + height * (1 - (k + 1) / bands), width, height: height / bands + (k === 0 ? 0 : 0.2) }),
    fill: heatColour(heat, (k + 0.5) / bands),
  }));
}
