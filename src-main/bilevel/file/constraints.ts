import type { Finding } from '@shared/errors';
import type { Box, LowerRows, UpperRows } from '../problem';
import type { Relation } from './expression';
import { coefficientOf } from './polynomial';

/** aᵀx + cᵀy ≤ limit */
interface Row {
  x: Float64Array;
  y: Float64Array;
  limit: number;
}

/** Sorts affine constraints into the box of x, rows of the upper level, bounds of y and rows of the lower level. */
export class Constraints {
  readonly #d: number;
  readonly #n: number;
  readonly domain: Box;
  readonly bounds: Box;
  readonly #upperRows: Row[] = [];
  readonly #lowerRows: Row[] = [];

  constructor(d: number, n: number) {
    this.#d = d;
    this.#n = n;
    const box = (size: number): Box => ({
      lower: new Float64Array(size).fill(-Infinity),
      upper: new Float64Array(size).fill(Infinity),
    });
    [this.domain, this.bounds] = [box(d), box(n)];
  }

  get upperRows(): UpperRows {
    const rows = this.#upperRows;
    return {
      C: joined(rows, 'x', this.#d),
      D: joined(rows, 'y', this.#n),
      e: Float64Array.from(rows, ({ limit }) => limit),
    };
  }

  get rows(): LowerRows {
    const rows = this.#lowerRows;
    return {
      A: joined(rows, 'y', this.#n),
      B: joined(rows, 'x', this.#d),
      b: Float64Array.from(rows, ({ limit }) => limit),
    };
  }

  /** A constraint of the upper level; what is wrong with it. */
  addUpper(path: string, relation: Relation): Finding[] {
    const findings = this.#sides(relation).flatMap((row) => this.#addToUpper(path, row));
    return findings.slice(0, 1);
  }

  /** A constraint of the lower level. One in x alone says where the lower level has a solution, so that it belongs to the upper level. */
  addLower(path: string, relation: Relation): Finding[] {
    const findings: Finding[] = [];
    for (const row of this.#sides(relation)) {
      const [only, several] = nonzeros(row.y);
      if (only === undefined) findings.push(...this.#addToUpper(path, row));
      else if (several !== undefined || nonzeros(row.x).length > 0) this.#lowerRows.push(row);
      else {
        tighten(this.bounds, only, row.y[only], row.limit);
        if (isEmpty(this.bounds, only)) findings.push(contradiction(path));
      }
    }
    return findings.slice(0, 1);
  }

  #addToUpper(path: string, row: Row): Finding[] {
    const ofX = nonzeros(row.x);
    const ofY = nonzeros(row.y);
    if (ofX.length + ofY.length === 0)
      return row.limit < 0 ? [{ path, message: 'is never satisfied: it has no variables, and is false' }] : [];
    if (ofX.length === 1 && ofY.length === 0) {
      tighten(this.domain, ofX[0], row.x[ofX[0]], row.limit);
      return isEmpty(this.domain, ofX[0]) ? [contradiction(path)] : [];
    }
    this.#upperRows.push(row);
    return [];
  }

  /** One row, or both sides of an equality. */
  #sides({ kind, difference }: Relation): Row[] {
    const row = (sign: 1 | -1): Row => {
      const times = (value: number) => (sign > 0 ? value : 0 - value);
      return {
        x: Float64Array.from({ length: this.#d }, (_, i) => times(coefficientOf(difference, i))),
        y: Float64Array.from({ length: this.#n }, (_, j) => times(coefficientOf(difference, this.#d + j))),
        limit: 0 - times(coefficientOf(difference)),
      };
    };
    return kind === 'equal' ? [row(1), row(-1)] : [row(1)];
  }
}

const nonzeros = (values: Float64Array): number[] => [...values.keys()].filter((i) => values[i] !== 0);

/** factor·v ≤ limit as a bound of v. */
function tighten({ lower, upper }: Box, index: number, factor: number, limit: number): void {
  // + 0 makes 0 of −0.
  const bound = limit / factor + 0;
  if (factor > 0) upper[index] = Math.min(upper[index], bound);
  else lower[index] = Math.max(lower[index], bound);
}

const isEmpty = ({ lower, upper }: Box, index: number): boolean => lower[index] > upper[index];

const contradiction = (path: string): Finding => ({ path, message: 'contradicts another bound of the same variable' });

function joined(rows: readonly Row[], part: 'x' | 'y', size: number): Float64Array {
  const result = new Float64Array(rows.length * size);
  rows.forEach((row, r) => result.set(row[part], r * size));
  return result;
}
