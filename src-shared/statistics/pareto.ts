/** A point of two measures that are both better when smaller. */
export interface Point {
  x: number;
  y: number;
}

/**
 * Indices of the points that no other dominates (is at least as small in both measures and smaller in one), in the order of x. Of equal points the
 * first counts; points with NaN never do.
 */
export function paretoFront(points: readonly Point[]): number[] {
  const order = points
    .map((_, i) => i)
    .filter((i) => !Number.isNaN(points[i].x) && !Number.isNaN(points[i].y))
    .sort((a, b) => points[a].x - points[b].x || points[a].y - points[b].y || a - b);
  const front: number[] = [];
  let least = Infinity;
  for (const i of order) {
    if (points[i].y >= least && front.length > 0) continue;
    least = points[i].y;
    front.push(i);
  }
  return front;
}

/**
 * Area that the points dominate within the box below a reference point (Zitzler & Thiele, 1998): larger is better. Points that are not better than the
 * reference in both measures add nothing.
 */
export function hypervolume(points: readonly Point[], reference: Point): number {
  const inside = points.filter(({ x, y }) => x < reference.x && y < reference.y);
  const front = paretoFront(inside).map((i) => inside[i]);
  let area = 0;
  let top = reference.y;
  for (const { x, y } of front) {
    area += (reference.x - x) * (top - y);
    top = y;
  }
  return area;
}
