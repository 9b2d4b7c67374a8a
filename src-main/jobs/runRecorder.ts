import type { Clock } from '@shared/run';
import { MetricWriter } from '../store/metricWriter';
import type { MetricColumn, MetricTable, MetricValue } from '../store/metricWriter';
import type { RunDirectory } from '../store/runDirectory';
import type { ActiveClock } from '@shared/activeClock';
import { catalogueColumns } from './columns';
import type { Job } from './job';
import { SystemMeter } from './systemMeter';

/** How often rows are written while a window watches, and how often they are made safe in any case. */
const watchedFlushMs = 66;
const syncMs = 1000;

type Position = Job['position'];

/** Puts rows into the metric log and sees to it that no acknowledgement is more than a second behind. */
export class RunRecorder {
  readonly writer: MetricWriter;
  readonly #run: RunDirectory;
  readonly #attempt: number;
  readonly #clock: ActiveClock;
  readonly #position: Position;
  readonly #tables = new Map<Clock, MetricTable>();
  readonly #system: SystemMeter;
  #watched = false;
  #lastFlush = performance.now();
  #lastSync = performance.now();

  constructor(
    run: RunDirectory,
    attempt: number,
    columns: Partial<Record<Clock, readonly MetricColumn[]>>,
    clock: ActiveClock,
    position: Position,
  ) {
    this.#run = run;
    this.#attempt = attempt;
    this.#clock = clock;
    this.#position = position;
    this.writer = MetricWriter.open(run, attempt);
    const all = { ...columns, system: catalogueColumns('system') };
    for (const [name, list] of Object.entries(all) as [Clock, readonly MetricColumn[]][])
      this.#tables.set(name, this.writer.table(name, list));
    this.#system = new SystemMeter(clock.seconds, position().step);
  }

  readonly record = (clock: Clock, values: Readonly<Record<string, MetricValue>>): void => {
    const { step, epoch, seconds } = this.#position();
    const active = this.#clock.seconds;
    const activeSeconds = clock === 'system' ? active : (seconds ?? active);
    this.#tables.get(clock)!.append({ step, epoch, activeSeconds, wallTime: Date.now() / 1000 }, values);
  };

  /** Writes and syncs what is due. Cheap when nothing is. Returns whether a second has passed. */
  tick(): boolean {
    const now = performance.now();
    const second = now - this.#lastSync >= syncMs;
    if (second) {
      this.record('system', this.#system.measure(this.#clock.seconds, this.#position().step));
      this.#watched = this.#run.interested(this.#attempt);
      this.writer.sync();
      this.#lastSync = this.#lastFlush = now;
    } else if (this.#watched && now - this.#lastFlush >= watchedFlushMs) {
      this.writer.flush();
      this.#lastFlush = now;
    }
    return second;
  }
}
