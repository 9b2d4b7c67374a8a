import { readFileSync } from 'node:fs';
import { AdjointError } from '@shared/errors';
import { subscript } from '@shared/format';
import { bilevelMetrics } from '@shared/metrics/bilevel';
import { fallBackReasons, type FallBackReason } from '../bilevel/fallBack';
import { isAboutGradients, resolveBilevel, type BilevelExperiment } from '../bilevel/experimentSchema';
import { gradientError, stationarity, withoutRefusal } from '../bilevel/measures';
import { bilevelPreflight, isMeaningless, type BilevelFinding } from '../bilevel/preflight';
import { problemTextOf } from '../bilevel/problemFile';
import { joinStates, partOf, type SavedState } from '../bilevel/savedState';
import { setUp, type SetUp } from '../bilevel/setUp';
import type { Checkpoint, Json } from '../store/checkpoint';
import { catalogueColumns } from './columns';
import type { Job, JobContext, JobKind, Recorder } from './job';

/** Steps are made for so long between two looks at commands, metrics and checkpoints, where they are shorter than that. */
const sliceMs = 4;
/** x itself is recorded for up to so many coordinates. */
const shownCoordinates = 10;
/** The way back from a bad iterate halves the step; after so many in a row there is no step left. */
const mostRetreats = 40;
/** More events of one sort than these are only counted. */
const loggedEvents = 5;

const ours = new Set(bilevelMetrics.map(({ key }) => key));

/** Runs of kind `bilevel`. */
export const bilevelJob: JobKind = {
  kind: 'bilevel',
  device: () => null,
  checkpoints(experiment) {
    const { checkpointSeconds, keepCheckpoints } = resolveBilevel(experiment);
    return { seconds: checkpointSeconds, keep: keepCheckpoints };
  },
  async create({ manifest, dataPath, log }: JobContext, checkpoint: Checkpoint | null): Promise<Job> {
    const experiment = resolveBilevel(manifest.experiment);
    const events = new Events(log);
    const file = dataPath === null ? null : { text: problemTextOf(readFileSync(dataPath), dataPath), where: dataPath };
    const parts = setUp(experiment, file, (reason, why, x) =>
      events.note(
        `fall-back: ${reason}`,
        `Differences instead of the estimator (${reason}): ${why}, at x = ${shown(x)}`,
      ),
    );
    log(`${parts.words}.`);
    if (!checkpoint) checkBeforehand(experiment, parts, log);
    return new BilevelJob(experiment, parts, events, checkpoint);
  },
};

/**
 * Writes into the log what would make results less than they seem.
 * @throws AdjointError `unsupported` where numbers would mean nothing and this was not allowed
 */
function checkBeforehand(experiment: BilevelExperiment, { problem, start }: SetUp, log: JobContext['log']): void {
  const findings = withoutRefusal(() => bilevelPreflight(problem, start).findings);
  if (!findings) return log('Beforehand: F has no value at the start.');
  for (const { message } of findings) log(`Beforehand: ${message}`);
  // What is asked about hypergradients is refused where they say nothing; an optimum may be looked for all the same, if F has values.
  const refused = isAboutGradients(experiment) ? isMeaningless : ({ code }: BilevelFinding) => code === 'not-unique';
  const reason = findings.find(refused);
  if (reason && !experiment.allowVacuous)
    throw new AdjointError('unsupported', reason.message, {
      where: 'the problem',
      fix: 'Take another problem, or set allowVacuous: true to run all the same.',
    });
}

/** Things that may happen at every step are written into the log a few times, then counted. */
class Events {
  readonly #log: JobContext['log'];
  readonly #counts = new Map<string, number>();

  constructor(log: JobContext['log']) {
    this.#log = log;
  }

  note(sort: string, line: string): void {
    const count = (this.#counts.get(sort) ?? 0) + 1;
    this.#counts.set(sort, count);
    if (count <= loggedEvents) this.#log(line);
    if (count === loggedEvents) this.#log(`More of this (${sort}) is counted in the metrics and not written here.`);
  }
}

/** Seconds in steps of the algorithm, and in measurements of what they did. */
type Times = { stepping: number; measuring: number };
/** Where a row stands: x_k, by the work and the time that led to it. */
type Position = { step: number; epoch: number; seconds: number };

class BilevelJob implements Job {
  readonly unit = 'steps';
  readonly columns: Job['columns'];
  readonly #experiment: BilevelExperiment;
  readonly #parts: SetUp;
  readonly #events: Events;
  readonly #state: ReturnType<SetUp['solver']['init']>;
  /** The last iterate at which F and ∇F were found. */
  readonly #good: Float64Array;
  readonly #counts = { bad: 0, retreats: 0 };
  #times: Times = { stepping: 0, measuring: 0 };
  readonly #planned: number;
  /** The state before the final evaluation, which is repeated if the process dies after it. */
  #concluding: SavedState | null = null;
  #row: Position | null = null;
  #outOfTime = false;

