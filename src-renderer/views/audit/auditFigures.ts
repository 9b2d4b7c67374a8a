import { data } from '@shared/figures/datum';
import type { LayerPath } from '@shared/layerAudit';
import type { FigurePanels } from '../../components/figures/figureExport';

/** The picture of one inner solve as panels of a figure: the objective in the plane with the iterates, and what falls on the way. */
export function pathPanels({ iterates, s, t, size, objective }: LayerPath): FigurePanels {
  const along = ([low, high]: [number, number]) =>
    Array.from({ length: size }, (_, i) => low + ((high - low) * i) / (size - 1));
  const quantities = [
    { key: 'objective', label: '½‖r‖²' },
    { key: 'gradient', label: '‖Jᵀr‖∞' },
    { key: 'violation', label: 'Violation' },
  ] as const;
  return [
    {
      title: 'Inner iterates',
      x: { label: 'towards the network’s output' },
      y: { label: 'where the iterates turn aside' },
      series: [
        { mark: 'heat', label: 'log₁₀ ½‖r‖²', x: along(s), y: along(t), z: data(objective) },
        {
          mark: 'line',
          label: 'Iterates',
          x: iterates.map((iterate) => iterate.s),
          y: iterates.map((iterate) => iterate.t),
        },
      ],
    },
    {
      title: 'Inner solve',
      x: { label: 'Inner iteration' },
      y: { label: 'At the iterate', scale: 'log' },
      series: quantities.map(({ key, label }) => ({
        mark: 'line',
        label,
        x: iterates.map((_, k) => k),
        y: data(iterates.map((iterate) => iterate[key])),
      })),
    },
  ];
}
