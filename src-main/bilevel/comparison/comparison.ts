import { AdjointError } from '@shared/errors';
import { Generator } from '@shared/random/generator';
import { accurateHypergradient } from '../accurateHypergradient';
import { drawBilevel } from '../families';
import { makeLowerLevel } from '../lower/makeLowerLevel';
import type { QuadraticBilevel } from '../quadratic';
import { contestantNames, makeContestants, type Ask, type Contestant, type ContestantName } from './contestants';
import type { HypergradientsExperiment } from './experimentSchema';
import { heldBytes } from './heldMemory';
import { secondsOf } from './timing';

/** One row of measurements by the end of its metric key; what was not measured is left out. */
export type Measured = Record<string, number>;

type Task =
  | { kind: 'point' | 'kink' | 'consistency'; index: number }
  | { kind: 'stability'; index: number; delta: number }
  | { kind: 'ssigd' | 'memory'; index: 0 };

/** How many budgets a contestant may take for a run of SSIGD; the layer makes all steps. */
const patience: Record<ContestantName, number> = { direct: 2, implicit: 10, layer: Infinity };
/** Segments on which a kink is looked for. */
const segments = 20;
/** Points at which consistency is measured. */
const consistencyPoints = 1;

/** Streams of random numbers, so that one thing that is drawn more often does not change the others. */
const streams = { point: 1, kink: 2, stability: 3, consistency: 4, ssigd: 5, coordinates: 6 };

/**
 * Measures the contestants on one problem, a task at a time. What is drawn depends on the experiment and the task only, so that a
 * comparison that was cut goes on where it was.
 */
export class Comparison {
  readonly problem: QuadraticBilevel;
  readonly tasks: readonly Task[];
  readonly #experiment: HypergradientsExperiment;
  readonly #contestants: Record<ContestantName, Contestant>;
  /** How many coordinates the baseline differences; chosen by its speed at the first point. */
  sampled: number | null;

  constructor(experiment: HypergradientsExperiment, sampled: number | null = null) {
    const { problem, points, kinks, deltas, seed } = experiment;
    this.#experiment = experiment;
    this.problem = drawBilevel(problem.kind, { d: problem.d, n: problem.d, seed }).problem;
    this.#contestants = makeContestants(this.problem, experiment);
    this.sampled = sampled;
    const many = <Kind>(kind: Kind, count: number) => Array.from({ length: count }, (_, index) => ({ kind, index }));
    this.tasks = [
      ...many('point' as const, points),
      ...(problem.kind === 'V2' ? [] : many('kink' as const, kinks)),
      ...deltas.map((delta, index) => ({ kind: 'stability' as const, index, delta })),
      ...many('consistency' as const, Math.min(points, consistencyPoints)),
      { kind: 'ssigd', index: 0 },
      { kind: 'memory', index: 0 },
    ];
  }

