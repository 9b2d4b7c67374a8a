import { existsSync } from 'node:fs';
import { AdjointError } from '@shared/errors';
import { readBundle, writeBundle } from '../store/bundle';
import { openWorkspace } from '../store/workspace';
import { printJson, printLine, say, type CommonOptions } from './context';
import { findRuns, withRuns } from './findRuns';

export function exportBundle(texts: readonly string[], out: string, options: CommonOptions): void {
  if (existsSync(out))
    throw new AdjointError('conflict', 'The file exists already.', { where: out, fix: 'Choose another name.' });
  const ids = withRuns(options.workspace, (workspace, index) => {
    const runs = findRuns(index, texts);
    writeBundle(
      out,
      runs.map(({ id }) => workspace.run(id)),
    );
    return runs.map(({ id }) => id);
  });
  if (options.json) printJson({ file: out, runs: ids });
  else say(`${ids.length} ${ids.length === 1 ? 'run' : 'runs'} to ${out}`);
}

export function importBundle(file: string, options: CommonOptions): void {
  for (const imported of readBundle(file, openWorkspace(options.workspace, { create: true })))
    if (options.json) printJson(imported);
    else printLine(`${imported.id}: ${imported.what}`);
}
