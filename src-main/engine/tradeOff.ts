import type { TradeOffMoment, TradeOffPoint } from '@shared/comparisons';
import { AdjointError } from '@shared/errors';
import { metricDefinition, type MetricDefinition } from '@shared/metrics/catalogue';
import { readClock } from '../store/metricReader';
import type { RunDirectory } from '../store/runDirectory';

/**
 * Two metrics of a run at one moment: its last row, or the row that is best in one of them. Only rows count at which both are
 * finite; of the full data.
 * @throws AdjointError `bad-request` for metrics of different clocks
 */
export function tradeOffPoint(run: RunDirectory, x: string, y: string, at: TradeOffMoment): TradeOffPoint {
  const { clock } = metricDefinition(x);
  if (metricDefinition(y).clock !== clock)
    throw new AdjointError('bad-request', 'These two metrics are recorded at different times.', {
      where: `${x}, ${y}`,
      fix: 'Choose two metrics of the same clock.',
    });
  const table = readClock(run, clock, [x, y]);
  const [ofX, ofY] = [table.columns.get(x), table.columns.get(y)];
  const point: TradeOffPoint = { id: run.id, x: null, y: null, epoch: null };
  if (!ofX || !ofY) return point;
  const cost = at === 'last' ? null : costOf(metricDefinition(at === 'bestX' ? x : y));
  const judged = at === 'bestX' ? ofX : ofY;
  let least = Infinity;
  for (let row = 0; row < table.rows; row++) {
    const both = ofX.valid[row] === 1 && ofY.valid[row] === 1;
    if (!both || !Number.isFinite(ofX.values[row]) || !Number.isFinite(ofY.values[row])) continue;
    if (cost) {
      const here = cost(judged.values[row]);
      // Of equally good rows the first: it took least work.
      if (here >= least) continue;
      least = here;
    }
    point.x = ofX.values[row];
    point.y = ofY.values[row];
    point.epoch = table.index.epoch[row];
  }
  return point;
}

/** What a metric's best value is the least of. */
function costOf({ better }: MetricDefinition): (value: number) => number {
  if (better === 'higher') return (value) => -value;
  if (better === 'zero') return Math.abs;
  return (value) => value;
}
