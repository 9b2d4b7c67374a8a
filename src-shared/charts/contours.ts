import { contours } from 'd3-contour';

/** A place in a grid of columns × rows: (0, 0) is its first point, fractions lie between points. */
export type GridPoint = [number, number];

/** Rings around what lies above a level, closed along the border of the grid. Values are [row, column]; NaN counts as below. */
export function contourRings(values: readonly number[], columns: number, rows: number, level: number): GridPoint[][] {
  const shape = contours()
    .size([columns, rows])
    .contour(values as number[], level);
  // d3-contour puts point k at k + ½, and closes rings half a cell outside of the grid.
  const inside = (at: number, size: number) => Math.min(size - 1, Math.max(0, at - 0.5));
  return (shape.coordinates as GridPoint[][][]).flatMap((polygon) =>
    polygon.map((ring) => ring.map(([x, y]): GridPoint => [inside(x, columns), inside(y, rows)])),
  );
}

/** The curves on which the values are a level: the rings without what runs along the border. */
export const contourCurves = (values: readonly number[], columns: number, rows: number, level: number): GridPoint[][] =>
  contourRings(values, columns, rows, level).flatMap((ring) => withoutBorder(ring, columns, rows));

function withoutBorder(ring: readonly GridPoint[], columns: number, rows: number): GridPoint[][] {
  const border = ([x, y]: GridPoint) => x <= 0 || y <= 0 || x >= columns - 1 || y >= rows - 1;
  const closed = ring.slice(0, -1);
  const start = closed.findIndex(border);
  if (start < 0) return [[...ring]];
  const turned = [...closed.slice(start), ...closed.slice(0, start + 1)];
  const lines: GridPoint[][] = [];
  let line: GridPoint[] = [];
  turned.forEach((point, k) => {
    if (border(point)) {
      if (line.length > 0) lines.push([...line, point]);
      line = turned[k + 1] && !border(turned[k + 1]) ? [point] : [];
    } else line.push(point);
  });
  return lines.filter((one) => one.length > 1);
}