  constructor(experiment: BilevelExperiment, parts: SetUp, events: Events, checkpoint: Checkpoint | null) {
    this.#experiment = experiment;
    this.#parts = parts;
    this.#events = events;
    this.#planned = Number(experiment.algorithm.iterations);
    this.#good = new Float64Array(parts.problem.d).fill(NaN);
    const { d } = parts.problem;
    const wanted = (key: string) => ours.has(key) && (key !== 'bilevel/x' || d <= shownCoordinates);
    this.columns = { step: catalogueColumns('step', wanted, () => d) };
    if (!checkpoint) {
      this.#state = parts.solver.init(parts.start);
      return;
    }
    const saved = savedOf(checkpoint);
    this.#state = parts.solver.restore(partOf(saved, 'solver'));
    const { arrays, values } = partOf(saved, 'job');
    this.#good.set(arrays.good);
    [this.#counts.bad, this.#counts.retreats] = arrays.counts;
    this.#times = { ...this.#times, ...(values.times as Partial<Times>) };
  }

  get total(): number {
    return this.#state.status === null && !this.#outOfTime ? this.#planned : this.#state.iteration;
  }

  /** `epoch` stands in lower-level solves, the unit of work that bilevel methods are compared by, and `seconds` leaves measurements out. */
  position = (): Position =>
    this.#row ?? { step: this.#state.iteration, epoch: this.#state.lowerSolves, seconds: this.#times.stepping };

  finished = (): boolean => this.#concluding !== null;

  advance(record: Recorder): Promise<void> {
    const began = performance.now();
    const { seconds: limit } = this.#experiment;
    do {
      if (this.#parts.solver.terminate(this.#state) || (this.#outOfTime = limit > 0 && this.#times.stepping >= limit)) {
        this.#conclude(record);
        break;
      }
      this.#step(record);
    } while (performance.now() - began < sliceMs);
    return Promise.resolve();
  }

  #step(record: Recorder): void {
    const { solver, problem } = this.#parts;
    const state = this.#state;
    const { every, gradientErrorEvery, stationarityEvery } = this.#experiment.measures;
    const at = this.position();
    const x = state.x.slice();
    const { restorations } = state;
    const began = performance.now();
    try {
      solver.step(state);
    } catch (error) {
      if (!(error instanceof AdjointError) || error.code !== 'bad-request') throw error;
      this.#giveUp(x, error.problem.what, error.problem.fix);
      return;
    } finally {
      this.#times.stepping += (performance.now() - began) / 1000;
    }
    if (state.status === 'diverged') {
      this.#giveUp(x, `${Number.isFinite(state.F) ? '∇F' : 'F'} is no longer a finite number.`, undefined);
      return;
    }
    this.#good.set(x);
    this.#counts.retreats = 0;
    if (state.restorations > restorations)
      this.#events.note(
        'restoration',
        `Step ${at.step}: the lower level has no feasible y at a point on the way; x was moved to the nearest at which it has one, x = ${shown(state.x)}.`,
      );
    const due = (interval: number) => interval > 0 && at.step % interval === 0;
    const [errorDue, stationarityDue] = [due(gradientErrorEvery), due(stationarityEvery)];
    if (due(every) || errorDue || stationarityDue)
      this.#record(record, at, x, { errorDue, stationarityDue, isLast: false });
    const { lower, upper } = problem.domain;
    const outside = state.x.findIndex((value, i) => !(value >= lower[i] && value <= upper[i]));
    if (outside >= 0)
      this.#giveUp(
        state.x,
        `The step leads out of X: x${subscript(outside)} = ${state.x[outside]}.`,
        'Take a shorter step.',
      );
  }

  /**
   * A point that cannot be gone on from: the run stops with it kept, or goes back.
   * @throws AdjointError `diverged` naming the step and the point
   */
  #giveUp(x: Float64Array, what: string, fix: string | undefined): void {
    const state = this.#state;
    const { iteration } = state;
    this.#counts.bad++;
    const goesOn = this.#experiment.onBadIterate === 'goOn';
    const hasWayBack = this.#good.every((value) => Number.isFinite(value));
    if (goesOn && hasWayBack) {
      if (++this.#counts.retreats > mostRetreats) {
        this.#events.note('end', `Step ${iteration}: ${what} There is no way on from the last good iterate.`);
        state.x.set(this.#good);
        state.status = 'no descent';
        return;
      }
      state.status = null;
      const { lower, upper } = this.#parts.problem.domain;
      state.x.forEach((value, i) => {
        const halfway = Number.isFinite(value) ? (value + this.#good[i]) / 2 : this.#good[i];
        state.x[i] = Math.min(upper[i], Math.max(lower[i], halfway));
      });
      this.#events.note('bad iterate', `Step ${iteration}: ${what} At x = ${shown(x)}; halfway back and on.`);
      return;
    }
    throw new AdjointError('diverged', `Step ${iteration}: ${what}`, {
      where: `x = ${shown(x)}`,
      fix: [
        fix,
        goesOn
          ? 'There is no good iterate to go back to.'
          : 'The checkpoint has this x. onBadIterate: goOn goes back and on.',
      ]
        .filter(Boolean)
        .join(' '),
    });
  }

  #conclude(record: Recorder): void {
    const { solver } = this.#parts;
    const state = this.#state;
    this.#concluding = this.#saved();
    const at = this.position();
    solver.postprocess(state);
    this.#record(record, at, state.x, { errorDue: true, stationarityDue: true, isLast: true });
  }

  #record(
    record: Recorder,
    at: Position,
    x: Float64Array,
    { errorDue, stationarityDue, isLast }: { errorDue: boolean; stationarityDue: boolean; isLast: boolean },
  ): void {
    const { solver, oracle, reference, optimum, problem } = this.#parts;
    const { measures, seed } = this.#experiment;
    const { residualEvery } = measures;
    const began = performance.now();
    const residual = residualEvery > 0 && (isLast || at.step % residualEvery === 0);
    const report = solver.report(this.#state, { residual });
    const isErrorWanted = errorDue && measures.gradientErrorEvery > 0;
    const compared = isErrorWanted && report.estimate ? gradientError(reference, report.estimate) : null;
    const isStationarityWanted = stationarityDue && measures.stationarityEvery > 0;
    const measured = isStationarityWanted ? stationarity(problem, reference, x, measures, seed + at.step) : null;
    this.#times.measuring += (performance.now() - began) / 1000;
    this.#row = at;
    record('step', {
      'bilevel/F': report.F,
      'bilevel/gap': optimum === null ? null : (report.F - optimum) / Math.max(1, Math.abs(optimum)),
      'bilevel/step_length': isLast ? null : report.step,
      ...(problem.d <= shownCoordinates ? { 'bilevel/x': x } : {}),
      'bilevel/moreau': measured?.moreau ?? null,
      'bilevel/goldstein': measured?.goldstein ?? null,
      'bilevel/gradient_norm': report.gradientNorm,
      'bilevel/direction_norm': report.momentumNorm,
      'bilevel/direction_cosine': report.cosine,
      'bilevel/gradient_error': compared?.error ?? null,
      'bilevel/gradient_cosine': compared?.cosine ?? null,
      'bilevel/lower_residual': report.lowerResidual,
      'bilevel/bad_iterates': this.#counts.bad,
      'bilevel/restorations': report.restorations,
      'bilevel/kinks': oracle.kinks,
      'bilevel/fall_backs': report.fallBacks,
      'bilevel/fall_back_reason': codeOf(report.fallBack),
      'bilevel/lower_solves': at.epoch,
      'bilevel/products': report.products,
      'bilevel/seconds': at.seconds,
      'bilevel/measuring_seconds': this.#times.measuring,
      'time/estimate': report.estimate?.seconds ?? null,
    });
    this.#row = null;
  }

  #saved(): SavedState {
    const { bad, retreats } = this.#counts;
    return joinStates({
      solver: this.#parts.solver.save(this.#state),
      job: {
        arrays: { good: this.#good.slice(), counts: Float64Array.of(bad, retreats) },
        values: { times: { ...this.#times } },
      },
    });
  }

  save(activeSeconds: number): Promise<Checkpoint> {
    const { arrays, values } = this.#concluding ?? this.#saved();
    const tensors: Checkpoint['tensors'] = new Map();
    for (const [name, data] of Object.entries(arrays)) tensors.set(name, { dtype: 'F64', shape: [data.length], data });
    tensors.set('x', { dtype: 'F64', shape: [this.#state.x.length], data: this.#state.x.slice() });
    const { step, epoch } = this.position();
    return Promise.resolve({ tensors, state: { step, epoch, activeSeconds, values } as Json });
  }

  conclusion(): string {
    const { F, iteration, lowerSolves, status } = this.#state;
    const end = this.#outOfTime ? 'time limit' : status;
    const { bad } = this.#counts;
    return (
      `${end} after ${iteration} steps, F = ${F.toPrecision(8)}, ${lowerSolves} lower-level solves` +
      (bad > 0 ? `, ${bad} bad iterates` : '')
    );
  }

  dispose(): void {
    // Nothing is held outside of JavaScript's heap.
  }
}

const codeOf = (reason: string | null): number =>
  reason === null ? 0 : fallBackReasons.indexOf(reason as FallBackReason) + 1;

const shown = (x: Float64Array): string =>
  `(${[...x.subarray(0, 6)].map((value) => String(+value.toPrecision(6))).join(', ')}${x.length > 6 ? ', …' : ''})`;

function savedOf({ tensors, state }: Checkpoint): SavedState {
  const { values } = state as unknown as { values: SavedState['values'] };
  const arrays = [...tensors].flatMap(([name, { data }]): [string, Float64Array][] =>
    name !== 'x' && data instanceof Float64Array ? [[name, data]] : [],
  );
  return { arrays: Object.fromEntries(arrays), values };
}
