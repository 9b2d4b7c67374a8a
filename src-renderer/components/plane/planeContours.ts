import { contourCurves, contourRings, type GridPoint } from '@shared/charts/contours';
import { openPath, type PlaneFrame, type Point } from './planeFrame';

/** Contours of a grid [row, column] over a frame, as SVG paths in pixels. */
export class PlaneContours {
  readonly #columns: number;
  readonly #rows: number;
  readonly #frame: PlaneFrame;

  constructor(columns: number, rows: number, frame: PlaneFrame) {
    this.#columns = columns;
    this.#rows = rows;
    this.#frame = frame;
  }

  /** What lies above a level, closed along the frame. */
  area(values: readonly number[], level: number): string {
    const rings = contourRings(values, this.#columns, this.#rows, level);
    return rings.map((ring) => `${this.open(ring)}Z`).join('');
  }

  /** The curves on which the values are the level, in places of the grid. */
  curves(values: readonly number[], level: number): GridPoint[][] {
    return contourCurves(values, this.#columns, this.#rows, level);
  }

  path(values: readonly number[], level: number): string {
    return this.curves(values, level)
      .map((line) => this.open(line))
      .join('');
  }

  open(line: readonly GridPoint[]): string {
    return openPath(line.map((point) => this.pixel(point)));
  }

  pixel([column, row]: GridPoint): Point {
    return [
      this.#frame.x + (column / (this.#columns - 1)) * this.#frame.width,
      this.#frame.y + (1 - row / (this.#rows - 1)) * this.#frame.height,
    ];
  }
}
