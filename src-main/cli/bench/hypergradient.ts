import { Command } from 'commander';
import { AdjointError } from '@shared/errors';
import { Generator } from '@shared/random/generator';
import { BoxQpLayer } from '../../layers/boxQpLayer';
import { addTransposed, dot, multiply } from '../../numerics/linalg/products';
import { action, type CommonOptions, printJson, printLine, withCommonOptions } from '../context';
import { compensatedDot, solveAccurately } from './accurate';
import { median } from './median';

interface Options extends CommonOptions {
  dims: string;
  repeats: number;
}

export function hypergradientBench(): Command {
  return withCommonOptions(
    new Command('hypergradient').description(
      'Seconds per hypergradient of the problem “coupled”, and its error against an accurate one.',
    ),
  )
    .option('--dims <list>', 'dimensions, separated by commas', '5,10,20,50,200,500,1000')
    .option('--repeats <count>', 'timed calls, of which the median counts', (text) => Math.max(1, Number(text)), 51)
    .action(action((options: Options) => benchHypergradient(options)));
}

function benchHypergradient({ dims, repeats, json }: Options): void {
  for (const d of parseDims(dims)) {
    const problem = makeCoupled(d, 1234);
    for (const warm of [false, true]) {
      const row = measure(problem, warm, repeats);
      if (json) printJson(row);
      else
        printLine(
          `d = ${d}${warm ? ', warm' : ''}: ${(1e6 * row.s_per_grad).toFixed(1)} µs, error ${row.max_rel_err.toExponential(1)}`,
        );
    }
  }
}

function parseDims(text: string): number[] {
  return text.split(',').map((part) => {
    const d = Number(part);
    if (Number.isInteger(d) && d >= 1 && d <= 20_000) return d;
    throw new AdjointError('bad-request', `“${part}” is no dimension.`, {
      where: '--dims',
      fix: 'Give whole numbers from 1 to 20000, separated by commas.',
    });
  });
}

/** Every call has an x of its own: drawn anew, or, warm, a step of .01 away from the last one's. */
function measure(problem: Coupled, warm: boolean, repeats: number) {
  const { d } = problem;
  const hypergradient = new Hypergradient(problem);
  const generator = new Generator(7);
  const times: number[] = [];
  let worst = 0;
  let x = problem.x;
  const warmUps = Math.min(2000, Math.ceil(2e5 / (d * d)) + 3);
  for (let call = -warmUps; call < repeats; call++) {
    const previous = x;
    x = call === -warmUps ? x : generator.standardNormals(d);
    if (warm) for (let i = 0; i < d; i++) x[i] = previous[i] + 0.01 * x[i];
    const began = performance.now();
    const gradient = hypergradient.at(x, warm && call > -warmUps);
    const seconds = (performance.now() - began) / 1000;
    if (call < 0) continue;
    times.push(seconds);
    if (call < 3) worst = Math.max(worst, relativeError(gradient, accurate(problem, x, hypergradient.layer)));
  }
  const row = { what: 'hypergradient', dim: d, method: 'adjoint', s_per_grad: median(times), max_rel_err: worst };
  return warm ? { ...row, warm } : row;
}

