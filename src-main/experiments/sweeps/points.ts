import { flattenSettings, type Setting } from '@shared/settings';
import { experimentJsonSchema } from '../experimentText';
import { type Explained, keysAt, type Schema, schemaAt } from '../explain';
import type { KindName } from '../kinds';
import type { AxisValue, Combination } from './combinations';

type Group = Record<string, unknown>;

export interface Point {
  /** The experiment of this point as one would write it, before defaults. */
  value: Group;
  /** What was set, in the order of the file. */
  entries: AxisValue[];
  issues: Explained[];
}

const isGroup = (value: unknown): value is Group =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Puts the values of one point into the experiment.
 *
 * Groups go before what is in them and a `kind` before its settings. Where a `kind` is swept, settings of the file that the
 * method of this point does not have are left out, and so are axes of settings that it does not have: `technique.lambda`
 * varies where the technique has a λ. Points that become equal by that are one.
 */
export function pointOf(kind: KindName, base: Group, combination: Combination): Point {
  const root = experimentJsonSchema(kind);
  const value = structuredClone(base);
  const point: Point = { value, entries: [], issues: [] };
  const sweptKinds = new Set<string>();
  const set = new Set<AxisValue>();
  for (const entry of ordered(combination)) {
    const keys = entry.path.split('.');
    const parentPath = keys.slice(0, -1);
    const parent = openGroup(root, value, parentPath);
    if (!parent) {
      const at = groupThatIsNone(value, parentPath);
      const message = `“${at}” is a value in the experiment, not a group of settings: sweep “${at}” as a whole`;
      point.issues.push({ at: keys, isKey: true, message });
      continue;
    }
    const last = keys.at(-1)!;
    if (last === 'kind') {
      parent.kind = entry.value;
      sweptKinds.add(parentPath.join('.'));
      prune(root, value, parentPath, parent);
    } else {
      const inSweptKind = parentPath.some((_, i) => sweptKinds.has(parentPath.slice(0, i + 1).join('.')));
      if (inSweptKind && !keysAt(root, value, parentPath).includes(last)) continue;
      parent[last] = entry.computed ? rounded(root, value, keys, entry.value) : entry.value;
    }
    set.add(entry);
  }
  point.entries = combination.filter((entry) => set.has(entry));
  return point;
}

/** Groups before their settings, kinds first; otherwise as in the file. */
function ordered(combination: Combination): Combination {
  const rank = ({ path }: AxisValue) => path.split('.').length - (path.endsWith('.kind') ? 0.5 : 0);
  return [...combination].sort((a, b) => rank(a) - rank(b));
}

/** The group at a path; where it is not written down it begins as its default, which has the kind. */
function openGroup(root: Schema, value: Group, path: readonly string[]): Group | null {
  let group = value;
  for (let depth = 0; depth < path.length; depth++) {
    const key = path[depth];
    if (group[key] === undefined) {
      const standard = schemaAt(root, value, path.slice(0, depth))?.properties as Record<string, Schema> | undefined;
      group[key] = structuredClone(standard?.[key]?.default ?? {});
    }
    const next = group[key];
    if (!isGroup(next)) return null;
    group = next;
  }
  return group;
}

function groupThatIsNone(value: Group, path: readonly string[]): string {
  let here: unknown = value;
  const depth = path.findIndex((key) => !isGroup((here = isGroup(here) ? here[key] : undefined)));
  return path.slice(0, depth + 1).join('.');
}

/** Drops what a method of this kind does not know. An unknown kind is left as it is: it is a finding. */
function prune(root: Schema, value: Group, path: readonly string[], group: Group): void {
  const known = keysAt(root, value, path);
  if (!known.includes('kind')) return;
  for (const key of Object.keys(group)) if (!known.includes(key)) delete group[key];
}

/** A computed value of a setting that takes whole numbers is rounded. */
function rounded(root: Schema, value: Group, path: readonly string[], computed: unknown): unknown {
  const parent = schemaAt(root, value, path.slice(0, -1));
  const schema = (parent?.properties as Record<string, Schema> | undefined)?.[path.at(-1)!];
  return schema?.type === 'integer' && typeof computed === 'number' ? Math.round(computed) : computed;
}

/** A point as summaries keep it: one value a path. */
export function flatPoint({ entries, value }: Point): Record<string, Setting> {
  const at = (path: string) =>
    path.split('.').reduce<unknown>((here, key) => (isGroup(here) ? here[key] : undefined), value);
  // From the experiment and not from the axis: what was rounded is shown rounded.
  return flattenSettings(Object.fromEntries(entries.map(({ path }) => [path, at(path)])));
}

/** `lambda = 10, hidden = 64, 64`: short, for names and findings. */
export function pointLabel(point: Record<string, Setting>): string {
  return Object.entries(point)
    .map(([path, value]) => `${shortKey(path)} = ${String(value)}`)
    .join(', ');
}

function shortKey(path: string): string {
  const keys = path.split('.');
  const last = keys.at(-1)!;
  return (last === 'kind' || last === 'value') && keys.length > 1 ? keys.at(-2)! : last;
}
