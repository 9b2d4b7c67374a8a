import { AdjointError } from '@shared/errors';
import { Generator } from '@shared/random/generator';
import type { Json } from '../store/checkpoint';

/**
 * What has to be kept of a state to go on from it bit for bit: arrays become tensors of a checkpoint and `values` its JSON. Numbers are
 * arrays of one entry, since JSON loses NaN, infinities and −0. Names may have parts, as in `oracle/level`.
 */
export interface SavedState {
  arrays: Record<string, Float64Array>;
  values: Record<string, Json>;
}

/** Copies of all entries of a state: numbers, strings, booleans, null, Float64Arrays and generators. */
export function saveState(state: object): SavedState {
  const saved: SavedState = { arrays: {}, values: {} };
  for (const [name, value] of Object.entries(state)) {
    if (typeof value === 'number') saved.arrays[name] = Float64Array.of(value);
    else if (value instanceof Float64Array) saved.arrays[name] = value.slice();
    else if (value instanceof Generator) saved.values[name] = { ...value.state };
    else saved.values[name] = value as Json;
  }
  return saved;
}

/**
 * Gives a fresh state, made from the same problem and settings, the entries of a saved one.
 *
 * @throws AdjointError `corrupt` naming an entry that is missing or has another size
 */
export function restoreState<State extends object>(fresh: State, saved: SavedState): State {
  const entries = fresh as Record<string, unknown>;
  for (const [name, value] of Object.entries(entries)) {
    const length = typeof value === 'number' ? 1 : value instanceof Float64Array ? value.length : null;
    const kept = length === null ? saved.values[name] : saved.arrays[name];
    if (kept === undefined || (length !== null && (kept as Float64Array).length !== length))
      throw new AdjointError('corrupt', `The saved state has no ${name} that fits this problem and algorithm.`, {
        where: name,
        fix: 'Go on with the problem, estimator and algorithm that the state was saved from.',
      });
    if (typeof value === 'number') entries[name] = (kept as Float64Array)[0];
    else if (value instanceof Float64Array) value.set(kept as Float64Array);
    else if (value instanceof Generator) value.state = kept as unknown as Generator['state'];
    else entries[name] = kept;
  }
  return fresh;
}

/** Several saved states as one, with the name of each before its entries. */
export function joinStates(parts: Record<string, SavedState>): SavedState {
  const joined: SavedState = { arrays: {}, values: {} };
  for (const [prefix, { arrays, values }] of Object.entries(parts)) {
    for (const [name, array] of Object.entries(arrays)) joined.arrays[`${prefix}/${name}`] = array;
    for (const [name, value] of Object.entries(values)) joined.values[`${prefix}/${name}`] = value;
  }
  return joined;
}

/** The part of a joined state that was given this name. */
export function partOf({ arrays, values }: SavedState, prefix: string): SavedState {
  const within = <Value>(entries: Record<string, Value>): Record<string, Value> =>
    Object.fromEntries(
      Object.entries(entries).flatMap(([name, value]): [string, Value][] =>
        name.startsWith(`${prefix}/`) ? [[name.slice(prefix.length + 1), value]] : [],
      ),
    );
  return { arrays: within(arrays), values: within(values) };
}
