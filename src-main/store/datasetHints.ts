import type { ArrayFile } from './datasetFile';

// Datasets that others keep in another form: what to do to make one that is read.

/** What probably explains missing arrays, in a sentence; empty where nothing does. */
export function missingHint({ arrays, others }: ArrayFile, missing: readonly string[]): string {
  const names = [...arrays.keys(), ...others.keys()];
  const inFolder = names.find((name) => missing.includes(name.slice(name.lastIndexOf('/') + 1)));
  if (inFolder?.includes('/'))
    return `Save the arrays without "${inFolder.slice(0, inFolder.lastIndexOf('/') + 1)}" before their names.`;
  const perSplit = names.filter((name) => /^(train|valid|val|test)(_?[xy])?$/i.test(name));
  if (perSplit.length > 0 && (missing.includes('X') || missing.includes('Y')))
    return (
      `Here the instances are kept by split (${perSplit.join(', ')}): join them with numpy.concatenate into X and Y, and ` +
      "give their row numbers as splits = {'train': …, 'valid': …, 'test': …}."
    );
  const renamed = missing.flatMap((name) => {
    const other = names.find((candidate) => candidate !== name && candidate.toLowerCase() === name.toLowerCase());
    return other && !['H', 'h'].includes(other) ? [`${other} to ${name}`] : [];
  });
  if (renamed.length > 0) return `Capitals count: rename ${renamed.join(', ')}.`;
  return '';
}
