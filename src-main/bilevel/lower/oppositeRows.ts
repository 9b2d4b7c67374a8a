import type { BilevelProblem } from '../problem';

/**
 * For each row of A y + B x ≤ b the row that says ≥ of the same, or −1: together they are an equality, [m]. Such a row is never a kink,
 * whichever of the two has the multiplier.
 */
export function oppositeRows({ d, n, m, rows: { A, B, b } }: BilevelProblem): Int32Array {
  const opposite = new Int32Array(m).fill(-1);
  const isOpposite = (r: number, other: number): boolean => {
    let first = 0;
    while (first < n && A[r * n + first] === 0) first++;
    if (first === n) return false;
    const factor = A[other * n + first] / A[r * n + first];
    if (!(factor < 0)) return false;
    const close = (value: number, wanted: number) => Math.abs(value - factor * wanted) <= 1e-14 * Math.abs(value);
    for (let j = 0; j < n; j++) if (!close(A[other * n + j], A[r * n + j])) return false;
    for (let i = 0; i < d; i++) if (!close(B[other * d + i], B[r * d + i])) return false;
    return close(b[other], b[r]);
  };
  for (let r = 0; r < m; r++)
    for (let other = r + 1; other < m; other++)
      if (opposite[r] < 0 && opposite[other] < 0 && isOpposite(r, other)) {
        opposite[r] = other;
        opposite[other] = r;
      }
  return opposite;
}
