import { Command } from 'commander';
import { AdjointError } from '@shared/errors';
import { Generator } from '@shared/random/generator';
import { median } from '@shared/statistics/summary';
import { accurateHypergradient, relativeError } from '../../bilevel/accurateHypergradient';
import { drawBilevel } from '../../bilevel/families';
import type { QuadraticBilevel } from '../../bilevel/quadratic';
import { BoxQpLayer } from '../../layers/boxQpLayer';
import { addTransposed, multiply } from '../../numerics/linalg/products';
import { action, type CommonOptions, printJson, printLine, withCommonOptions } from '../context';

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
    const { problem, x } = drawBilevel('coupled', { d, n: d, seed: 1234 });
    for (const warm of [false, true]) {
      const row = measure(problem, x, warm, repeats);
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
function measure(problem: QuadraticBilevel, start: Float64Array, warm: boolean, repeats: number) {
  const { d } = problem;
  const hypergradient = new Hypergradient(problem);
  const generator = new Generator(7);
  const times: number[] = [];
  let worst = 0;
  let x = start;
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
    if (call < 3) worst = Math.max(worst, relativeError(gradient, accurateHypergradient(problem, x).gradient));
  }
  const row = { what: 'hypergradient', dim: d, method: 'adjoint', s_per_grad: median(times), max_rel_err: worst };
  return warm ? { ...row, warm } : row;
}

/**
 * ∇F(x) = Q_ux + c_u + Py − Pu of *coupled* with its Q_u = 2I and P_u = I multiplied out, where u is the layer's adjoint of
 * ∂f/∂y = P_uy + Pᵀx: what the layer costs as a plain function.
 */
class Hypergradient {
  readonly #problem: QuadraticBilevel;
  readonly #layer: BoxQpLayer;
  readonly #through: Float64Array;
  readonly #linear: Float64Array;
  readonly #gradient: Float64Array;

  constructor(problem: QuadraticBilevel) {
    const { n, lower } = problem;
    this.#problem = problem;
    this.#layer = new BoxQpLayer({ n, Q: lower.Q, lower: lower.lower, upper: lower.upper });
    [this.#through, this.#linear, this.#gradient] = Array.from({ length: 3 }, () => new Float64Array(n));
  }

  at(x: Float64Array, warm: boolean): Float64Array {
    const { d, n, lower, upper } = this.#problem;
    const { c, q, P } = lower;
    const through = this.#through.fill(0);
    const linear = this.#linear;
    addTransposed(d, n, P, x, through);
    for (let j = 0; j < n; j++) linear[j] = c[j] + q[j] + through[j];
    const y = this.#layer.forward(linear, warm);
    for (let j = 0; j < n; j++) linear[j] = y[j] + through[j];
    const u = this.#layer.adjoint(linear);
    for (let j = 0; j < n; j++) linear[j] = y[j] - u[j];
    multiply(d, n, P, linear, this.#gradient);
    for (let i = 0; i < d; i++) this.#gradient[i] += 2 * x[i] + upper.cx[i];
    return this.#gradient;
  }
}