  /** Runs every contestant until its code is compiled. */
  warmUp(): void {
    const x = this.#point(0);
    for (const contestant of this.#all()) {
      const end = performance.now() + 1000 * Math.min(0.05, this.#experiment.budgetSeconds / 10);
      do contestant.at(x, { q: this.problem.q, coordinates: Int32Array.of(0) });
      while (performance.now() < end);
    }
    if (this.sampled === null) this.#chooseCoordinates(x);
  }

  measure(task: Task): Measured {
    switch (task.kind) {
      case 'point':
        return this.#measurePoint(this.#point(task.index));
      case 'kink':
        return this.#measureKink(task.index);
      case 'stability':
        return this.#measureStability(task.index, task.delta);
      case 'consistency':
        return this.#measureConsistency(task.index);
      case 'ssigd':
        return this.#measureSsigd();
      case 'memory':
        return this.#measureMemory();
    }
  }

  #all(): Contestant[] {
    return contestantNames.map((name) => this.#contestants[name]);
  }

  #draws(stream: keyof typeof streams, index: number): Generator {
    return new Generator([this.#experiment.seed, streams[stream], index]);
  }

  #point(index: number): Float64Array {
    return this.#draws('point', index).standardNormals(this.problem.d);
  }

  /** As many solves as the budget allows, one of them at x itself. */
  #chooseCoordinates(x: Float64Array): void {
    const { d, q } = this.problem;
    const coordinates = Int32Array.of(0);
    const began = performance.now();
    try {
      this.#contestants.direct.at(x, { q, coordinates });
    } catch (error) {
      if (!isUnsolved(error)) throw error;
    }
    const perSolve = (performance.now() - began) / 2000;
    const affordable = Math.floor(this.#experiment.budgetSeconds / perSolve) - 1;
    this.sampled = Math.max(2, Math.min(d, affordable));
    if (this.sampled > d) this.sampled = d;
  }

  /** The coordinates that the baseline differences: all, or some drawn at random. */
  get #coordinates(): Int32Array | undefined {
    const { d } = this.problem;
    const count = this.sampled ?? d;
    if (count >= d) return undefined;
    return Int32Array.from(this.#draws('coordinates', 0).permutation(d).slice(0, count)).sort();
  }

  #measurePoint(x: Float64Array): Measured {
    const { d, q } = this.problem;
    const reference = accurateHypergradient(this.problem, x).gradient;
    const coordinates = this.#coordinates;
    const row: Measured = { direct_share: (coordinates?.length ?? d) / d };
    for (const { name, at } of this.#all()) {
      const ask: Ask = name === 'direct' && coordinates ? { q, coordinates } : { q };
      row[`${name}_failed`] = 0;
      try {
        const began = performance.now();
        const { gradient, refused, solves } = at(x, ask);
        const first = (performance.now() - began) / 1000;
        const expected = ask.coordinates ? ask.coordinates.map((i) => i) : reference.keys();
        const errors = [...expected].map((i, k) => Math.abs(gradient[k] - reference[i]));
        row[`${name}_error`] = Math.max(...errors) / largest(reference);
        row[`${name}_error_mean`] = meanOf(errors) / meanOf([...reference].map(Math.abs));
        row[`${name}_refused`] = refused ? 1 : 0;
        const seconds = secondsOf(() => at(x, ask), first, this.#experiment.budgetSeconds);
        row[`${name}_seconds`] = name === 'direct' ? (seconds * (d + 1)) / solves : seconds;
      } catch (error) {
        if (!isUnsolved(error)) throw error;
        row[`${name}_failed`] = 1;
      }
    }
    row.speedup = row.direct_seconds / row.layer_seconds;
    row.implicit_speedup = row.direct_seconds / row.implicit_seconds;
    return row;
  }

  /** What each says where F has a kink: there is no gradient, and only who notices can say so. */
  #measureKink(index: number): Measured {
    const x = kinkBetween(this.problem, this.#draws('kink', index));
    if (!x) return {};
    const row: Measured = { kink: 1 };
    for (const { name, at } of this.#all()) {
      try {
        row[`${name}_refused`] = at(x, { q: this.problem.q, coordinates: Int32Array.of(0) }).refused ? 1 : 0;
      } catch (error) {
        if (!isUnsolved(error)) throw error;
        row[`${name}_failed`] = 1;
      }
    }
    return row;
  }

  /** ‖∇F(x + δu) − ∇F(x)‖/δ over unit directions u, the largest of them, over the coordinates that the baseline has. */
  #measureStability(index: number, delta: number): Measured {
    const x = this.#point(0);
    const generator = this.#draws('stability', index);
    const coordinates = this.#coordinates;
    const row: Measured = { delta };
    const keep = (values: Float64Array) => (coordinates ? Float64Array.from(coordinates, (i) => values[i]) : values);
    const quotients: Record<string, number> = {};
    const ask: Ask = { q: this.problem.q, ...(coordinates ? { coordinates } : {}) };
    const ways: [string, (at: Float64Array) => Float64Array][] = [
      ...this.#all().map(({ name, at }): [string, (point: Float64Array) => Float64Array] => [
        name,
        (point) => at(point, ask).gradient.slice(),
      ]),
      ['true', (point) => keep(accurateHypergradient(this.problem, point).gradient)],
    ];
    const directions = Array.from({ length: this.#experiment.directions }, () => unit(generator, this.problem.d));
    for (const [name, gradientAt] of ways) {
      try {
        const before = gradientAt(x);
        for (const direction of directions) {
          const after = gradientAt(x.map((value, i) => value + delta * direction[i]));
          quotients[name] = Math.max(quotients[name] ?? 0, distance(after, before) / delta);
        }
        row[`${name}_quotient`] = quotients[name];
      } catch (error) {
        if (!isUnsolved(error)) throw error;
      }
    }
    row.stability_ratio = row.direct_quotient / row.layer_quotient;
    return row;
  }

  /** Coefficient of variation over solver starts: the norm of the standard deviations over the norm of the means. */
  #measureConsistency(index: number): Measured {
    const x = this.#point(index);
    const coordinates = this.#coordinates;
    const row: Measured = {};
    for (const { name, at } of this.#all()) {
      try {
        const answers = Array.from({ length: this.#experiment.restarts }, (_, start) =>
          at(x, {
            q: this.problem.q,
            startSeed: 1000 * (index + 1) + start,
            ...(coordinates ? { coordinates } : {}),
          }).gradient.slice(),
        );
        row[`${name}_variation`] = variation(answers);
      } catch (error) {
        if (!isUnsolved(error)) throw error;
      }
    }
    return row;
  }

  /** Seconds of a whole run of SSIGD, x ← x − β∇F(x; q_r) with a fresh q_r: what does not fit the budget is extrapolated. */
  #measureSsigd(): Measured {
    const { d, n } = this.problem;
    const { ssigdSteps, beta, radius, budgetSeconds } = this.#experiment;
    const row: Measured = {};
    for (const { name, at } of this.#all()) {
      const generator = this.#draws('ssigd', 0);
      const x = this.#point(0);
      const coordinates = name === 'direct' ? this.#coordinates : undefined;
      const began = performance.now();
      const elapsed = () => (performance.now() - began) / 1000;
      let [steps, solves] = [0, 0];
      try {
        while (steps < ssigdSteps && (steps === 0 || elapsed() < patience[name] * budgetSeconds)) {
          const q = generator.uniforms(-radius, radius, n);
          const answer = at(x, { q, warm: steps > 0, ...(coordinates ? { coordinates } : {}) });
          solves += answer.solves;
          steps++;
          // With some of the coordinates there is a time, but no way on.
          if (coordinates) break;
          for (let i = 0; i < d; i++) x[i] -= beta * answer.gradient[i];
        }
      } catch (error) {
        if (!isUnsolved(error)) throw error;
        continue;
      }
      const solvesOfAll = ssigdSteps * (name === 'direct' ? d + 1 : 1);
      row[`ssigd_${name}_seconds`] = (elapsed() * solvesOfAll) / solves;
      row[`ssigd_${name}_share`] = solves / solvesOfAll;
      if (steps === ssigdSteps) row[`ssigd_${name}_F`] = this.#valueAt(x);
    }
    row.ssigd_speedup = row.ssigd_direct_seconds / row.ssigd_layer_seconds;
    return row;
  }

  #valueAt(x: Float64Array): number {
    return this.problem.upperValue(x, accurateHypergradient(this.problem, x).y);
  }

  #measureMemory(): Measured {
    const x = this.#point(0);
    const row: Measured = {};
    // Small ones are told from the heap's own coming and going by their number.
    const copies = this.problem.d <= 100 ? 20 : 1;
    for (const name of contestantNames) {
      const bytes = heldBytes(() =>
        Array.from({ length: copies }, () => {
          const contestant = makeContestants(this.problem, this.#experiment)[name];
          contestant.at(x, { q: this.problem.q, coordinates: Int32Array.of(0) });
          return contestant;
        }),
      );
      row[`${name}_bytes`] = bytes / copies;
    }
    return row;
  }
}

