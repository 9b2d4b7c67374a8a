import { Command } from 'commander';
import { AdjointError } from '@shared/errors';
import { Generator } from '@shared/random/generator';
import { median } from '@shared/statistics/summary';
import { accurateHypergradient, relativeError } from '../../bilevel/accurateHypergradient';
import { perturbation } from '../../bilevel/algorithms/perturbation';
import { ssigd } from '../../bilevel/algorithms/ssigd';
import { collectGarbage } from '../../bilevel/comparison/heldMemory';
import { exact } from '../../bilevel/estimators/exact';
import { drawBilevel } from '../../bilevel/families';
import type { QuadraticBilevel } from '../../bilevel/quadratic';
import { action, type CommonOptions, printJson, printLine, withCommonOptions } from '../context';
import { Peer } from './peer';

interface Options extends CommonOptions {
  dim: number;
  steps: number;
  peerSteps: number;
  rounds: number;
  memorySteps: number;
  peer?: string;
}

const whole = (least: number) => (text: string) => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new AdjointError('bad-request', `“${text}” is no whole number from ${least} on.`);
};

export function ssigdBench(): Command {
  return withCommonOptions(
    new Command('ssigd').description(
      'Seconds per step of SSIGD on the problem “coupled”, warm-started, beside a Python loop over cvxpylayers in the same run; memory over many steps.',
    ),
  )
    .option('--dim <d>', 'entries of x and of y', whole(1), 100)
    .option('--steps <count>', 'steps of a round', whole(1), 1000)
    .option('--peer-steps <count>', 'steps of the peer in a round', whole(1), 20)
    .option('--rounds <count>', 'rounds in alternation, of which the median counts', whole(1), 5)
    .option('--memory-steps <count>', 'steps over which memory is sampled; 0 for none', whole(0), 100_000)
    .option(
      '--peer <command>',
      'measures another program in alternation, such as "python scripts/peers/cvxpylayers_ssigd.py"',
    )
    .action(action((options: Options) => benchSsigd(options)));
}

const beta = 1e-2;
const radius = 1e-2;
/** The step of every figure below: constant β, and q uniform within the radius at every step. */
const settingsOf = (iterations: number) =>
  ssigd.settings.parse({ kind: 'ssigd', rule: 'constant', beta, radius, law: 'uniform', seed: 0, iterations });
const makeSsigd = (problem: QuadraticBilevel, iterations: number) =>
  ssigd.make(problem, settingsOf(iterations), exact.make(problem, { kind: 'exact' }));
/** The q of each step, as the solver draws them. */
function perturbations(steps: number, n: number): Float64Array[] {
  const settings = settingsOf(steps);
  const generator = new Generator(settings.seed);
  return Array.from({ length: steps }, () => perturbation(generator, n, settings));
}

/** cvxpylayers' default, and the solver of cvxpy's own choice for quadratic programs. */
const peerSolvers = ['SCS', 'Clarabel'];

async function benchSsigd(options: Options): Promise<void> {
  const { dim: d, json, peer: command } = options;
  const { problem, x } = drawBilevel('coupled', { d, n: d, seed: 1234 });
  const print: Print = (row, text) =>
    json ? printJson({ what: 'ssigd', dim: d, beta, radius, ...row }) : printLine(text);
  // Compiles everything that is timed.
  walk(problem, x, Math.max(200, options.peerSteps));
  const ours: number[] = [];
  const peers = new Map<string, { seconds: number[]; error: number }>();
  const peer = command === undefined ? null : new Peer(command);
  try {
    if (peer) {
      const about = await peer.ask<Record<string, unknown>>(peerProblem(problem, x, options.peerSteps));
      if (json) printJson({ what: 'peer', ...about });
      // A first loop imports and compiles everything.
      for (const solver of peerSolvers) await peer.ask({ solver });
    }
    for (let round = 0; round < options.rounds; round++) {
      ours.push(walk(problem, x, options.steps) / options.steps);
      if (!peer) continue;
      for (const solver of peerSolvers) {
        const answer = await peer.ask<PeerAnswer>({ solver });
        const known = peers.get(solver) ?? { seconds: [], error: errorOf(problem, answer) };
        known.seconds.push(answer.seconds.reduce((sum, value) => sum + value, 0) / answer.seconds.length);
        peers.set(solver, known);
      }
    }
  } finally {
    peer?.close();
  }
  const error = errorOf(problem, trace(problem, x, options.peerSteps));
  print(
    { method: 'adjoint', steps: options.steps, warm: true, s_per_step: median(ours), max_rel_err: error },
    `Adjoint: ${(1e6 * median(ours)).toFixed(1)} µs a step, error of the hypergradient ${error.toExponential(1)}`,
  );
  for (const [solver, { seconds, error }] of peers) {
    const ratios = seconds.map((value, round) => value / ours[round]);
    const [ratio, ratio_min, ratio_max] = [median(ratios), Math.min(...ratios), Math.max(...ratios)];
    print(
      {
        ...{ method: `cvxpylayers ${solver}`, steps: options.peerSteps, s_per_step: median(seconds) },
        ...{ max_rel_err: error, ratio, ratio_min, ratio_max },
      },
      `cvxpylayers with ${solver}: ${(1e3 * median(seconds)).toFixed(2)} ms a step, error ${error.toExponential(1)}; ` +
        `Adjoint is ${ratio.toFixed(0)} times as fast (${ratio_min.toFixed(0)} to ${ratio_max.toFixed(0)} in ${ratios.length} rounds)`,
    );
  }
  if (options.memorySteps > 0) reportMemory(problem, x, options.memorySteps, print);
}

