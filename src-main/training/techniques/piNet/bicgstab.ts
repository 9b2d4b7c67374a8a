import { dot } from '../../../numerics/linalg/products';

/**
 * Solves Mx = b for every instance of a batch by BiCGSTAB (van der Vorst, 1992) from x = 0: `apply` takes a batch [count, size] at once,
 * but every instance has its own numbers and ends by itself, where ‖b − Mx‖ ≤ tolerance·‖b‖ or the method breaks down.
 *
 * @param b [count, size]
 */
export function bicgstab(
  count: number,
  size: number,
  apply: (v: Float64Array, to: Float64Array) => void,
  b: Float64Array,
  { iterations, tolerance }: { iterations: number; tolerance: number },
): Float64Array {
  const make = () => new Float64Array(count * size);
  const [x, r, shadow, p, v, s, t] = [make(), b.slice(), b.slice(), make(), make(), make(), make()];
  const ones = () => new Float64Array(count).fill(1);
  const [rho, alpha, omega] = [ones(), ones(), ones()];
  const product = (a: Float64Array, c: Float64Array, i: number) => dot(size, a, i * size, c, i * size);
  const limit = Float64Array.from({ length: count }, (_, i) => tolerance * tolerance * product(b, b, i));
  const going = Uint8Array.from({ length: count }, (_, i) => Number(product(r, r, i) > limit[i]));
  for (let k = 0; k < iterations && going.includes(1); k++) {
    for (let i = 0; i < count; i++) {
      if (!going[i]) continue;
      const next = product(shadow, r, i);
      const beta = (next / rho[i]) * (alpha[i] / omega[i]);
      if (!Number.isFinite(beta) || next === 0) {
        going[i] = 0;
        continue;
      }
      rho[i] = next;
      for (let j = i * size; j < (i + 1) * size; j++) p[j] = r[j] + beta * (p[j] - omega[i] * v[j]);
    }
    apply(p, v);
    for (let i = 0; i < count; i++) {
      if (!going[i]) continue;
      alpha[i] = rho[i] / product(shadow, v, i);
      if (!Number.isFinite(alpha[i])) going[i] = 0;
      else for (let j = i * size; j < (i + 1) * size; j++) s[j] = r[j] - alpha[i] * v[j];
    }
    apply(s, t);
    for (let i = 0; i < count; i++) {
      if (!going[i]) continue;
      const square = product(t, t, i);
      // t = 0 means that s = 0, or that M has it in its null space: the step along p is all there is.
      omega[i] = square > 0 ? product(t, s, i) / square : 0;
      for (let j = i * size; j < (i + 1) * size; j++) {
        x[j] += alpha[i] * p[j] + omega[i] * s[j];
        r[j] = s[j] - omega[i] * t[j];
      }
      if (!(product(r, r, i) > limit[i]) || omega[i] === 0) going[i] = 0;
    }
  }
  return x;
}
