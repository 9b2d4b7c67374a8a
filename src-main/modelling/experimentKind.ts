import type { z } from 'zod';
import type { MethodInfo } from '@shared/contract';
import type { Finding } from '@shared/errors';
import { flattenSettings, type Setting } from '@shared/settings';
import type { ProblemTraits } from './traits';

/** Settings that every experiment has, whatever its kind. */
export interface AnyExperiment {
  kind: string;
  name: string;
  tags: string[];
  notes: string;
}

/** A file that an experiment names. */
export interface ExperimentData {
  /** A dataset by name or path, or a problem file by path. */
  form: 'dataset' | 'problem';
  /** Path of the setting that names it, such as `problem.path`. */
  at: string;
  setting: string;
}

/**
 * A kind of experiment: all that engine, sweeps and command line must know of it. One object each, listed in
 * `experiments/kinds.ts`; what a run of the kind does is its job's business (`jobs/kinds.ts`).
 */
export interface ExperimentKind<Kind extends string, Experiment extends AnyExperiment> {
  kind: Kind;
  /** Fills in every default. */
  schema: z.ZodType<Experiment>;
  /** The kind itself and the methods that its settings choose from, for forms and the reference page. */
  methods(): MethodInfo[];
  /** Paths of settings that differ from their defaults. */
  changed(experiment: Experiment): string[];
  seed(experiment: Experiment): number;
  /** Its settings with another name and seed; null for a kind that is not swept. */
  repeated: ((experiment: Experiment, name: string, seed: number) => Experiment) | null;
  /** The file that it reads besides the experiment; null for none. */
  data(experiment: Experiment): ExperimentData | null;
  /** What of it cannot be used on its dataset's problem, and why; null if all can. Absent where nothing can fail to fit. */
  unfit?(experiment: Experiment, traits: () => ProblemTraits): Finding | null;
  /** Amount of work by flattened settings, comparable between runs with the same `like`; null where nothing tells. */
  work(settings: Readonly<Record<string, Setting>>): { like: string; amount: number } | null;
  /** Names of the entries of a vector metric, as many as it has; null where they have only numbers. */
  entryNames(metric: string, experiment: Experiment): readonly string[] | null;
  /** Metrics that a line of text about a run shows, the most telling first. */
  headline: readonly string[];
}

/** Settings that say what a run is called or where its data lie, not what it does. */
export const descriptive: ReadonlySet<string> = new Set(['kind', 'name', 'dataset', 'tags', 'notes']);

/**
 * Paths of settings that differ from their defaults, such as `optimizer.learningRate`. Settings of a method are compared with the
 * defaults of that method; the choice of another method than the default one is a change of its `kind`.
 *
 * @param needed the settings that have no default
 * @param sections the settings that are methods, each with its `kind`
 */
export function changedFromDefaults<Experiment extends AnyExperiment, Section extends keyof Experiment & string>(
  resolve: (given: object) => Experiment,
  experiment: Experiment,
  needed: object,
  sections: readonly Section[],
): string[] {
  const given = flattenSettings(experiment);
  const plain = flattenSettings(resolve(needed));
  const chosen = Object.fromEntries(sections.map((name) => [name, { kind: kindOf(experiment[name]) }]));
  const standard = resolve({ ...needed, ...chosen });
  // Methods within a method, such as the schedule of λ, are compared with their own defaults as well.
  const sameMethods = flattenSettings(
    resolve({
      ...needed,
      ...Object.fromEntries(
        sections.map((name) => [
          name,
          { ...chosen[name], ...otherKinds(experiment[name] as object, standard[name] as object) },
        ]),
      ),
    }),
  );
  return Object.keys(given).filter((path) => {
    if (descriptive.has(path)) return false;
    const reference = path.endsWith('.kind') && path in plain ? plain : sameMethods;
    return given[path] !== reference[path];
  });
}

/** The kinds alone of those settings that are methods themselves, where they are not the standard ones. */
function otherKinds(settings: object, standard: object): Record<string, { kind: string }> {
  const others: Record<string, { kind: string }> = {};
  for (const [name, value] of Object.entries(settings)) {
    const kind = kindOf(value);
    if (kind !== undefined && kind !== kindOf(standard[name as keyof typeof standard])) others[name] = { kind };
  }
  return others;
}

function kindOf(value: unknown): string | undefined {
  const isMethod = typeof value === 'object' && value !== null && 'kind' in value;
  return isMethod ? (value as { kind: string }).kind : undefined;
}
