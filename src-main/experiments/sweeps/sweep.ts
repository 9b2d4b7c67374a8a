import { stringify } from 'yaml';
import type { Finding } from '@shared/errors';
import { flattenSettings, type Setting } from '@shared/settings';
import { descriptive, type ExperimentData } from '../../modelling/experimentKind';
import { checkExperiment, kindOfExperiment } from '../experimentText';
import { explain, type Explained } from '../explain';
import { experimentKind, type Experiment, type KindName } from '../kinds';
import { type Path, pathText, placeOf, readSettingsText, type SettingsText } from '../settingsText';
import { type Combination, combinations, countPoints } from './combinations';
import { flatPoint, pointLabel, pointOf } from './points';
import { type SweepSettings, sweepSettingsSchema } from './sweepSettings';

/** More runs than this are a mistake more often than a plan, and a table of them is no longer read. */
export const mostRuns = 10_000;
/** What is wrong with a sweep is often wrong at every point; nobody reads more lines than this. */
const mostFindings = 50;

/** One run of a sweep, checked, before anything of it exists. */
export interface PlannedRun {
  experiment: Experiment;
  seed: number;
  /** What the sweep sets at this point, flattened. */
  point: Record<string, Setting>;
  repeat: number;
  /** The experiment file of this run alone. */
  source: () => string;
}

export interface SweepPlan {
  name: string;
  kind: KindName;
  /** Every swept path with the different values that it takes, in the order of the file. */
  axes: { path: string; values: Setting[] }[];
  /** Runs of each point. */
  repeats: number;
  /** Every point is run once before any is repeated. */
  runs: PlannedRun[];
  /** Where in the text the file that runs read is named. */
  placeOfData: (data: ExperimentData) => { line?: number; column?: number };
}

export interface ParsedSweep {
  plan: SweepPlan | null;
  findings: Finding[];
}

export const isSweep = (yaml: string): boolean => {
  const text = readSettingsText(yaml);
  return 'value' in text && 'sweep' in text.value;
};

/** Checks an experiment file with a `sweep:` block and works out its runs. Every point is checked; findings name the point. */
export function parseSweep(yaml: string): ParsedSweep {
  const text = readSettingsText(yaml);
  if ('findings' in text) return { plan: null, findings: text.findings };
  const refuse = (path: string, message: string, at: Path, isKey = false): ParsedSweep => ({
    plan: null,
    findings: [{ path, message, ...placeOf(text, at, isKey) }],
  });
  const kind = kindOfExperiment(text);
  if (typeof kind !== 'string') return { plan: null, findings: [kind] };
  if (!experimentKind(kind).repeated) return refuse('kind', `runs of kind “${kind}” are not swept`, ['kind']);
  const { sweep: block, ...base } = text.value;
  if (block === undefined)
    return refuse('sweep', 'this experiment is one run: add a block “sweep” with the axes to vary', []);
  const parsed = sweepSettingsSchema.safeParse(block);
  if (!parsed.success) return { plan: null, findings: blockFindings(text, parsed.error.issues, block) };
  const settings = parsed.data;
  const repeats = settings.seeds?.length ?? settings.repeats ?? 1;
  const { total, factors } = countPoints(settings);
  if (total * repeats > mostRuns) {
    const product = [...factors, repeats].filter((factor) => factor > 1).join(' × ');
    return refuse('sweep', `${product} are ${total * repeats} runs; a sweep has at most ${mostRuns}`, ['sweep'], true);
  }
  return planOf(text, kind, base, settings, repeats);
}

function blockFindings(text: SettingsText, issues: Parameters<typeof explain>[0][], block: unknown): Finding[] {
  const known = { properties: sweepSettingsSchema.shape } as Record<string, unknown>;
  return issues
    .flatMap((issue) => explain(issue, block, known))
    .map(({ at, isKey, ...finding }) => {
      const place = ['sweep', ...at];
      return { path: pathText(place), ...finding, ...placeOf(text, place, isKey) };
    });
}

interface CheckedPoint {
  experiment: Experiment;
  value: Record<string, unknown>;
  point: Record<string, Setting>;
  combination: Combination;
}

