import type { z } from 'zod';
import { AdjointError } from '@shared/errors';
import { Generator } from '@shared/random/generator';
import type { OuterAlgorithm, OuterSolver } from './algorithms/algorithm';
import { outerAlgorithms } from './algorithms/registry';
import { differences } from './estimators/differences';
import type { Estimator, Oracle } from './estimators/estimator';
import { exact } from './estimators/exact';
import { estimators } from './estimators/registry';
import type { BilevelExperiment } from './experimentSchema';
import { type FallBackReason, watchedOracle, type WatchedOracle } from './fallBack';
import { findBilevelFamily } from './familyForms';
import type { BilevelProblem } from './problem';
import { readProblemFile, type ProblemFile } from './problemFile';

/** All that an experiment describes, ready to run. */
export interface SetUp {
  problem: BilevelProblem;
  start: Float64Array;
  oracle: WatchedOracle;
  solver: OuterSolver;
  /** Gives exact hypergradients for measurements. */
  reference: Oracle;
  /** Least value of F, where it is known. */
  optimum: number | null;
  /** What runs, in words. */
  words: string;
}

/** The problem file that an experiment names. */
export interface ProblemText {
  text: string;
  where: string;
}

type Tell = (reason: FallBackReason, why: string, x: Float64Array) => void;

/** Entropy of the start, so that it is drawn apart from what the algorithm draws. */
const startStream = 1;

// A method is looked up by the kind of its own settings, so the two belong together; the casts say so, here only.
type AnyEstimator = Estimator<string, z.ZodType>;
type AnyAlgorithm = OuterAlgorithm<string, z.ZodType>;

/**
 * Problem, start, estimator with its fall-back, and algorithm of an experiment.
 *
 * @throws AdjointError `unsupported` where estimator or algorithm is not for this problem, `bad-request` for sizes that make no problem
 */
export function setUp(experiment: BilevelExperiment, file: ProblemText | null, tell: Tell): SetUp {
  const { algorithm: ofAlgorithm, estimator: ofEstimator, useLayer, fallBack, seed } = experiment;
  const { problem, start, name, optimum } = posedBy(experiment, file);
  const isLayer = ofEstimator.kind === 'exact' || ofEstimator.kind === 'conic';
  const substitute = { kind: 'differences' as const, ...fallBack };
  const asked = isLayer && !useLayer ? substitute : ofEstimator;
  const estimator = find<AnyEstimator>(estimators, asked.kind);
  refuse('estimator', estimator, problem);
  const oracle = watchedOracle({
    oracle: estimator.make(problem, withSeed(estimator, asked, seed)),
    differences: () => differences.make(problem, substitute),
    refusesKinks: isLayer && useLayer,
    tell,
  });
  const algorithm = find<AnyAlgorithm>(outerAlgorithms, ofAlgorithm.kind);
  refuse('algorithm', algorithm, problem);
  const solver = algorithm.make(problem, withSeed(algorithm, ofAlgorithm, seed), oracle);
  return {
    ...{ problem, start, oracle, solver },
    reference: exact.make(problem, { kind: 'exact' }),
    optimum: experiment.optimum ?? optimum ?? closedForm(experiment, problem, start),
    words: `${algorithm.title} on ${name}: x of ${problem.d}, y of ${problem.n}; hypergradients by ${estimator.title.toLowerCase()}`,
  };
}

/**
 * Problem and start of an experiment, without what solves it.
 * @throws AdjointError `bad-request` for sizes that make no problem and for a file that is none
 */
export function posedBy(experiment: BilevelExperiment, file: ProblemText | null): ProblemFile {
  const found = problemOf(experiment, file);
  return { ...found, start: startOf(experiment, found.problem, found.start) };
}

function problemOf({ problem: asked }: BilevelExperiment, file: ProblemText | null): ProblemFile {
  if (asked.kind === 'text') return readProblemFile(asked.text, 'problem.text');
  if (asked.kind === 'file') {
    if (!file) throw new AdjointError('internal', 'A run on a problem file was given no file.');
    return readProblemFile(file.text, file.where);
  }
  const { problem, x } = findBilevelFamily(asked.kind)!.draw(asked);
  return { problem, start: x, name: asked.kind, about: '', optimum: null, optimumAt: null };
}

function startOf({ start, seed }: BilevelExperiment, { d }: BilevelProblem, x: Float64Array): Float64Array {
  if (start.kind === 'problem') return x;
  if (start.kind === 'point') {
    if (start.x.length === d) return Float64Array.from(start.x);
    throw new AdjointError('bad-request', `The start has ${start.x.length} numbers; x has ${d} entries.`, {
      where: 'start.x',
    });
  }
  return new Generator([seed, startStream]).standardNormals(d).map((value) => start.scale * value);
}

const find = <Entry extends { kind: string }>(registry: readonly { kind: string }[], kind: string): Entry =>
  registry.find((entry) => entry.kind === kind) as Entry;

/** A method that draws takes its seed from that of the run. */
function withSeed({ settings }: { settings: z.ZodType }, given: object, seed: number): unknown {
  const draws = 'seed' in (settings as z.ZodObject).shape;
  return settings.parse(draws ? { ...given, seed } : given);
}

function refuse(
  what: string,
  method: { title: string; refusal(problem: BilevelProblem): string | null },
  problem: BilevelProblem,
): void {
  const reason = method.refusal(problem);
  if (reason === null) return;
  throw new AdjointError('unsupported', `${method.title} is not for this problem: ${reason}`, {
    where: `${what}.kind`,
    fix: `Take another ${what}.`,
  });
}

/** On V2 y* does not depend on x and F is a parabola with Hessian 2I: x* = x − ½∇F(x) from any x, if X does not cut it off. */
function closedForm({ problem: { kind } }: BilevelExperiment, problem: BilevelProblem, x: Float64Array): number | null {
  const { lower, upper } = problem.domain;
  if (kind !== 'V2' || [...lower, ...upper].some((bound) => Number.isFinite(bound))) return null;
  const oracle = exact.make(problem, { kind: 'exact' });
  const { gradient } = oracle.at(x);
  return oracle.at(x.map((value, i) => value - 0.5 * gradient[i])).F;
}
