import type { Landscape } from '@shared/landscape';
import { dot } from '../../numerics/linalg/products';
import { bisect, type SurfaceGrid } from './kinks';
import { pointAt, type Plane } from './plane';
import type { Surface } from './surface';

/** Halvings of a piece of a line: the kink is then known to 2⁻³⁰ of it. */
const bisections = 30;
/** Slopes that differ by less than this share of the steepest are one: the active set changes, F does not bend. */
const bend = 1e-6;

/** Where F along a line bends or jumps, with dF/ds on both sides from the exact formula there; changes of the active set that leave F smooth are not listed. */
export function findCorners({ s, values, sets }: SurfaceGrid, plane: Plane, surface: Surface): Landscape['corners'] {
  const [u] = plane.directions;
  const slope = (at: number, set: number): number | null => {
    if (set < 0) return null;
    const gradient = surface.gradient(pointAt(plane, at, 0));
    return gradient && dot(u.length, gradient, 0, u, 0);
  };
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, Number.isNaN(value) ? Infinity : value);
    high = Math.max(high, Number.isNaN(value) ? -Infinity : value);
  }
  const corners: Landscape['corners'] = [];
  for (let i = 0; i + 1 < s.length; i++) {
    if (sets[i] === sets[i + 1] || (sets[i] < 0 && sets[i + 1] < 0)) continue;
    const place = (share: number) => s[i] + share * (s[i + 1] - s[i]);
    const first = { F: values[i], set: sets[i] };
    const last = { F: values[i + 1], set: sets[i + 1] };
    const found = bisect((share) => surface.at(pointAt(plane, place(share), 0)), first, last, bisections);
    const [below, above] = [place(found.below), place(found.above)];
    const [left, right] = [surface.at(pointAt(plane, below, 0)), surface.at(pointAt(plane, above, 0))];
    const corner = {
      s: place(found.share),
      F: left.set < 0 ? right.F : left.F,
      jump: !found.isEdge && found.step > 1e-6 * (high - low),
      left: slope(below, left.set),
      right: slope(above, right.set),
    };
    const steepest = Math.max(Math.abs(corner.left ?? 0), Math.abs(corner.right ?? 0));
    const isSmooth =
      corner.left !== null && corner.right !== null && Math.abs(corner.left - corner.right) <= bend * steepest;
    if (corner.jump || !isSmooth) corners.push(corner);
  }
  return corners;
}