function planOf(
  text: SettingsText,
  kind: KindName,
  base: Record<string, unknown>,
  settings: SweepSettings,
  repeats: number,
): ParsedSweep {
  const points = new Map<string, CheckedPoint>();
  const wrong = new WrongPoints(text);
  for (const combination of combinations(settings)) {
    const made = pointOf(kind, base, combination);
    const point = flatPoint(made);
    const { experiment, issues } =
      made.issues.length > 0 ? { experiment: null, issues: made.issues } : checkExperiment(kind, made.value);
    wrong.count(pointLabel(point), combination, issues);
    // Settings that a kind does not have make points that are the same; they are one.
    if (experiment) {
      const identity = experimentIdentity(experiment);
      if (!points.has(identity)) points.set(identity, { experiment, value: made.value, point, combination });
    }
  }
  const findings = wrong.findings();
  if (findings.length > 0) return { plan: null, findings };

  const name = typeof base.name === 'string' && base.name.trim() !== '' ? base.name.trim() : `Sweep of ${kind}`;
  const kindOfRuns = experimentKind(kind);
  const seedOf = ({ experiment }: CheckedPoint, repeat: number) =>
    settings.seeds?.[repeat] ?? kindOfRuns.seed(experiment) + repeat;
  const all = [...points.values()];
  const runs = Array.from({ length: repeats }, (_, repeat) =>
    all.map((checked): PlannedRun => {
      const seed = seedOf(checked, repeat);
      const label = [pointLabel(checked.point), ...(repeats > 1 ? [`seed ${seed}`] : [])].filter(Boolean).join(', ');
      const title = [name, label].filter(Boolean).join(' · ').slice(0, 200);
      return {
        experiment: kindOfRuns.repeated!(checked.experiment, title, seed),
        seed,
        point: checked.point,
        repeat,
        source: () => stringify({ ...checked.value, name: title, seed }),
      };
    }),
  ).flat();
  const paths = [...new Set(all.flatMap(({ point }) => Object.keys(point)))];
  const axes = paths.map((path) => ({
    path,
    values: [...new Set(all.flatMap(({ point }) => (path in point ? [point[path]] : [])))],
  }));
  const placeOfData = ({ at, setting }: ExperimentData) => {
    const chosen = all
      .find(({ experiment }) => kindOfRuns.data(experiment)?.setting === setting)
      ?.combination.find(({ path }) => path === at);
    return placeOf(text, chosen ? ['sweep', ...chosen.at] : at.split('.'));
  };
  return { plan: { name, kind, axes, repeats, runs, placeOfData }, findings: [] };
}

/** Gathers what is wrong with points: once each, with the first point that has it and how many others do. */
class WrongPoints {
  private readonly text: SettingsText;
  private points = 0;
  private readonly found = new Map<string, { finding: Finding; label: string; count: number }>();

  constructor(text: SettingsText) {
    this.text = text;
  }

  count(label: string, combination: Combination, issues: readonly Explained[]): void {
    this.points++;
    for (const { at, isKey, ...finding } of issues) {
      const path = pathText(at);
      const key = `${path}\n${finding.message}`;
      const before = this.found.get(key);
      if (before) before.count++;
      else
        this.found.set(key, { finding: { path, ...finding, ...this.place(at, isKey, combination) }, label, count: 1 });
    }
  }

  /** What a point sets is in the sweep's block; everything else is in the experiment. */
  private place(at: Path, isKey: boolean, combination: Combination) {
    const dotted = at.join('.');
    const source = combination.find(({ path }) => dotted === path || dotted.startsWith(`${path}.`));
    if (!source) return placeOf(this.text, at, isKey);
    if (isKey && dotted === source.path)
      return placeOf(this.text, ['sweep', ...source.at.filter((_, i) => i < (source.at[0] === 'zip' ? 3 : 2))], true);
    return placeOf(this.text, ['sweep', ...source.at, ...at.slice(source.path.split('.').length)], isKey);
  }

  findings(): Finding[] {
    return [...this.found.values()].slice(0, mostFindings).map(({ finding, label, count }) => {
      if (count === this.points || label === '') return finding;
      const others = count === 1 ? '' : ` and ${count - 1} other ${count === 2 ? 'point' : 'points'}`;
      return { ...finding, message: `${finding.message} (at ${label}${others})` };
    });
  }
}

/**
 * What an experiment does, as text: equal for two experiments exactly if they differ in nothing but what they are called.
 * Takes a resolved experiment; the file that it reads counts by its content where the caller gives its checksum.
 */
export function experimentIdentity(experiment: Experiment, dataSha256?: string): string {
  const flat = flattenSettings(experiment);
  const data = experimentKind(experiment.kind).data(experiment);
  if (data && dataSha256 !== undefined) flat[data.at] = dataSha256;
  const paths = Object.keys(flat)
    .filter((path) => path === data?.at || !descriptive.has(path))
    .sort();
  return JSON.stringify(paths.map((path) => [path, flat[path]]));
}