type Print = (row: Record<string, unknown>, text: string) => void;

/** Iterates and gradients of a loop. */
interface Trace {
  x: ArrayLike<number>[];
  g: ArrayLike<number>[];
}
interface PeerAnswer extends Trace {
  seconds: number[];
}

/** The same data and the same perturbations for the peer. */
function peerProblem({ d, n, upper, lower }: QuadraticBilevel, x: Float64Array, steps: number): unknown {
  const matrix = (M: Float64Array, rows: number) =>
    Array.from({ length: rows }, (_, i) => [...M.subarray((i * M.length) / rows, ((i + 1) * M.length) / rows)]);
  const data = {
    ...{ Q: matrix(lower.Q, n), c: [...lower.c], P: matrix(lower.P, d) },
    ...{ Qu: matrix(upper.Qxx, d), cu: [...upper.cx], Pu: matrix(upper.Qyy, n), x: [...x] },
    q: perturbations(steps, n).map((q) => [...q]),
  };
  return { data, beta };
}

/** @returns the seconds of so many steps from x */
function walk(problem: QuadraticBilevel, x: Float64Array, steps: number): number {
  const solver = makeSsigd(problem, steps);
  const state = solver.init(x);
  const began = performance.now();
  while (!solver.terminate(state)) solver.step(state);
  return (performance.now() - began) / 1000;
}

/** Iterates and gradients of the first steps. */
function trace(problem: QuadraticBilevel, start: Float64Array, steps: number): Trace {
  const solver = makeSsigd(problem, steps);
  const state = solver.init(start);
  const [x, g]: Float64Array[][] = [[], []];
  while (!solver.terminate(state)) {
    x.push(state.x.slice());
    solver.step(state);
    g.push(state.gradient.slice());
  }
  return { x, g };
}

/** The largest relative error of gradients, each at its own iterate with the q of its step. */
function errorOf(problem: QuadraticBilevel, { x, g }: Trace): number {
  const q = perturbations(x.length, problem.n);
  const errors = x.map((point, step) =>
    relativeError(g[step], accurateHypergradient(problem, Float64Array.from(point), q[step]).gradient),
  );
  return Math.max(...errors);
}

/** Live heap after a collection, and resident memory, at 21 moments of one long run. */
function reportMemory(problem: QuadraticBilevel, x: Float64Array, steps: number, print: Print): void {
  const solver = makeSsigd(problem, steps);
  const state = solver.init(x);
  const samples: { step: number; heap: number; rss: number }[] = [];
  const every = Math.max(1, Math.floor(steps / 20));
  for (let step = 0; !solver.terminate(state); step++) {
    if (step % every === 0) samples.push(sample(step));
    solver.step(state);
  }
  samples.push(sample(steps));
  // What grows over all steps would grow over the second half too; before it the program warms up.
  const half = samples.filter(({ step }) => step >= steps / 2);
  const growth = (key: 'heap' | 'rss') => half.at(-1)![key] - half[0][key];
  print(
    {
      ...{ method: 'adjoint', memory_steps: steps, samples },
      ...{ heap_growth_second_half: growth('heap'), rss_growth_second_half: growth('rss') },
    },
    `Memory over ${steps} steps: heap ${(samples[1].heap / 1e6).toFixed(2)} MB after the first twentieth, ${(samples.at(-1)!.heap / 1e6).toFixed(2)} MB at the end ` +
      `(second half ${signed(growth('heap') / 1e3)} kB); resident ${(samples[1].rss / 1e6).toFixed(0)} and ${(samples.at(-1)!.rss / 1e6).toFixed(0)} MB ` +
      `(second half ${signed(growth('rss') / 1e3)} kB)`,
  );
}

const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(0)}`;

function sample(step: number): { step: number; heap: number; rss: number } {
  collectGarbage();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { step, heap: heapUsed + arrayBuffers, rss };
}
