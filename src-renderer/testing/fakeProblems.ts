import type { Applicability } from '@shared/applicability';
import type { DatasetInfo, GenerateDataset } from '@shared/datasets';
import type { TrashedDataset } from '@shared/datasetTrash';
import { AdjointError, type Problem } from '@shared/errors';
import type { OpenProblem, OwnProblem } from '@shared/ownProblem';
import type {
  FamilyInfo,
  FamilyPreview,
  InstanceView,
  PreviewDataset,
  PreviewFamily,
  ProblemView,
  Slice,
} from '@shared/problems';

const integer = (value: number, description: string) => ({
  type: 'integer',
  default: value,
  exclusiveMinimum: 0,
  maximum: 100_000_000,
  description,
});

const families: FamilyInfo[] = [
  {
    kind: 'qcqp',
    title: 'QCQP',
    summary: 'A convex quadratic objective with convex quadratic rows.',
    formula: '\\min_y \\tfrac12 y^\\top Q y \\quad\\text{s.t.}\\quad A y = x',
    reference: 'After Donti, Rolnick & Kolter, DC3, ICLR 2021.',
    settings: {
      type: 'object',
      properties: {
        n: integer(100, 'Variables.'),
        m: integer(50, 'Inequality rows.'),
        e: integer(50, 'Equality rows; at most n.'),
        instances: integer(5000, 'Instances N.'),
        hessians: { type: 'string', enum: ['diagonal', 'dense'], default: 'diagonal', description: 'Of the rows.' },
      },
    },
    presets: [
      { name: 'n50', title: 'n = 50, m = 20, e = 20, N = 2000', settings: { n: 50, m: 20, e: 20, instances: 2000 } },
      { name: 'n100', title: 'n = 100, m = 50, e = 50, N = 5000', settings: { n: 100, m: 50, e: 50, instances: 5000 } },
    ],
  },
  {
    kind: 'matrix',
    title: 'From your matrices',
    summary: 'Your own convex problem.',
    formula: '\\min_y \\tfrac12 y^\\top Q y \\quad\\text{s.t.}\\quad A y = b',
    reference: '',
    settings: {
      type: 'object',
      properties: {
        file: { type: 'string', description: 'A file.' },
        vary: { type: 'string', enum: ['b', 'h'], default: 'b', description: 'What varies.' },
        instances: integer(1000, 'Instances N.'),
      },
      required: ['file'],
    },
    presets: [],
  },
];

/** A made-up instance: every third row is active. */
function instanceView(instance: number, m: number, labelled: boolean): InstanceView {
  const slacks = Array.from({ length: m }, (_, i) => (i % 3 === instance % 3 ? 0 : 0.1 * (1 + i)));
  const activeRows = slacks.flatMap((slack, i) => (slack === 0 ? [i] : []));
  const others = slacks.filter((slack) => slack > 0);
  return {
    instance, status: 'optimal', objective: -10 - instance, violation: 1e-15, gap: 1e-15, iterations: 8, milliseconds: 2, slacks,
    multipliers: slacks.map((slack, i) => (slack === 0 ? 0.1 + i / 100 : 0)), activeRows, atLower: [], atUpper: [], largestMultiplier: 0.4,
    smallestActiveMultiplier: 0.1, smallestInactiveSlack: others.length > 0 ? Math.min(...others) : null,
    label: labelled ? { gap: 2e-12, violation: 1e-13, distance: 1e-9 } : null,
  };
} // prettier-ignore

/** Minimise −s over the unit disc around (−1, 0), cut at t ≤ ½: the optimum is the origin, where only row 0, the disc, is active. */
export function discSlice(size = 61, instance = 0): Slice {
  const rows: Slice['rows'] = [
    { kind: 'inequality', index: 0, active: true, coefficients: [0, 2, 0, 1, 0, 1] },
    { kind: 'inequality', index: 1, active: false, coefficients: [-0.5, 0, 1, 0, 0, 0] },
  ];
  const [s, t]: [number, number][] = [[-2.5, 0.5], [-1.5, 1.5]];
  const slice: Slice = {
    instance, plane: 'interior', axes: ['towards A⁺x', 'random direction 1'], directions: [[], []], size, s, t, objective: [], violation: [], binding: [],
    objectiveCoefficients: [0, -1, 0, 0, 0, 0], rows, leastNorm: [-1, 0],
  };
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      const a = s[0] + ((s[1] - s[0]) * j) / (size - 1);
      const b = t[0] + ((t[1] - t[0]) * i) / (size - 1);
      const values = [a * a + b * b + 2 * a, b - 0.5];
      slice.objective.push(-a);
      slice.violation.push(Math.max(...values));
      slice.binding.push(values[0] >= values[1] ? 0 : 1);
    }
  return slice;
} // prettier-ignore

const dataset = (name: string, change: Partial<DatasetInfo> = {}): DatasetInfo => ({
  name,
  path: `/home/researcher/adjoint/datasets/${name}.npz`,
  bytes: 60_500,
  modifiedAt: '2026-11-23T03:00:00.000Z',
  builtIn: false,
  family: 'qcqp',
  dims: { n: 20, m: 10, e: 10, N: 200 },
  arrays: [{ name: 'Q', dtype: 'float64', shape: [20, 20] }],
  splits: { train: 166, valid: 17, test: 17 },
  provenance: null,
  labels: { checked: 200, violation: 1.3e-15, instance: 4, gap: null },
  problem: null,
  ...change,
});

