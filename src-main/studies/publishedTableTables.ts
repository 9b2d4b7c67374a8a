import type { Estimate, StudyTable } from '@shared/studies';
import { formatShort } from '@shared/format';
import type { Row } from './publishedTableRows';

const rates = (count: number, of: number): string => (of === 0 ? '–' : `${of - count}/${of}`);

const places = ({ label, tolerance, d }: Row) => ({ family: label, tolerance: formatShort(tolerance), d });
const megabytes = (bytes: Estimate | null): number | null => bytes && Number((bytes.value / 1e6).toPrecision(3));

const placeColumns = [
  { key: 'family', title: 'Problem' },
  { key: 'tolerance', title: 'Tolerance' },
  { key: 'd', title: 'd' },
];
const over =
  'Medians over points, then geometric means over problems (seeds) with 95 % percentile bootstrap intervals. “Vacuous”: dy*/dx = 0, so that only solvers are compared.';

/** Time, accuracy and robustness, stability and consistency. */
export function publishedTables(rows: readonly Row[]): StudyTable[] {
  return [
    {
      name: 'time',
      title: 'Seconds',
      caption: `Of one hypergradient, started cold, and of a run of SSIGD, in which the layer starts warm. Measured: the share of the coordinates that the baseline differences; below 1 its seconds are scaled to all. ${over}`,
      columns: [
        ...placeColumns,
        { key: 'direct', title: 'Direct, s' },
        { key: 'implicit', title: 'Implicit, s' },
        { key: 'layer', title: 'Layer, s' },
        { key: 'implicitSpeedup', title: 'Direct / implicit' },
        { key: 'speedup', title: 'Direct / layer' },
        { key: 'ssigdDirect', title: 'SSIGD direct, s' },
        { key: 'ssigdLayer', title: 'SSIGD layer, s' },
        { key: 'ssigdSpeedup', title: 'SSIGD direct / layer' },
        { key: 'share', title: 'Measured' },
      ],
      rows: rows.map((row) => ({
        ...places(row),
        ...{ direct: row.ways.direct.seconds, implicit: row.ways.implicit.seconds, layer: row.ways.layer.seconds },
        ...{ implicitSpeedup: row.implicitSpeedup, speedup: row.speedup, ssigdSpeedup: row.ssigdSpeedup },
        ...{ ssigdDirect: row.ways.direct.ssigdSeconds, ssigdLayer: row.ways.layer.ssigdSeconds },
        share: Number(row.share.toPrecision(2)),
      })),
    },
    {
      name: 'accuracy',
      title: 'Accuracy and robustness',
      caption: `Relative errors against the accurate hypergradient: largest and mean entry, and the worst of all points. Answered: calls with an answer. Kinks said: points at a kink where the layer says that there is no gradient (a run then falls back to differences); the other ways never say so. ${over}`,
      columns: [
        ...placeColumns,
        { key: 'direct', title: 'Direct, largest' },
        { key: 'directMean', title: 'Direct, mean' },
        { key: 'directWorst', title: 'Direct, worst' },
        { key: 'implicit', title: 'Implicit, largest' },
        { key: 'implicitWorst', title: 'Implicit, worst' },
        { key: 'layer', title: 'Layer, largest' },
        { key: 'layerWorst', title: 'Layer, worst' },
        { key: 'directAnswered', title: 'Direct answered' },
        { key: 'layerAnswered', title: 'Layer answered' },
        { key: 'fellBack', title: 'Layer fell back' },
        { key: 'kinks', title: 'Kinks said' },
      ],
      rows: rows.map(({ ways: { direct, implicit, layer }, kinks, ...row }) => ({
        ...places(row as Row),
        ...{ direct: direct.error, directMean: direct.errorMean, directWorst: direct.worst },
        ...{ implicit: implicit.error, implicitWorst: implicit.worst, layer: layer.error, layerWorst: layer.worst },
        ...{ directAnswered: rates(direct.failed, direct.calls), layerAnswered: rates(layer.failed, layer.calls) },
        fellBack: layer.calls > 0 ? `${layer.refused}/${layer.calls}` : '–',
        kinks: kinks.asked > 0 ? `${kinks.said}/${kinks.asked}` : '–',
      })),
    },
    {
      name: 'stability',
      title: 'Stability, consistency and memory',
      caption: `Stability ratio: ‖∇F(x + δ) − ∇F(x)‖/‖δ‖ of direct over that of the layer, at the smallest and the largest δ. Variation: coefficient of variation over solver starts. Memory: what a way holds besides the problem. End of SSIGD: relative difference of F between direct and layer. ${over}`,
      columns: [
        ...placeColumns,
        { key: 'smallest', title: 'Ratio, least δ' },
        { key: 'largest', title: 'Ratio, largest δ' },
        { key: 'directVariation', title: 'Variation, direct' },
        { key: 'layerVariation', title: 'Variation, layer' },
        { key: 'end', title: 'End of SSIGD' },
        { key: 'directBytes', title: 'Memory direct, MB' },
        { key: 'layerBytes', title: 'Memory layer, MB' },
      ],
      rows: rows.map((row) => ({
        ...places(row),
        ...{ smallest: row.stability[0]?.ratio ?? null, largest: row.stability.at(-1)?.ratio ?? null },
        ...{ directVariation: row.ways.direct.variation, layerVariation: row.ways.layer.variation },
        ...{
          end: row.endDifference,
          directBytes: megabytes(row.ways.direct.bytes),
          layerBytes: megabytes(row.ways.layer.bytes),
        },
      })),
    },
  ];
}
