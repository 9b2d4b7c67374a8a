/** Where labels and markers go when there is not room for all. */

/**
 * Moves labels apart that would overlap: in order of their place, each at least `spacing` below the one before, and the whole
 * pushed back up where it would leave [top, bottom]. Input and output in pixels, in the input's order.
 */
export function spreadLabels(positions: readonly number[], spacing: number, top: number, bottom: number): number[] {
  const order = positions.map((y, index) => ({ y, index })).sort((a, b) => a.y - b.y);
  let next = top;
  for (const label of order) {
    label.y = Math.max(label.y, next);
    next = label.y + spacing;
  }
  let limit = bottom;
  for (const label of order.reverse()) {
    label.y = Math.min(label.y, limit);
    limit = label.y - spacing;
  }
  const spread: number[] = new Array(positions.length);
  for (const label of order) spread[label.index] = label.y;
  return spread;
}

/** Places at least `distance` apart, so that thousands of markers stay a legible row. */
export function thin(places: readonly number[], distance: number): number[] {
  const kept: number[] = [];
  let last = -Infinity;
  for (const place of places) {
    if (place - last < distance) continue;
    kept.push(place);
    last = place;
  }
  return kept;
}
