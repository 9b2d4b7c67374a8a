import { Command } from 'commander';
import { AdjointError } from '@shared/errors';
import { isFinalState } from '@shared/run';
import { attemptEach } from '../engine/attempts';
import type { Workspace } from '../store/workspace';
import { action, withCommonOptions, type CommonOptions } from './context';
import { findRuns, findTrashed, withRuns } from './findRuns';
import { reportAttempts } from './reportAttempts';

interface Deed {
  name: string;
  description: string;
  /** In the sentence that says what was done. */
  done: string;
  /** Looks for its runs in the trash. */
  trashed: boolean;
  act: (workspace: Workspace, id: string) => void;
}

const deeds: readonly Deed[] = [
  {
    name: 'trash',
    description: 'Moves runs to the trash. Nothing is deleted.',
    done: 'moved to the trash',
    trashed: false,
    act: (workspace, id) => workspace.trash(id),
  },
  {
    name: 'restore',
    description: 'Brings runs back from the trash.',
    done: 'restored',
    trashed: true,
    act: (workspace, id) => workspace.restore(id),
  },
  {
    name: 'purge',
    description: 'Deletes runs that are in the trash for good.',
    done: 'deleted',
    trashed: true,
    act: (workspace, id) => workspace.purge(id),
  },
];

/** `runs trash`, `restore` and `purge`: each run by itself, so that one that refuses does not stop the others. */
export const trashCommands = (): Command[] =>
  deeds.map((deed) =>
    withCommonOptions(new Command(deed.name).description(deed.description))
      .argument('<run...>', 'ids, beginnings of ids or names')
      .action(action((texts: string[], options: CommonOptions) => perform(deed, texts, options))),
  );

function perform(deed: Deed, texts: readonly string[], options: CommonOptions): void {
  const attempts = withRuns(options.workspace, (workspace, index) => {
    // All are found before any is touched: a name that fits nothing changes nothing.
    const runs = deed.trashed ? findTrashed(index, texts) : findRuns(index, texts);
    return attemptEach(
      runs,
      ({ id, state }) => {
        if (!deed.trashed && !isFinalState(state))
          throw new AdjointError('conflict', 'The run is waiting or still going on.', {
            where: id,
            fix: 'Cancel it first, then move it to the trash.',
          });
        deed.act(workspace, id);
        return id;
      },
      ({ id }) => id,
    );
  });
  reportAttempts(attempts, { key: 'id', deed: deed.done }, options);
}