/** max |a − b| / max |b| */
function relativeError(a: Float64Array, b: Float64Array): number {
  const worst = a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
  return worst / b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/**
 * The bilevel problem *coupled* of docs/methods.md: f = ½xᵀQ_ux + c_uᵀx + ½yᵀP_uy + xᵀPy with Q_u = 2I, P_u = I, and the lower level
 * ½yᵀQy + (c + q + Pᵀx)ᵀy over |y| ≤ 1. All square matrices are [d, d], row-major.
 */
interface Coupled {
  d: number;
  Q: Float64Array;
  c: Float64Array;
  P: Float64Array;
  cu: Float64Array;
  x: Float64Array;
  q: Float64Array;
}

/** numpy's draws in a fixed order: G, c, P, c_u, x, q. */
function makeCoupled(d: number, seed: number): Coupled {
  const generator = new Generator(seed);
  const scaled = (count: number, scale: number) => generator.standardNormals(count).map((value) => value * scale);
  const G = scaled(d * d, 1 / Math.sqrt(d));
  const Q = new Float64Array(d * d);
  for (let i = 0; i < d; i++)
    for (let j = 0; j <= i; j++) {
      const value = dot(d, G, i * d, G, j * d) + (i === j ? 0.1 : 0);
      Q[i * d + j] = value;
      Q[j * d + i] = value;
    }
  const c = scaled(d, 1);
  const P = scaled(d * d, 1 / Math.sqrt(d));
  return { d, Q, c, P, cu: scaled(d, 1), x: scaled(d, 1), q: scaled(d, 1e-2) };
}

/** ∇F(x) = Q_ux + c_u + Py − Pu, where u is the layer's adjoint of ∂f/∂y = P_uy + Pᵀx. */
class Hypergradient {
  readonly #problem: Coupled;
  readonly #layer: BoxQpLayer;
  readonly #through: Float64Array;
  readonly #linear: Float64Array;
  readonly #gradient: Float64Array;

  constructor(problem: Coupled) {
    const { d, Q } = problem;
    this.#problem = problem;
    this.#layer = new BoxQpLayer({
      n: d,
      Q,
      lower: new Float64Array(d).fill(-1),
      upper: new Float64Array(d).fill(1),
    });
    [this.#through, this.#linear, this.#gradient] = Array.from({ length: 3 }, () => new Float64Array(d));
  }

  at(x: Float64Array, warm: boolean): Float64Array {
    const { d, c, q, P, cu } = this.#problem;
    const through = this.#through.fill(0);
    const linear = this.#linear;
    addTransposed(d, d, P, x, through);
    for (let j = 0; j < d; j++) linear[j] = c[j] + q[j] + through[j];
    const y = this.#layer.forward(linear, warm);
    for (let j = 0; j < d; j++) linear[j] = y[j] + through[j];
    const u = this.#layer.adjoint(linear);
    for (let j = 0; j < d; j++) linear[j] = y[j] - u[j];
    multiply(d, d, P, linear, this.#gradient);
    for (let i = 0; i < d; i++) this.#gradient[i] += 2 * x[i] + cu[i];
    return this.#gradient;
  }

  get layer(): BoxQpLayer {
    return this.#layer;
  }
}

/** The same by another way: elimination instead of Cholesky, refined in twice the precision, on the active set of the layer. */
function accurate({ d, Q, c, q, P, cu }: Coupled, x: Float64Array, layer: BoxQpLayer): Float64Array {
  const { side } = layer.solver;
  const free = [...side.keys()].filter((i) => side[i] === 0);
  const k = free.length;
  const reduced = Float64Array.from({ length: k * k }, (_, at) => Q[free[Math.floor(at / k)] * d + free[at % k]]);
  const column = (j: number) => Float64Array.from({ length: d }, (_, i) => P[i * d + j]);
  const through = Float64Array.from({ length: d }, (_, j) => compensatedDot(column(j), x));
  const scatter = (values: Float64Array, rest: ArrayLike<number>) => {
    const full = Float64Array.from({ length: d }, (_, i) => rest[i]);
    free.forEach((i, at) => (full[i] = values[at]));
    return full;
  };
  const ones = Float64Array.of(1, 1, 1, 1);
  const atBounds = Float64Array.from(side);
  const y = scatter(
    solveAccurately(
      reduced,
      Float64Array.from(free, (i) => {
        const fromBounds = compensatedDot(Q.subarray(i * d, (i + 1) * d), atBounds);
        return -compensatedDot(ones, Float64Array.of(c[i], q[i], through[i], fromBounds));
      }),
    ),
    side,
  );
  const u = scatter(
    solveAccurately(
      reduced,
      Float64Array.from(free, (i) => y[i] + through[i]),
    ),
    new Float64Array(d),
  );
  const twice = Float64Array.of(1, 2, 1, 1, -1);
  return Float64Array.from({ length: d }, (_, i) => {
    const row = P.subarray(i * d, (i + 1) * d);
    return compensatedDot(twice, Float64Array.of(cu[i], x[i], compensatedDot(row, y), 0, compensatedDot(row, u)));
  });
}
