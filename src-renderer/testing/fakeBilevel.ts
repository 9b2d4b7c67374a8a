import type { BilevelPreview, BilevelPreviewAsk } from '@shared/bilevel';
import { AdjointError, type Problem } from '@shared/errors';
import type { Landscape } from '@shared/landscape';

/** F = max(|s|, |t|) over [−1, 1]²: four active sets, kinks along the diagonals. */
export function pyramid(cells = 24): Landscape {
  const at = (k: number) => -1 + (2 * k) / cells;
  const points = Array.from({ length: (cells + 1) ** 2 }, (_, k) => [
    at(k % (cells + 1)),
    at(Math.floor(k / (cells + 1))),
  ]);
  return {
    ...{ d: 2, dimensions: 2, origin: [0, 0], axes: ['x_{0}', 'x_{1}'], s: [-1, 1], t: [-1, 1] },
    directions: [
      [1, 0],
      [0, 1],
    ],
    ...{ size: [cells + 1, cells + 1], passes: [2, 2] },
    values: points.map(([s, t]) => Math.max(Math.abs(s), Math.abs(t))),
    sets: points.map(([s, t]) => (Math.abs(s) > Math.abs(t) ? (s > 0 ? 0 : 1) : t > 0 ? 2 : 3)),
    ...{ setNames: ['right', 'left', 'top', 'bottom'], reasons: [] },
    kinks: { kink: [[-1, -1, 1, 1], [-1, 1, 1, -1]], jump: [], edge: [] },
    ...{ outside: [], corners: [], start: { s: 0.5, t: 0.25, distance: 0 }, optimum: { s: 0, t: 0, distance: 0, F: 0 } },
    ...{ least: { s: 0, t: 0, F: 0 }, notes: [] },
  };
} // prettier-ignore

const preview: BilevelPreview = {
  ...{ findings: [], name: 'Coupled box', about: 'made up', dims: { d: 2, n: 2, m: 0 }, start: [0.5, 0.25], unboundedX: true },
  ...{ checks: [], problem: null, spectrum: [2, 1], optimum: 0, notes: [], text: null },
  lower: {
    ...{ method: 'box active set', F: 0.5, gradientNorm: 1, y: [1, 0.5], lower: [-1, -1], upper: [1, 1], side: [1, 0] },
    ...{ activeRows: [], weak: [], smallestActiveMultiplier: 0.5, smallestInactiveSlack: 0.5, condition: 2 },
  },
}; // prettier-ignore

/** Bilevel problems of the made-up engine. */
export class FakeBilevel {
  /** Ends the next preview with this. */
  refuse: Problem | null = null;
  readonly handlers: Record<string, (input: never) => unknown> = {
    'bilevel.families': () => [
      {
        ...{ kind: 'coupled', title: 'Coupled box', summary: 'Two levels.', formula: 'f', reference: 'Nobody', presets: [] },
        settings: { type: 'object', properties: { d: { type: 'integer', default: 2, minimum: 1 } } },
      },
    ],
    'bilevel.cases': () => [{ name: 'kink-1', about: 'a kink', dims: { d: 1, n: 1, m: 0 }, optimum: 0.55 }],
    'bilevel.preview': ({ source }: BilevelPreviewAsk) => {
      const { refuse } = this;
      this.refuse = null;
      if (refuse) throw new AdjointError(refuse.code, refuse.what, refuse);
      return { ...preview, text: source.kind === 'text' ? source.text : null };
    },
    'bilevel.landscape': async function* () {
      await Promise.resolve();
      yield { ...pyramid(12), passes: [1, 2] as const };
      yield pyramid(24);
    },
  };
} // prettier-ignore
