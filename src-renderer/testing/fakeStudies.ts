import { parseFigure } from '@shared/figures/spec';
import type { StudyInfo, StudyResult } from '@shared/studies';
import type { SweepPreview } from '@shared/sweeps';

/** Studies of the made-up engine: one with a result, one whose runs do not exist yet. */
export class FakeStudies {
  readonly infos: StudyInfo[] = [
    {
      name: 'lambda-trade-off',
      title: 'λ against the trade-off of gap and violation',
      question: 'How does the penalty weight λ trade the objective for feasibility?',
      method: 'Trains the same network for every λ and seed.',
      settings: {
        type: 'object',
        properties: { seeds: { type: 'integer', minimum: 1, default: 3, description: 'Runs of each setting.' } },
      },
    },
    {
      name: 'annealing',
      title: 'Annealed against constant λ',
      question: 'Is it better to let λ grow?',
      method: 'Trains with schedules.',
      settings: { type: 'object', properties: {} },
    },
  ];
  private started = false;

  readonly handlers: Record<string, (input: { name?: string }) => unknown> = {
    'studies.list': () => this.infos,
    'studies.preview': ({ name }): { sweeps: SweepPreview[] } => ({ sweeps: [this.preview(name ?? '')] }),
    'studies.start': () => {
      this.started = true;
      return { sweeps: [{ id: 'trade-off-1', created: [], resumed: [], kept: [], refused: [] }] };
    },
    'studies.result': ({ name }): StudyResult => this.result(name ?? ''),
  };

  private preview(name: string): SweepPreview {
    const made = name === 'lambda-trade-off' ? 12 : 0;
    const created = this.started ? 0 : 15 - made;
    return {
      findings: [],
      plan: {
        ...{ id: `${name}-1`, name, axes: [], points: 5, repeats: 3, runs: 15 },
        ...{ kept: 15 - created, resumed: 0, created, secondsLeft: 240 },
      },
    };
  }

  private result(name: string): StudyResult {
    const created = '2026-11-24T12:00:00.000Z';
    const provenance = { adjoint: '0.0.0', commit: null, created, runs: [], datasets: [], notes: [] };
    const base = { study: name, settings: {}, createdAt: created, experiments: ['name: fake\n'], provenance };
    if (name !== 'lambda-trade-off')
      return { ...base, runs: [], missing: 15, reading: [], warnings: [], tables: [], figures: [] };
    const estimate = (value: number) => ({ value, low: value * 0.9, high: value * 1.1 });
    return {
      ...base,
      runs: Array.from({ length: 12 }, (_, i) => `run-${i}`),
      missing: 3,
      reading: [{ text: 'Every tenfold λ divides the violation by about 8.', basis: 'Exponent −0.90 [−1.0, −0.82].' }],
      warnings: ['3 of 15 runs are not finished: what is read off the others may change.'],
      tables: [
        {
          ...{ name: 'lambda', title: 'Final values by λ', caption: 'Means over seeds.' },
          columns: [
            { key: 'lambda', title: 'λ' },
            { key: 'gap', title: 'Gap' },
            { key: 'front', title: 'Front' },
          ],
          rows: [
            { lambda: 1, gap: estimate(0.012), front: 'yes' },
            { lambda: 100, gap: { value: 0.2, low: null, high: null }, front: 'no' },
          ],
        },
      ],
      figures: [
        {
          name: 'trade-off',
          caption: 'Each point is a λ.',
          figure: parseFigure({
            format: 'adjoint-figure',
            version: 1,
            title: 'Gap against violation',
            panels: [{ series: [{ mark: 'points', label: 'Runs', x: [1, 2], y: [2, 1] }] }],
          }),
        },
      ],
    };
  }
}