const isUnsolved = (error: unknown): boolean => error instanceof AdjointError && error.code === 'bad-request';

const largest = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const norm = (values: Float64Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
const distance = (a: Float64Array, b: Float64Array): number => norm(a.map((value, i) => value - b[i]));

function unit(generator: Generator, d: number): Float64Array {
  const direction = generator.standardNormals(d);
  const length = norm(direction);
  return direction.map((value) => value / length);
}

/** ‖std‖/‖mean‖ of vectors, with the standard deviation of a sample. */
export function variation(answers: readonly Float64Array[]): number {
  const count = answers.length;
  const mean = answers[0].map((_, i) => answers.reduce((sum, answer) => sum + answer[i], 0) / count);
  const deviation = mean.map((value, i) =>
    Math.sqrt(answers.reduce((sum, answer) => sum + (answer[i] - value) ** 2, 0) / (count - 1)),
  );
  return norm(deviation) / norm(mean);
}

/**
 * A point at which the active set changes, to rounding, on the segment between two drawn ones; null where the active set is the same at
 * both ends of all segments that were tried.
 */
export function kinkBetween(problem: QuadraticBilevel, generator: Generator): Float64Array | null {
  const level = makeLowerLevel(problem);
  const setAt = (x: Float64Array) => level.solve(x).side.join();
  const from = generator.standardNormals(problem.d);
  const first = setAt(from);
  for (let attempt = 0; attempt < segments; attempt++) {
    const to = generator.standardNormals(problem.d).map((value) => 2 * value);
    if (setAt(to) === first) continue;
    const at = (t: number) => from.map((value, i) => value + t * (to[i] - value));
    let [low, high] = [0, 1];
    for (let round = 0; round < 60; round++) {
      const middle = (low + high) / 2;
      const { side, weak } = level.solve(at(middle));
      if (weak.length > 0) return at(middle);
      if (side.join() === first) low = middle;
      else high = middle;
    }
  }
  return null;
}
