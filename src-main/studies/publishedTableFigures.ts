import type { Estimate } from '@shared/studies';
import type { FigureInput } from '@shared/figures/spec';
import { formatShort } from '@shared/format';
import { contestantNames, type ContestantName } from '../bilevel/comparison/contestants';
import { publishedSpeedup } from './publishedTableReading';
import type { Row, Way } from './publishedTableRows';
import type { Findings } from './study';

type Panel = FigureInput['panels'][number];

const interval = '95 % bootstrap over seeds';
const titles: Record<ContestantName, string> = { direct: 'Direct', implicit: 'Implicit', layer: 'Layer' };
const overSsigd = 'Layer, run of SSIGD';
/** A way has one colour in all figures, whichever others are drawn. */
const colours: Record<string, string> = {
  [titles.direct]: '#0072b2',
  [titles.implicit]: '#d55e00',
  [titles.layer]: '#009e73',
  [overSsigd]: '#cc79a7',
};

function line(label: string, points: { x: number; y: Estimate | null }[]): Panel['series'][number] {
  const kept = points.flatMap(({ x, y }) => (y ? [{ x, ...y }] : []));
  return {
    mark: 'line',
    label,
    ...(label in colours ? { colour: colours[label] } : {}),
    x: kept.map(({ x }) => x),
    y: kept.map(({ value }) => value),
    low: kept.map(({ low }) => low),
    high: kept.map(({ high }) => high),
    interval,
  };
}

/** One panel a family and tolerance; a vacuous family says so in its title. */
function panels(rows: readonly Row[], panel: (members: readonly Row[]) => Omit<Panel, 'title'>): Panel[] {
  const place = ({ label, tolerance }: Row) => `${label}, tolerance ${formatShort(tolerance)}`;
  return [...groupsOf(rows, place)].map(([title, members]) => ({ title, ...panel(members) }));
}

function groupsOf(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const found = new Map<string, Row[]>();
  for (const row of rows) found.set(keyOf(row), [...(found.get(keyOf(row)) ?? []), row]);
  return found;
}

const d = { label: 'Entries of x and of y, $d$', scale: 'log' } as const;

const byWay = (members: readonly Row[], of: (way: Way) => Estimate | null) =>
  contestantNames.map((name) =>
    line(
      titles[name],
      members.map((row) => ({ x: row.d, y: of(row.ways[name]) })),
    ),
  );

function figure(title: string, panelsOfIt: Panel[]): FigureInput {
  return {
    ...{ format: 'adjoint-figure', version: 1, title },
    style: {
      width: 178,
      height: 10 + 55 * Math.ceil(panelsOfIt.length / 2),
      columns: panelsOfIt.length > 1 ? 2 : 1,
      legend: 'below',
    },
    panels: panelsOfIt,
  };
}

/** Log-log: seconds, speed-up, error and consistency over d, and the stability ratio over δ. */
export function publishedFigures(rows: readonly Row[]): Findings['figures'] {
  const vacuous = rows.some(({ family }) => family === 'V2')
    ? ' On V2 the lower level ignores x: what its panels compare are solvers, not derivatives.'
    : '';
  return [
    {
      name: 'seconds',
      caption: `Seconds of one hypergradient over the size of the problem, started cold. Bands: 95 % bootstrap over seeds.${vacuous}`,
      figure: figure(
        'Seconds of a hypergradient',
        panels(rows, (members) => ({
          x: d,
          y: { label: 'Seconds', scale: 'log' },
          series: byWay(members, ({ seconds }) => seconds),
        })),
      ),
    },
    {
      name: 'speed-up',
      caption: `Seconds of direct differences over those of the two other ways. The lines across are the published speed-up, 3.5 and 4.${vacuous}`,
      figure: figure(
        'Speed-up over direct differences',
        panels(rows, (members) => ({
          x: d,
          y: { label: 'Speed-up', scale: 'log' },
          series: [
            line(
              titles.implicit,
              members.map((row) => ({ x: row.d, y: row.implicitSpeedup })),
            ),
            line(
              titles.layer,
              members.map((row) => ({ x: row.d, y: row.speedup })),
            ),
            line(
              overSsigd,
              members.map((row) => ({ x: row.d, y: row.ssigdSpeedup })),
            ),
          ],
          annotations: publishedSpeedup.map((at) => ({ kind: 'horizontal' as const, at })),
        })),
      ),
    },
    {
      name: 'error',
      caption: `Largest relative error of an entry of the hypergradient, against the active-set formula in twice the precision.${vacuous}`,
      figure: figure(
        'Error of the hypergradient',
        panels(rows, (members) => ({
          x: d,
          y: { label: 'Relative error', scale: 'log' },
          series: byWay(members, ({ error }) => error),
        })),
      ),
    },
    {
      name: 'consistency',
      caption: `Coefficient of variation of the hypergradient over random starts of the solver.${vacuous}`,
      figure: figure(
        'Variation over solver starts',
        panels(rows, (members) => ({
          x: d,
          y: { label: 'Variation', scale: 'log' },
          series: byWay(members, ({ variation }) => variation),
        })),
      ),
    },
    {
      name: 'stability',
      caption: `‖∇F(x + δ) − ∇F(x)‖/‖δ‖ of direct differences over that of the layer, by the length δ of the move. 1: both move alike.${vacuous}`,
      figure: figure(
        'Stability ratio',
        panels(rows, (members) => ({
          x: { label: 'Length of the move, $\\delta$', scale: 'log' },
          y: { label: 'Direct / layer', scale: 'log' },
          series: members.map((row) =>
            line(
              `d = ${row.d}`,
              row.stability.map(({ delta, ratio }) => ({ x: delta, y: ratio })),
            ),
          ),
          annotations: [{ kind: 'horizontal', at: 1 }],
        })),
      ),
    },
  ];
}