const provenance: NonNullable<DatasetInfo['provenance']> = {
  format: 'adjoint-dataset/1', family: 'qcqp', settings: { n: 20, m: 10, e: 10, instances: 200, seed: 7 }, seed: 7, generator: 1,
  code: { version: '0.1.0', commit: '315924ab0c' }, createdAt: '2026-11-23T03:00:00.000Z', run: 'run-0001', seconds: 2.1, threads: 2,
  labels: { worstViolation: 1e-13, worstGap: 2e-12, statuses: { optimal: 200 }, leftOut: [] }, sha256: '0123456789abcdef'.repeat(4), intact: true,
}; // prettier-ignore

/** Families, previews and datasets of the made-up engine. */
export class FakeProblems {
  readonly datasets = new Map<string, DatasetInfo>(
    [
      dataset('qcqp-n20', { builtIn: true }),
      dataset('own', { provenance }),
      dataset('torn', { problem: { code: 'invalid-dataset', what: 'The array X is missing.', fix: 'Add X [N, e].' } }),
    ].map((info) => [info.name, info]),
  );
  readonly trashed: TrashedDataset[] = [];
  /** Ends what is asked next with this. */
  refuse: Problem | null = null;
  readonly handlers: Record<string, (input: never) => unknown>;

  constructor(generate: (request: GenerateDataset) => string) {
    const refused = () => {
      const { refuse } = this;
      this.refuse = null;
      if (refuse) throw new AdjointError(refuse.code, refuse.what, refuse);
    };
    this.handlers = {
      'techniques.applicability': ({ dataset }: { dataset: string }) => applicability(dataset),
      'problems.families': () => families,
      'problems.preview': (input: PreviewFamily) => preview(input),
      'problems.open': (source: OpenProblem): OwnProblem => {
        refused();
        return { file: 'ab'.repeat(32), name: source.kind === 'path' ? 'From a path' : 'Pasted', about: '', dims: { n: 2, e: 1, m: 1 }, samples: { b: 0, h: 0 } };
      }, // prettier-ignore
      'datasets.list': () => [...this.datasets.values()],
      'datasets.show': ({ name }: { name: string }) => this.datasets.get(name),
      'datasets.preview': (input: PreviewDataset) => problemView(input.instances, input.sliceOf, 10, true),
      'datasets.generate': (request: GenerateDataset) => {
        refused();
        return { ids: [generate(request)] };
      },
      'datasets.import': ({ path, name }: { path: string; name?: string }) => {
        refused();
        const made =
          name ??
          path
            .split('/')
            .at(-1)
            ?.replace(/\.\w+$/, '') ??
          path;
        this.datasets.set(made, dataset(made));
        return { name: made };
      },
      'datasets.trash': ({ name }: { name: string }) => {
        refused();
        this.datasets.delete(name);
        const file = `${name}-20261123T030000.npz`;
        const path = `datasets/trash/${file}`;
        this.trashed.unshift({ file, name, path, bytes: 60_500, trashedAt: '2026-11-23T03:00:00.000Z' });
        return { path };
      },
      'datasets.trashed': () => [...this.trashed],
      'datasets.restore': ({ file, name }: { file: string; name?: string }) => {
        refused();
        const [{ name: called }] = this.trashed.splice(
          this.trashed.findIndex((one) => one.file === file),
          1,
        );
        this.datasets.set(name ?? called, dataset(name ?? called));
        return { name: name ?? called, path: 'datasets' };
      },
      'datasets.purge': ({ files }: { files: string[] }) => {
        for (const file of files)
          this.trashed.splice(
            this.trashed.findIndex((one) => one.file === file),
            1,
          );
        return { refused: [] };
      },
    };
  }

  add(name: string): void {
    this.datasets.set(name, dataset(name, { provenance }));
  }
}

/** Affine rows suit HardNet-Aff, curved ones do not; the dataset `qcqp-n20` has curved ones. */
function applicability(name: string): Applicability {
  const curved = name === 'qcqp-n20';
  const refusal = curved ? 'it has 10 quadratic rows, and its closed form is for affine ones.' : null;
  return {
    traits: { n: 20, e: 10, m: 10, curvedRows: curved ? 10 : 0, convexRows: true, boundedVariables: 0, equalityRank: 10, rank: 20 },
    techniques: [
      { kind: 'softPenalty', title: 'Soft penalty', summary: 'Adds λ‖r‖² to the objective.', refusal: null },
      { kind: 'hardNetAff', title: 'HardNet-Aff', summary: 'Closed-form correction.', refusal },
    ],
  };
} // prettier-ignore

function problemView(
  instances: readonly number[],
  sliceOf: number | undefined,
  m: number,
  labelled: boolean,
): ProblemView {
  return {
    dims: { n: 20, m, e: 10, N: 200 },
    quadraticRows: true,
    bounds: false,
    spectrum: [4, 2, 1, 0.5, 0],
    instances: instances.map((i) => instanceView(i, m, labelled)),
    slice: discSlice(61, sliceOf ?? instances[0]),
    notes: [],
  };
}

function preview({ settings, instances, sliceOf }: PreviewFamily): FamilyPreview {
  const filled = { n: 100, m: 50, e: 50, instances: 5000, hessians: 'diagonal', ...settings };
  const nothing = { memoryAvailable: 8e9, threads: 2, notes: [] };
  if (filled.e > filled.n)
    return { ...nothing, findings: [{ path: 'e', message: 'choose e ≤ n' }], settings: filled, bytes: 0, memory: 0, seconds: null, view: null, fits: null };
  const view = problemView(Array.from({ length: instances }, (_, i) => i), sliceOf, Math.min(filled.m, 12), false);
  return { ...nothing, findings: [], settings: filled, bytes: 10_240_400, memory: 20_900_000, seconds: 6.9, view, fits: applicability('qcqp-n20') };
} // prettier-ignore
