import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Generator } from '@shared/random/generator';
import { BoxQpLayer } from './boxQpLayer';

const read = (path: string) =>
  JSON.parse(readFileSync(new URL(`../../resources/cases/${path}.json`, import.meta.url), 'utf8'));
const flat = (rows: number[][]) => Float64Array.from(rows.flat());

/** max |a − b| / max |b| */
function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [worst, largest] = [0, 0];
  expect(a.length).toBe(b.length);
  for (let i = 0; i < b.length; i++) {
    worst = Math.max(worst, Math.abs(a[i] - b[i]));
    largest = Math.max(largest, Math.abs(b[i]));
  }
  return largest === 0 ? worst : worst / largest;
}

interface BoxCase {
  n: number;
  Q: number[][];
  p: number[];
  lower: (number | null)[];
  upper: (number | null)[];
  cotangent: number[];
  expected: { y: number[]; vjp: Record<string, (number | null)[] | number[][]> };
}

test.each(['box-qp', 'seed000-box-n5', 'seed000-box-n20', 'seed000-box-n50'])(
  'the solution of %s and its derivatives for all data agree with 50-digit arithmetic',
  (name) => {
    const given = read(`layers/${name}`) as BoxCase;
    const layer = new BoxQpLayer({
      n: given.n,
      Q: flat(given.Q),
      lower: Float64Array.from(given.lower, (bound) => bound ?? -Infinity),
      upper: Float64Array.from(given.upper, (bound) => bound ?? Infinity),
    });
    expect(relativeError(layer.forward(given.p), given.expected.y)).toBeLessThan(1e-13);
    const found = layer.backward(given.cotangent, ['p', 'Q', 'lower', 'upper']);
    for (const datum of ['p', 'Q', 'lower', 'upper'] as const)
      expect(relativeError(found[datum], given.expected.vjp[datum].flat() as number[]), datum).toBeLessThan(1e-12);
  },
);

interface HypergradientCase {
  n: number;
  m: number;
  x: number[];
  lower: { Q: number[][]; c: number[]; q: number[]; P: number[][]; lower: number[]; upper: number[] };
  upper: { Qxx: number[][]; cx: number[]; Qyy: number[][]; cy: number[]; Qxy: number[][] };
  expected: { gradient: number[]; y: number[] };
}

/** Mv or Mᵀv of rows. */
const times = (rows: number[][], v: ArrayLike<number>) => rows.map((row) => row.reduce((s, a, j) => s + a * v[j], 0));
const transposed = (rows: number[][], v: ArrayLike<number>) =>
  rows[0].map((_, j) => rows.reduce((s, row, i) => s + row[j] * v[i], 0));

/** ∇F = Q_xx x + c_x + Q_xy y − Pu with u the adjoint of Q_yy y + c_y + Q_xyᵀx. */
function hypergradient(given: HypergradientCase, layer: BoxQpLayer): number[] {
  const { x, upper, lower } = given;
  const Px = transposed(lower.P, x);
  const y = layer.forward(lower.c.map((c, j) => c + lower.q[j] + Px[j]));
  expect(relativeError(y, given.expected.y)).toBeLessThan(1e-13);
  const fromX = transposed(upper.Qxy, x);
  const u = layer.adjoint(times(upper.Qyy, y).map((value, j) => value + upper.cy[j] + fromX[j]));
  const [straight, cross, through] = [times(upper.Qxx, x), times(upper.Qxy, y), times(lower.P, u)];
  return straight.map((value, i) => value + upper.cx[i] + cross[i] - through[i]);
}

test.each(['coupled-n5', 'coupled-n10', 'coupled-n20', 'coupled-n50', 'coupled-n100', 'v2-n20', 'v3-n10'])(
  'the hypergradient of %s is exact to 1e-12',
  (name) => {
    const given = read(`hypergradient/${name}`) as HypergradientCase;
    const { Q, lower, upper } = given.lower;
    const layer = new BoxQpLayer({
      n: given.n,
      Q: flat(Q),
      lower: Float64Array.from(lower),
      upper: Float64Array.from(upper),
    });
    expect(relativeError(hypergradient(given, layer), given.expected.gradient)).toBeLessThan(1e-12);
    expect(layer.weaklyActive).toEqual([]);
  },
);

test('derivatives agree with central differences of the solution', () => {
  const n = 8;
  const generator = new Generator(11);
  const G = generator.standardNormals(n * n);
  const Q = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < n; k++) Q[i * n + j] += G[i * n + k] * G[j * n + k];
      if (i === j) Q[i * n + j] += 1;
    }
  const data = { n, Q, lower: new Float64Array(n).fill(-0.1), upper: new Float64Array(n).fill(0.2) };
  const p = generator.standardNormals(n);
  const v = generator.standardNormals(n);
  const layer = new BoxQpLayer(data);
  layer.forward(p);
  const found = layer.backward(v, ['p', 'Q', 'lower', 'upper']);
  const loss = (change: Partial<typeof data> & { p?: Float64Array }) => {
    const y = new BoxQpLayer({ ...data, ...change }).forward(change.p ?? p);
    return y.reduce((sum, value, i) => sum + value * v[i], 0);
  };
  const moved = (array: Float64Array, entries: number[], by: number) => {
    const copy = array.slice();
    for (const at of entries) copy[at] += by;
    return copy;
  };
  const step = 1e-6;
  const difference = (datum: 'p' | 'Q' | 'lower' | 'upper', entries: number[]) => {
    const array = datum === 'p' ? p : data[datum];
    return (
      (loss({ [datum]: moved(array, entries, step) }) - loss({ [datum]: moved(array, entries, -step) })) / (2 * step)
    );
  };
  for (let i = 0; i < n; i++) {
    for (const datum of ['p', 'lower', 'upper'] as const)
      expect(Math.abs(found[datum][i] - difference(datum, [i]))).toBeLessThan(1e-8);
    // A symmetric change moves both entries, and the gradient counts each.
    for (let j = 0; j < i; j++)
      expect(Math.abs(2 * found.Q[i * n + j] - difference('Q', [i * n + j, j * n + i]))).toBeLessThan(1e-8);
  }
});

test('at a kink the derivative is the one with the bound inactive, and the kink is named', () => {
  const layer = new BoxQpLayer({
    n: 2,
    Q: Float64Array.of(1, 0, 0, 1),
    lower: Float64Array.of(-1, -1),
    upper: Float64Array.of(1, 1),
  });
  expect([...layer.forward([-1, -3])]).toEqual([1, 1]);
  expect(layer.weaklyActive).toEqual([0]);
  expect([...layer.backward([1, 1], ['p', 'upper']).p]).toEqual([-1, 0]);
  expect([...layer.backward([1, 1], ['upper']).upper]).toEqual([0, 1]);
  layer.forward([-0.5, -3], true);
  expect(layer.weaklyActive).toEqual([]);
});
